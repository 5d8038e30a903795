/** The numbered SQL files of `migrations/`, applied to the schema `plimsoll`; `plimsoll.form` has the last applied. */
import type { Client } from 'pg'
import { PlimsollError } from '../errors.ts'
import { migrationFiles, migrationText } from './migrations.ts'
import { command, send, takeLock } from './postgres-transaction.ts'
import { tooNew } from './writer.ts'

/** A large table may take long to change; a client that waits for another one to do it, too. */
const slowestMs = 600_000
const begin = `begin; set local statement_timeout = ${slowestMs}; set local lock_timeout = ${slowestMs}; ${takeLock}`

/** `commits` has a row for each store that is open: the number of its last commit. */
const firstForm = `
  create table plimsoll.form (number bigint not null);
  insert into plimsoll.form values (0);
  create table plimsoll.commits (
    writer text not null primary key, number bigint not null, at timestamptz not null default now())`

/** Texts are compared letter by letter, as SQLite does, and not in the order of a language. */
const letterByLetter = (migration: string): string =>
  migration.replaceAll(/(?<!\bas) text\b/g, ' text collate "C"')

/** Asks the catalogue as a table: functions such as to_regclass may remember what was before a wait for the lock. */
const facts = `
  select current_setting('server_encoding') as encoding,
    exists (select from pg_catalog.pg_tables where schemaname = 'plimsoll' and tablename = 'form') as has_form`
type Facts = { readonly encoding: string; readonly has_form: number }

/** Number of the form that the database has; 0 when there is nothing of ours in it. */
export async function formOf(client: Client, name: string): Promise<number> {
  const server = await client.query<Facts>(facts)
  const encoding = server.rows[0]?.encoding
  if (encoding !== 'UTF8') throw wrongEncoding(name, encoding)
  if (server.rows[0]?.has_form !== 1) return 0
  const forms = await client.query<{ readonly number: number }>('select number from plimsoll.form')
  return forms.rows[0]?.number ?? 0
}

/**
 * Brings an older form to the present one. Engines that start at the same moment do it one after the other.
 * @throws STATE_TOO_NEW; nothing was changed then.
 */
export async function migratePostgres(client: Client, name: string): Promise<void> {
  const files = migrationFiles()
  const present = await formOf(client, name)
  if (present === files.length) return
  refuseNewer(name, present)
  await quietly(client, begin)
  try {
    const found = await formOf(client, name)
    refuseNewer(name, found)
    if (found === 0) await createSchema(client)
    await quietly(client, 'set local search_path = plimsoll')
    for (const file of files.slice(found))
      await quietly(client, letterByLetter(migrationText(file, 'PostgreSQL')))
    await send(client, [command('update plimsoll.form set number = $1', files.length), { text: 'commit' }])
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}

/** "if not exists" asks for the right to create also where the schema exists, made by somebody who may. */
async function createSchema(client: Client): Promise<void> {
  const [found] = await send(client, [command("select 1 from pg_namespace where nspname = 'plimsoll'")])
  if (found?.rows.length === 0) await quietly(client, 'create schema plimsoll')
  await quietly(client, firstForm)
}

/** Several statements in one text; longer than others may take. */
async function quietly(client: Client, text: string): Promise<void> {
  const query = { text, query_timeout: slowestMs }
  await client.query(query)
}

export function refuseNewer(name: string, found: number): void {
  const known = migrationFiles().length
  if (found > known) throw tooNew(name, { found, known })
}

function wrongEncoding(name: string, encoding = 'unknown'): PlimsollError {
  return new PlimsollError('DATABASE_REFUSED', `${name} keeps texts as ${encoding}, not as UTF8`, {
    fix: "Make another: create database NAME encoding 'UTF8' template template0",
  })
}
