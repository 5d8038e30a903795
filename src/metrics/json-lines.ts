/**
 * Samples as JSON lines: `{"name":"up","labels":{"host":"a"},"timestampMs":1700000000000,"value":1}`. A value that JSON has no
 * number for is a text: "NaN", "+Inf", "-Inf", and "5n" for a counter of 64 bits.
 */
import { messageOf } from '../errors.ts'
import { type Bytes, type Line, linesOf, wrongLine } from './text-lines.ts'
import { exactValue, parseExactValue } from './value-text.ts'
import type { Labels, Sample } from './words.ts'

export function jsonLineOf({ name, labels, timestampMs, value }: Sample): string {
  const text = exactValue(value)
  const isJson = typeof value === 'number' && Number.isFinite(value)
  return `{"name":${JSON.stringify(name)},"labels":${JSON.stringify(labels)},"timestampMs":${timestampMs},"value":${isJson ? text : `"${text}"`}}\n`
}

/** Samples without a time are of `nowMs`. @throws METRIC_TEXT_INVALID with the number of the line */
export async function* readJsonLines(
  bytes: Bytes,
  { nowMs }: { readonly nowMs: number },
): AsyncGenerator<Sample, void, undefined> {
  for await (const line of linesOf(bytes)) if (line.text.trim() !== '') yield sampleOf(line, nowMs)
}

function sampleOf({ number, text }: Line, nowMs: number): Sample {
  const { name, labels = {}, timestampMs = nowMs, value } = parsed(number, text)
  if (typeof name !== 'string') throw wrongLine(number, 'has no "name"')
  if (!isLabels(labels)) throw wrongLine(number, 'has "labels" that are no object of texts')
  if (typeof timestampMs !== 'number') throw wrongLine(number, 'has a "timestampMs" that is no number')
  const read = typeof value === 'number' ? value : parseExactValue(typeof value === 'string' ? value : '')
  if (read === undefined) throw wrongLine(number, `has the "value" ${JSON.stringify(value)?.slice(0, 40)}`)
  return { name, labels, timestampMs, value: read }
}

function parsed(number: number, text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (cause) {
    throw wrongLine(number, `is no JSON: ${messageOf(cause)}`, cause)
  }
  throw wrongLine(number, 'is no object')
}

const isLabels = (value: unknown): value is Labels =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((one) => typeof one === 'string')
