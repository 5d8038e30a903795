import type { TaskPeak } from '../journal/journal.ts'
import { recordsPerTask } from '../memory/memory.ts'
import { lineOf } from './lines.ts'

/** As many as the journal gives back. */
const mostRecords = 20_000

/** Clocks differ by time zones that were set wrong, in milliseconds; what is later still says nothing of when it was. */
const clockErrorMs = 24 * 3_600_000

export const latestCredibleMs = (nowMs: number): number => nowMs + clockErrorMs

/** Without records of a clock that was far ahead: for years they would count as the newest. */
export const crediblePeaks = (peaks: readonly TaskPeak[], nowMs: number): readonly TaskPeak[] =>
  peaks.filter(({ atMs }) => atMs <= latestCredibleMs(nowMs))

type MergeOptions = {
  /** Of all tasks. Default 20,000. */
  readonly most?: number
  /** A record that is later counts as older than all others. Default: none does. */
  readonly latestMs?: number
}

/**
 * The records of all lists: each once, of each task the newest eight, of all tasks the newest; newest first. The
 * order of the lists and their grouping do not matter, and a list merged once more changes nothing.
 */
export function mergePeaks(
  lists: readonly (readonly TaskPeak[])[],
  { most = mostRecords, latestMs = Number.POSITIVE_INFINITY }: MergeOptions = {},
): readonly TaskPeak[] {
  const found = new Map<string, TaskPeak>()
  for (const peak of lists.flat()) {
    const other = found.get(identityOf(peak))
    // Two machines may measure in the same millisecond: which one is kept must not depend on who comes first.
    if (other === undefined || lineOf(other) < lineOf(peak)) found.set(identityOf(peak), peak)
  }
  const counts = new Map<string, number>()
  const newest = [...found.values()].sort(newestFirst(latestMs)).filter(({ key }) => {
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return count <= recordsPerTask
  })
  return newest.slice(0, most)
}

/** What of `more` is new to `known`. */
export function newPeaks(known: readonly TaskPeak[], more: readonly TaskPeak[]): readonly TaskPeak[] {
  const identities = new Set(known.map(identityOf))
  return mergePeaks([known, more]).filter((peak) => !identities.has(identityOf(peak)))
}

const identityOf = ({ key, atMs }: TaskPeak): string => `${key} ${atMs}`

const newestFirst =
  (latestMs: number) =>
  (left: TaskPeak, right: TaskPeak): number =>
    Number(left.atMs > latestMs) - Number(right.atMs > latestMs) ||
    right.atMs - left.atMs ||
    (left.key < right.key ? -1 : 1)
