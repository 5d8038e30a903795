/** The text of a history file: a line that names its form, then one record a line. */
import * as z from 'zod'
import { PlimsollError } from '../errors.ts'
import type { TaskPeak } from '../journal/journal.ts'

/** More is neither read nor written, in bytes: some 25,000 records. */
export const longestFile = 8 * 2 ** 20
const version = 1
const header = JSON.stringify({ plimsollHistory: version })
/** The end of the year 9999. */
const latestMs = 253_402_300_799_999
const longestName = 200
const longestValue = 60

const whole = (min: number, max: number) => z.number().int().min(min).max(max)
const name = z.string().max(longestName)
const recordSchema = z.strictObject({
  plan: name,
  task: name,
  key: z.string().regex(/^[0-9a-f]{16}$/, 'expected 16 hexadecimal digits'),
  group: name,
  atMs: whole(0, latestMs),
  durationMs: whole(1, latestMs),
  peakBytes: whole(1, Number.MAX_SAFE_INTEGER),
  use: z.array(whole(0, 100)).length(20),
})

/** One record, without the end of its line. What it says can be read again, whatever names a plan made in code has. */
export function lineOf({ plan, task, key, group, atMs, profile }: TaskPeak): string {
  const { durationMs, peakBytes, twentieths } = profile
  const numbers = {
    atMs,
    durationMs: Math.max(1, Math.round(durationMs)),
    peakBytes: Math.max(1, Math.round(peakBytes)),
    use: twentieths,
  }
  const [planName, taskName, groupName] = [plan, task, group].map((text) => text.slice(0, longestName))
  return JSON.stringify({ plan: planName, task: taskName, key, group: groupName, ...numbers })
}

/** Sorted by plan, task and time, so that a difference shows what was added. The newest, when not all have room. */
export function formatHistory(newestFirst: readonly TaskPeak[]): string {
  const kept: { readonly peak: TaskPeak; readonly line: string }[] = []
  let bytes = Buffer.byteLength(header) + 1
  for (const peak of newestFirst) {
    const line = lineOf(peak)
    bytes += Buffer.byteLength(line) + 1
    if (bytes > longestFile) break
    kept.push({ peak, line })
  }
  const lines = kept.sort((left, right) => inFile(left.peak, right.peak)).map(({ line }) => line)
  return [header, ...lines, ''].join('\n')
}

/**
 * Lines in any order, some of them twice, also the first: what is left when two branches were merged line by line.
 * @throws HISTORY_INVALID with file and line.
 */
export function parseHistory(text: string, file: string): readonly TaskPeak[] {
  const values = text.split('\n').flatMap((line, index) => {
    const place = `${file}:${index + 1}`
    return line.trim() === '' ? [] : [{ place, value: parsed(line.trim(), place) }]
  })
  const [first] = values
  if (first !== undefined && !isHeader(first.value, first.place)) {
    throw invalid(first.place, `a history begins with the line ${header}`)
  }
  return values.flatMap(({ value, place }) => (isHeader(value, place) ? [] : [recordOf(value, place)]))
}

function parsed(line: string, place: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    const shown = JSON.stringify(line.slice(0, longestValue))
    const conflict = /^(?:<{7}|={7}|>{7})/.test(line)
    const fix = conflict && 'Delete the lines that mark the conflict: all others may stay, in any order'
    throw invalid(place, `${shown} is not JSON`, { cause, ...(fix && { fix }) })
  }
}

/** @throws HISTORY_INVALID when it is one of a form that is not known here. */
function isHeader(value: unknown, place: string): boolean {
  if (typeof value !== 'object' || value === null || !('plimsollHistory' in value)) return false
  if (value.plimsollHistory === version) return true
  const found = JSON.stringify(value.plimsollHistory).slice(0, longestValue)
  throw invalid(place, `the form is ${found}, known is ${version}`, {
    fix: 'Use the version of plimsoll that wrote it, or name another file',
  })
}

function recordOf(value: unknown, place: string): TaskPeak {
  const found = recordSchema.safeParse(value, { reportInput: true })
  if (!found.success) {
    const [issue] = found.error.issues
    const where = issue?.path.length ? `${JSON.stringify(issue.path.join('.'))} is ` : ''
    const shown = (JSON.stringify(issue?.input) ?? 'missing').slice(0, longestValue)
    throw invalid(place, `${where}${shown}: ${issue?.message ?? 'not a record'}`)
  }
  const { durationMs, peakBytes, use, ...rest } = found.data
  return { ...rest, profile: { durationMs, peakBytes, twentieths: use } }
}

export function invalid(
  place: string,
  what: string,
  options?: ErrorOptions & { readonly fix?: string },
): PlimsollError {
  return new PlimsollError('HISTORY_INVALID', `${place}: ${what}`, options)
}

function inFile(left: TaskPeak, right: TaskPeak): number {
  const order = (one: string, other: string): number => Number(one > other) - Number(one < other)
  return (
    order(left.plan, right.plan) ||
    order(left.task, right.task) ||
    order(left.key, right.key) ||
    left.atMs - right.atMs
  )
}
