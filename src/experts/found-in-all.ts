/** What was found in several logs: together they keep little more than one alone, and who comes later may keep less. */
import { Collector } from './collector.ts'
import { Effort } from './effort.ts'
import { findIn, type Looking } from './find-in.ts'
import type { LogFindings, Most } from './findings.ts'
import { Readings } from './readings.ts'
import { ruleBook } from './rule-book.ts'
import type { Log } from './words.ts'

/** Of all logs together. Hundreds are many in a log that no test has made. */
const mostFindings = 2_048
const mostMarks = 8_192
const mostLongBytes = 1_000_000
/** Each may have half of what is left, but not less than this, and less where there are many: of marks, of each kind. */
const leastFindings = 64
const leastMarks = 16
const manyLogs = 256
const kindsThatAreMany = 4

type FindOptions = {
  readonly effort?: Effort
  readonly isEachRead?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * @param options.effort what reading them takes is added to it; when it is spent, no more is read and nothing found counts.
 * @param options.isEachRead no line is taken to say what others of its kind said: what tests compare with.
 * @throws what reading a log throws, and the signal's reason.
 */
export async function findInAll(
  logs: readonly Log[],
  { isEachRead = false, effort = new Effort(), signal }: FindOptions = {},
): Promise<readonly LogFindings[]> {
  const book = ruleBook()
  const readings = new Readings(book, { isEachRead, effort })
  const looking: Looking = { book, readings, collector: new Collector(), effort, signal }
  const found: LogFindings[] = []
  const share = Math.min(1, manyLogs / logs.length)
  const left = { findings: mostFindings, marks: mostMarks, longBytes: mostLongBytes }
  for (const log of logs) {
    const most: Most = {
      findings: Math.max(Math.ceil(leastFindings * share), Math.floor(left.findings / 2)),
      marks: Math.max(Math.ceil(leastMarks * share), Math.floor(left.marks / 2 / kindsThatAreMany)),
      longBytes: left.longBytes,
    }
    const one = await findIn(log, looking, most)
    left.findings -= one.findings.length
    left.marks -= Object.values(one.marks).reduce((sum, { length }) => sum + length, 0)
    left.longBytes -= one.longBytes
    found.push(one)
  }
  return found
}
