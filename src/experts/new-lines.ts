/** What a failed task said at its end that no green run said: the last resort where no rule knows any line. */
import { bytesOfText } from './bytes-of-text.ts'
import { withoutEscapes } from './escapes.ts'
import { FamiliarLines } from './familiar.ts'
import type { Place } from './findings.ts'
import type { Log } from './words.ts'

/** Lines before the end of a log that are compared. */
const lastLines = 200
/** Of a longer line so many characters are looked at. */
const longestLine = 4_096

/**
 * Of the last lines those that none of the earlier logs has, whatever their numbers. Reads all of them once more: what can
 * be read only once has none.
 */
export async function newLines(
  logs: readonly Log[],
  earlier: readonly Log[],
  signal?: AbortSignal,
): Promise<readonly Place[]> {
  if (earlier.length === 0) return []
  const lines: Place[] = []
  for (const log of logs) {
    const last: Place[] = []
    for await (const { line, text } of linesOf(log, signal)) {
      last.push({ log, line, whole: text })
      if (last.length > lastLines) last.shift()
    }
    lines.push(...last)
  }
  const known = new FamiliarLines(lines.map(({ whole }) => whole))
  let greenLines = 0
  for (const log of earlier) {
    for await (const { text } of linesOf(log, signal)) {
      known.add(text)
      greenLines += 1
    }
  }
  return greenLines === 0 ? [] : lines.filter(({ whole }) => /\p{L}/u.test(whole) && !known.has(whole))
}

type Line = { readonly line: number; readonly text: string }

async function* linesOf(log: Log, signal?: AbortSignal): AsyncIterable<Line> {
  const decoder = new TextDecoder()
  let rest = ''
  let line = 0
  for await (const chunk of bytesOfText(log.chunks)) {
    signal?.throwIfAborted()
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/)
    rest = (lines.pop() ?? '').slice(0, longestLine)
    for (const text of lines) {
      line += 1
      yield { line, text: plain(text) }
    }
  }
  if (rest !== '') yield { line: line + 1, text: plain(rest) }
}

const plain = (text: string): string => withoutEscapes(text.slice(0, longestLine)).trim()
