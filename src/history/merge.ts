import type { TaskPeak } from '../journal/journal.ts'
import { recordsPerTask } from '../memory/memory.ts'
import { lineOf } from './lines.ts'

/** As many as the journal gives back. */
const mostRecords = 20_000

/**
 * The records of all lists: each once, of each task the newest eight, of all tasks the newest `most`; newest first. The
 * order of the lists and their grouping do not matter, and a list merged once more changes nothing.
 */
export function mergePeaks(
  lists: readonly (readonly TaskPeak[])[],
  most: number = mostRecords,
): readonly TaskPeak[] {
  const found = new Map<string, TaskPeak>()
  for (const peak of lists.flat()) {
    const other = found.get(identityOf(peak))
    // Two machines may measure in the same millisecond: which one is kept must not depend on who comes first.
    if (other === undefined || lineOf(other) < lineOf(peak)) found.set(identityOf(peak), peak)
  }
  const counts = new Map<string, number>()
  const newest = [...found.values()].sort(newestFirst).filter(({ key }) => {
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

const newestFirst = (left: TaskPeak, right: TaskPeak): number =>
  right.atMs - left.atMs || (left.key < right.key ? -1 : 1)
