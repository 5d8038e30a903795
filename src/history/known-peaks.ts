import type { Journal, TaskPeak } from '../journal/journal.ts'
import { crediblePeaks, mergePeaks, newPeaks } from './merge.ts'

/** What the state knows and what was carried here; the state knows both from now on. */
export async function knownPeaks(
  journal: Journal,
  file: readonly TaskPeak[],
  nowMs: number,
): Promise<readonly TaskPeak[]> {
  const known = await journal.peaks()
  const carried = crediblePeaks(file, nowMs)
  if (carried.length === 0) return known
  await journal.addPeaks(newPeaks(known, carried))
  return mergePeaks([known, carried])
}
