/** Numbered SQL files bring a database from any earlier form to the present one; `user_version` is the last applied. */
import { readdirSync, readFileSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

const folder = new URL('./migrations/', import.meta.url)

/** Names in order; the first is number 1. */
export function migrationFiles(): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
}

export function migrationText(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8')
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
    applyOnce(database, { number: index + 1, sql: migrationText(name) })
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
