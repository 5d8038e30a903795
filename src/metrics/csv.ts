/**
 * Samples as CSV: the columns `name`, `timestamp` (milliseconds since 1970, or a time as in ISO 8601) and `value`; each other
 * column is a label, whose empty fields mean that the label is not there. A label that is itself called like one of the
 * three has the column `label:name`.
 */
import { csvLine, readCsv } from './csv-records.ts'
import { type Bytes, wrongLine } from './text-lines.ts'
import { exactValue, parseExactValue } from './value-text.ts'
import type { Sample } from './words.ts'

const ownColumns = ['name', 'timestamp', 'value']
const prefix = 'label:'

/** @throws METRIC_TEXT_INVALID with the number of the line */
export async function* readCsvSamples(bytes: Bytes): AsyncGenerator<Sample, void, undefined> {
  let columns: readonly string[] | null = null
  for await (const { line, fields } of readCsv(bytes)) {
    if (columns === null) columns = checkedHeader(fields, line)
    else yield sampleOf(columns, fields, line)
  }
}

function checkedHeader(fields: readonly string[], line: number): readonly string[] {
  const [first = '', ...rest] = fields
  const columns = [first.replace(/^\ufeff/, ''), ...rest]
  const missing = ownColumns.find((column) => !columns.includes(column))
  if (missing !== undefined)
    throw wrongLine(
      line,
      `names no column ${JSON.stringify(missing)}; expected name, timestamp, value and labels`,
    )
  const twice = columns.find((column, index) => columns.indexOf(column) !== index)
  if (twice !== undefined) throw wrongLine(line, `names the column ${JSON.stringify(twice)} twice`)
  return columns
}

function sampleOf(columns: readonly string[], fields: readonly string[], line: number): Sample {
  if (fields.length !== columns.length)
    throw wrongLine(line, `has ${fields.length} fields where the header has ${columns.length}`)
  const of = (column: string): string => fields[columns.indexOf(column)] ?? ''
  const value = parseExactValue(of('value'))
  if (value === undefined) throw wrongLine(line, `has the value ${JSON.stringify(of('value').slice(0, 40))}`)
  const labels = Object.fromEntries(
    columns.flatMap((column, index) =>
      ownColumns.includes(column) || !fields[index] ? [] : [[labelOf(column), fields[index]]],
    ),
  )
  return { name: of('name'), labels, timestampMs: timeOf(of('timestamp'), line), value }
}

const labelOf = (column: string): string => (column.startsWith(prefix) ? column.slice(prefix.length) : column)

function timeOf(text: string, line: number): number {
  const timeMs = /^-?\d{1,16}$/.test(text)
    ? Number(text)
    : /^\d{4}-/.test(text)
      ? Date.parse(text)
      : Number.NaN
  if (Number.isNaN(timeMs)) throw wrongLine(line, `has the time ${JSON.stringify(text.slice(0, 40))}`)
  return timeMs
}

/** `labels`: the names of all labels that the samples have. */
export async function* writeCsvSamples(
  samples: AsyncIterable<Sample> | Iterable<Sample>,
  labels: readonly string[],
): AsyncGenerator<string, void, undefined> {
  yield csvLine([
    ...ownColumns,
    ...labels.map((label) => (ownColumns.includes(label) ? `${prefix}${label}` : label)),
  ])
  for await (const { name, timestampMs, value, labels: own } of samples)
    yield csvLine([
      name,
      String(timestampMs),
      exactValue(value),
      ...labels.map((label) => (Object.hasOwn(own, label) ? (own[label] ?? '') : '')),
    ])
}
