/** One ingest by an ORM, as its users write it: node metrics-orm.mjs ORM FILE COUNT CHUNK; prints samples a second. */
import Database from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { DataSource, EntitySchema } from 'typeorm'
import { dataSet } from '../metrics/data.ts'

const [orm, file, count, chunkSize] = process.argv.slice(2)

const columns = `create table samples (
  id integer primary key, name text not null, labels text not null, ts integer not null, value real not null)`
const index = 'create index samples_by_name on samples (name, ts)'

async function inDrizzle() {
  const database = new Database(file)
  for (const sql of ['pragma journal_mode = wal', columns, index]) database.exec(sql)
  const samples = sqliteTable('samples', {
    id: integer().primaryKey(),
    name: text().notNull(),
    labels: text({ mode: 'json' }).notNull(),
    ts: integer().notNull(),
    value: real().notNull(),
  })
  const db = drizzle({ client: database })
  return (rows) => db.insert(samples).values(rows).run()
}

async function inTypeorm() {
  const Samples = new EntitySchema({
    name: 'samples',
    columns: {
      id: { type: 'integer', primary: true, generated: true },
      name: { type: 'text' },
      labels: { type: 'simple-json' },
      ts: { type: 'integer' },
      value: { type: 'real' },
    },
    indices: [{ columns: ['name', 'ts'] }],
  })
  const source = new DataSource({
    type: 'better-sqlite3',
    database: file,
    entities: [Samples],
    synchronize: true,
    enableWAL: true,
  })
  await source.initialize()
  const repository = source.getRepository(Samples)
  return (rows) => repository.insert(rows)
}

const insert = await { drizzle: inDrizzle, typeorm: inTypeorm }[orm]()
const startMs = performance.now()
let chunk = []
for (const { name, labels, timestampMs, value } of dataSet('A', Number(count))) {
  chunk.push({ name, labels, ts: timestampMs, value })
  if (chunk.length < Number(chunkSize)) continue
  await insert(chunk)
  chunk = []
}
if (chunk.length > 0) await insert(chunk)
console.log(Number(count) / ((performance.now() - startMs) / 1_000))
