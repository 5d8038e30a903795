/** Numbered SQL files bring a database from any earlier form to the present one; `user_version` is the last applied. */
import { readdirSync, readFileSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { ownFile } from '../own-files.ts'
import type { DatabaseKind } from './words.ts'

const folder = ownFile('store/migrations/')

/** Names in order; the first is number 1. */
export function migrationFiles(): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
}

/** Without what is for the other kind alone: from a line `-- only: SQLite` or `-- only: PostgreSQL` to the next such line, or the end. */
export function migrationText(name: string, kind: DatabaseKind): string {
  const [forBoth = '', ...parts] = readFileSync(new URL(name, folder), 'utf8').split(/^-- only: /m)
  return [forBoth, ...parts.filter((part) => part.startsWith(kind)).map((part) => `-- ${part}`)].join('')
}

export function versionOf(database: DatabaseSync): number {
  const { user_version: version } = database.prepare('pragma user_version').get() ?? {}
  return Number(version)
}

/** Returns the version found when it is newer than what is known here; then nothing was changed. Else null. */
export function migrate(database: DatabaseSync): number | null {
  const files = migrationFiles()
  const found = versionOf(database)
  if (found > files.length) return found
  for (const [index, name] of files.entries()) {
    if (index < versionOf(database)) continue
    applyOnce(database, { number: index + 1, sql: migrationText(name, 'SQLite') })
  }
  return null
}

/** Asks again inside the transaction: another process may have been faster. */
function applyOnce(database: DatabaseSync, step: { readonly number: number; readonly sql: string }): void {
  database.exec('begin immediate')
  try {
    if (versionOf(database) < step.number) database.exec(`${step.sql};\npragma user_version = ${step.number}`)
    database.exec('commit')
  } catch (error) {
    if (database.isTransaction) database.exec('rollback')
    throw error
  }
}
