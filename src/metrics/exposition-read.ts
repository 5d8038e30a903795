/**
 * Reads what programs show of their metrics: the text format of Prometheus (0.0.4) and OpenMetrics (1.0), line after line.
 * Sources: prometheus.io/docs/instrumenting/exposition_formats, and the specification of OpenMetrics 1.0. Types, units, help
 * and exemplars are read over.
 */
import { type Bytes, type Line, linesOf, wrongLine } from './text-lines.ts'
import { parseValue } from './value-text.ts'
import type { Sample } from './words.ts'

export type ExpositionFormat = 'prometheus' | 'openmetrics'

export type ExpositionOptions = {
  readonly format: ExpositionFormat
  /** Of samples that have no time of their own. */
  readonly nowMs: number
}

/** @throws METRIC_TEXT_INVALID with the number of the line */
export async function* readExposition(
  bytes: Bytes,
  { format, nowMs }: ExpositionOptions,
): AsyncGenerator<Sample, void, undefined> {
  let ended = false
  let last = 0
  for await (const line of linesOf(bytes)) {
    last = line.number
    if (ended) throw wrongLine(line.number, 'stands behind "# EOF"')
    if (line.text.startsWith('#')) ended = format === 'openmetrics' && line.text === '# EOF'
    else if (line.text.trim() !== '') yield sampleOf(line, format, nowMs)
    else if (format === 'openmetrics') throw wrongLine(line.number, 'is empty, which OpenMetrics forbids')
  }
  if (format === 'openmetrics' && !ended)
    throw wrongLine(last + 1, 'is missing: the text ends without "# EOF", so it may not be complete')
}

const nameAt = /[ \t]*([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]*/y
const labelAt = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"([^"\\]*(?:\\.[^"\\]*)*)"[ \t]*(,?)/y
const closeAt = /[ \t]*\}[ \t]*/y
const restAt = /([^ \t]+)(?:[ \t]+([^ \t#]+))?[ \t]*(#.*)?$/y

function sampleOf({ number, text }: Line, format: ExpositionFormat, nowMs: number): Sample {
  const name = matchAt(nameAt, text, 0)?.[1]
  if (name === undefined) throw wrongLine(number, `begins with no name of a metric: ${quoted(text, 0)}`)
  const { labels, end } = labelsAt(text, nameAt.lastIndex, number)
  const [, valueText = '', timeText, exemplar] = matchAt(restAt, text, end) ?? []
  const value = parseValue(valueText)
  if (value === undefined) throw wrongLine(number, `has no value of a metric at ${quoted(text, end)}`)
  if (exemplar !== undefined && format === 'prometheus')
    throw wrongLine(number, `goes on behind its value: ${quoted(exemplar, 0)}`)
  return {
    name,
    labels,
    timestampMs: timeText === undefined ? nowMs : timeOf(timeText, format, number),
    value,
  }
}

function labelsAt(
  text: string,
  begin: number,
  number: number,
): { labels: Record<string, string>; end: number } {
  if (text[begin] !== '{') return { labels: {}, end: begin }
  const labels: Record<string, string> = {}
  let end = begin + 1
  let goesOn = true
  while (matchAt(closeAt, text, end) === null) {
    const found: RegExpExecArray | null = goesOn ? matchAt(labelAt, text, end) : null
    const [, label, value = '', comma]: readonly (string | undefined)[] = found ?? []
    if (label === undefined)
      throw wrongLine(number, `has no label, or no end of labels, at ${quoted(text, end)}`)
    if (Object.hasOwn(labels, label)) throw wrongLine(number, `has the label ${JSON.stringify(label)} twice`)
    Object.defineProperty(labels, label, { value: unescaped(value), enumerable: true })
    end = labelAt.lastIndex
    goesOn = comma === ','
  }
  return { labels, end: closeAt.lastIndex }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/** Milliseconds in Prometheus' format, seconds in OpenMetrics. */
function timeOf(text: string, format: ExpositionFormat, number: number): number {
  const time = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN
  const timeMs = Math.round(format === 'openmetrics' ? time * 1_000 : time)
  if (Number.isSafeInteger(timeMs) && (format === 'openmetrics' || Number.isInteger(time))) return timeMs
  throw wrongLine(
    number,
    `has the time ${quoted(text, 0)}, which is no number of ${format === 'openmetrics' ? 'seconds' : 'milliseconds'}`,
  )
}

/** An unknown escape stays as it is, as in Prometheus. */
const unescaped = (value: string): string =>
  value.includes('\\')
    ? value.replace(/\\(["\\n])/g, (_, sign: string) => (sign === 'n' ? '\n' : sign))
    : value

const quoted = (text: string, at: number): string => JSON.stringify(text.slice(at, at + 40))
