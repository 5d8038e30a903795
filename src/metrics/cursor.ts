/** Where a page ended, as a text that only serves the query that it is of. */
import { createHash } from 'node:crypto'
import { PlimsollError } from '../errors.ts'
import type { StartAfter } from './reader.ts'
import { textOf } from './series-reader.ts'
import type { SampleQuery } from './words.ts'

const digestOf = (query: SampleQuery): string =>
  createHash('sha256').update(textOf(query)).digest('base64url').slice(0, 16)

export const cursorOf = (query: SampleQuery, { seriesId, afterMs }: StartAfter): string =>
  Buffer.from(`1 ${digestOf(query)} ${seriesId} ${afterMs}`).toString('base64url')

/** @throws METRIC_CURSOR_INVALID */
export function startOf(query: SampleQuery, cursor: string): StartAfter {
  const words = /^1 (\S{16}) (\d{1,16}) (-?\d{1,16})$/.exec(Buffer.from(cursor, 'base64url').toString())
  if (words === null) throw invalid('the text is no cursor')
  if (words[1] !== digestOf(query)) throw invalid('the cursor is of another query')
  return { seriesId: Number(words[2]), afterMs: Number(words[3]) }
}

const invalid = (text: string): PlimsollError => new PlimsollError('METRIC_CURSOR_INVALID', text)
