/** A stream of any length as short reads, each beginning behind the key of the last row before. */
import { PlimsollError } from '../errors.ts'
import type { Value } from './words.ts'

/** A page of a stream ends at so many rows, or at the row that fills so many bytes of texts and blobs. */
export const pageRows = 500
export const pageBytes = 1024 ** 2

export type Row = Record<string, Value>
export type Page = { readonly rows: readonly Row[]; readonly isLast: boolean }

export type ReadPage = (sql: string, parameters: readonly Value[]) => Promise<Page>

export async function* pagedStream(
  sql: string,
  parameters: readonly Value[],
  readPage: ReadPage,
): AsyncIterable<Row> {
  const paged = `${sql}\nlimit ${pageRows}`
  let key = parameters.at(-1)
  while (true) {
    if (key === undefined) throw new PlimsollError('INTERNAL', `a stream needs a key to begin after: ${sql}`)
    const { rows, isLast } = await readPage(paged, [...parameters.slice(0, -1), key])
    yield* rows
    if (isLast) return
    const last: Value | undefined = Object.values(rows.at(-1) ?? {})[0]
    if (last === key)
      throw new PlimsollError('INTERNAL', `the first column of a stream must be its key: ${sql}`)
    key = last
  }
}

/** Of the texts and blobs; about, as a letter of a text may take up to three. */
export function bytesOf(row: Row | readonly Value[]): number {
  let bytes = 0
  for (const value of Object.values(row)) {
    if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length
  }
  return bytes
}
