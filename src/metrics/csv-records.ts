/** RFC 4180: bytes -> records of fields, in bounded memory. A line may end with \n alone. */
import { type Bytes, rawLinesOf, wrongLine } from './text-lines.ts'

/** Characters of one record, which may have several lines. */
const longestRecord = 1_048_576

export type CsvRecord = { readonly line: number; readonly fields: readonly string[] }

const fieldAt = /(?:"([^"]*(?:""[^"]*)*)"|([^",]*))(,|$)/y

/** @throws METRIC_TEXT_INVALID */
export async function* readCsv(bytes: Bytes): AsyncGenerator<CsvRecord, void, undefined> {
  let lines: string[] = []
  let first = 1
  let length = 0
  let isOpen = false
  for await (const { number, text } of rawLinesOf(bytes)) {
    if (lines.length === 0) first = number
    lines.push(text)
    length += text.length + 1
    if (length > longestRecord) throw wrongLine(first, `has a record longer than ${longestRecord} characters`)
    // Where a quote was not closed, the field goes on in the next line.
    isOpen = (quotesIn(text) % 2 === 1) !== isOpen
    if (isOpen) continue
    const record = lines.join('\n').replace(/\r$/, '')
    if (record !== '') yield { line: first, fields: fieldsOf(record, first) }
    lines = []
    length = 0
  }
  if (isOpen) throw wrongLine(first, 'has a quote that is never closed')
}

function quotesIn(text: string): number {
  let count = 0
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) count += 1
  return count
}

function fieldsOf(text: string, line: number): string[] {
  const fields: string[] = []
  let separator = ','
  fieldAt.lastIndex = 0
  while (separator === ',') {
    const match = fieldAt.exec(text)
    if (match === null) throw wrongLine(line, `has a quote in the middle of its field ${fields.length + 1}`)
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    separator = match[3] ?? ''
  }
  return fields
}

export const csvLine = (fields: readonly string[]): string =>
  `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\n`
