/**
 * Brings the database to a schema, up or down, one step after the other.
 *
 *     node tasks/migrate.ts DATABASE SCHEMA
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const [file = '', target = ''] = process.argv.slice(2)
if (!file || !/^\d{1,4}$/.test(target)) throw new Error('usage: node tasks/migrate.ts DATABASE SCHEMA')

mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
// The release that is live writes, too: this waits for it.
using database = new DatabaseSync(file, { timeout: 10_000 })
// With a log beside the database, customers read on while a migration writes.
database.exec('pragma journal_mode = wal')
while (step(Number(target)));

/** One transaction, its schema number included: a step that is cut off, or done by someone else, leaves no half. */
function step(wanted: number): boolean {
  database.exec('begin immediate')
  const schema = Number(database.prepare('pragma user_version').get()?.user_version)
  const next = schema + Math.sign(wanted - schema)
  if (next !== schema) {
    const name = next > schema ? `${next}.up.sql` : `${schema}.down.sql`
    database.exec(readFileSync(join(import.meta.dirname, '../migrations', name), 'utf8'))
    database.exec(`pragma user_version = ${next}`)
  }
  database.exec('commit')
  console.log(`schema ${next}`)
  return next !== wanted
}
