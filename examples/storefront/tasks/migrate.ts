/**
 * Brings the database to a schema, up or down; each step is one transaction.
 *
 *     node tasks/migrate.ts DATABASE SCHEMA
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const [file = '', wanted = ''] = process.argv.slice(2)
if (!file || !/^\d{1,4}$/.test(wanted)) throw new Error('usage: node tasks/migrate.ts DATABASE SCHEMA')

mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
// The release that is running writes too; this waits for it.
using shop = new DatabaseSync(file, { timeout: 10_000 })
// Readers go on while one writes.
shop.exec('pragma journal_mode = wal')

const target = Number(wanted)
let schema = Number(shop.prepare('pragma user_version').get()?.user_version)
if (schema === target) console.log(`schema ${schema} is what is wanted`)
while (schema !== target) {
  const up = schema < target
  const next = up ? schema + 1 : schema - 1
  const step = up ? `${next}.up.sql` : `${schema}.down.sql`
  const sql = readFileSync(join(import.meta.dirname, '..', 'migrations', step), 'utf8')
  // The version is part of the transaction: a step that is cut off has not happened.
  shop.exec(`begin immediate;\n${sql}\npragma user_version = ${next};\ncommit;`)
  console.log(`${step}: schema ${schema} -> ${next}`)
  schema = next
}
