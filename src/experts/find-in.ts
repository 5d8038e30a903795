/** Reads a log and finds in it what rules and marks tell. */
import { bytesOfText } from './bytes-of-text.ts'
import type { Collector } from './collector.ts'
import type { Effort } from './effort.ts'
import type { LogFindings, Most } from './findings.ts'
import { Tail } from './going-on.ts'
import { LineScanner } from './line-scanner.ts'
import type { Readings } from './readings.ts'
import type { RuleBook } from './rule-book.ts'
import type { Log } from './words.ts'

export type Looking = {
  readonly book: RuleBook
  readonly readings: Readings
  /** For one log at a time. */
  readonly collector: Collector
  readonly effort: Effort
  readonly signal?: AbortSignal | undefined
}

const usualLineBytes = 80

/** @throws what reading the log throws, and the signal's reason. */
export async function findIn(
  log: Log,
  { book, readings, collector: found, effort, signal }: Looking,
  most: Most,
): Promise<LogFindings> {
  found.begin()
  const scanner = new LineScanner(book.literals, (line, bytes, words) => {
    if (effort.isOver) return
    effort.find(bytes.length)
    found.add(line, bytes, readings.of(bytes, words))
  })
  const tail = new Tail()
  for await (const chunk of bytesOfText(log.chunks)) {
    signal?.throwIfAborted()
    if (effort.isOver) break
    effort.scan(chunk.length)
    scanner.push(chunk)
    tail.push(chunk)
  }
  scanner.end()
  const { skippedAfterBytes = 0 } = log
  if (tail.isOk && skippedAfterBytes === 0) found.pass(scanner.line)
  const quiet = skippedAfterBytes > 0 ? [] : tail.quietRecords(scanner.line, found.isTrouble)
  const doneLine = skippedAfterBytes > 0 ? null : tail.doneLine(scanner.line)
  const lines = scanner.line + Math.round(skippedAfterBytes / usualLineBytes)
  const result = found.result(log, most, readings)
  const isDone = doneLine !== null && result.findings.every(({ line }) => line < doneLine)
  return { ...result, quiet, isDone, lines }
}
