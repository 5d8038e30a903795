/** Damages the first page of one table of a database that is closed. */
import { readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

export function damageTable(file: string, table: string): void {
  const { first, bytesOfPage } = placeOf(file, table)
  const bytes = readFileSync(file)
  writeFileSync(file, bytes.fill(0xa5, (first - 1) * bytesOfPage, first * bytesOfPage))
}

function placeOf(file: string, table: string): { readonly first: number; readonly bytesOfPage: number } {
  using database = new DatabaseSync(file)
  const row = database.prepare('select rootpage from sqlite_schema where name = ?').get(table)
  return {
    first: Number(row?.rootpage),
    bytesOfPage: Number(database.prepare('pragma page_size').get()?.page_size),
  }
}
