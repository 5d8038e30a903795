/** A row for each sample in PostgreSQL, and what the tables take on its disk. */
import { Client } from 'pg'
import type { PostgresServer } from '../../test/store/postgres-server.ts'
import { dataSet } from './data.ts'

const million = 1_000_000
const chunk = 10_000

const schema = `
  create schema rows;
  create table rows.samples (
    ts bigint not null, series_id integer not null, value double precision not null, primary key (ts, series_id)
  )`
const sizes = `
  select pg_total_relation_size('rows.samples') as rows, pg_total_relation_size('plimsoll.metric_blocks') as blocks`

export type PostgresRows = {
  readonly streamMs: number
  readonly rowBytes: number
  readonly blockBytes: number
}

export async function postgresRows(server: PostgresServer, database: string): Promise<PostgresRows> {
  const client = new Client({ connectionString: server.url(database) })
  await client.connect()
  try {
    await client.query(schema)
    await fill(client)
    await client.query('vacuum full plimsoll.metric_blocks')
    await stream(client)
    const startMs = performance.now()
    const count = await stream(client)
    const streamMs = performance.now() - startMs
    if (count !== million) throw new Error(`${count} rows were read`)
    const { rows } = await client.query(sizes)
    return { streamMs, rowBytes: Number(rows[0].rows), blockBytes: Number(rows[0].blocks) }
  } finally {
    await client.end()
  }
}

async function fill(client: Client): Promise<void> {
  const ids = new Map<string, number>()
  let columns: [number[], number[], number[]] = [[], [], []]
  const send = async (): Promise<void> => {
    await client.query(
      'insert into rows.samples select * from unnest($1::bigint[], $2::integer[], $3::float8[])',
      columns,
    )
    columns = [[], [], []]
  }
  for (const { labels, timestampMs, value } of dataSet('B', million)) {
    const key = JSON.stringify(labels)
    const id = ids.get(key) ?? ids.size
    ids.set(key, id)
    columns[0].push(timestampMs)
    columns[1].push(id)
    columns[2].push(Number(value))
    if (columns[0].length === chunk) await send()
  }
  if (columns[0].length > 0) await send()
}

/** By cursor, 5,000 at a time, as columns. */
async function stream(client: Client): Promise<number> {
  let count = 0
  await client.query(
    'begin; declare page cursor for select ts, series_id, value from rows.samples order by ts, series_id',
  )
  while (true) {
    const { rows } = await client.query({ text: 'fetch 5000 from page', rowMode: 'array' })
    if (rows.length === 0) break
    const times = Float64Array.from(rows, ([ts]) => Number(ts))
    const values = Float64Array.from(rows, ([, , value]) => Number(value))
    count += Math.min(times.length, values.length)
  }
  await client.query('commit')
  return count
}
