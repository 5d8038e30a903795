import type { Journal, TaskPeak } from '../journal/journal.ts'
import { mergePeaks, newPeaks } from './merge.ts'

/** What the state knows and what was carried here; the state knows both from now on. */
export async function knownPeaks(
  journal: Journal,
  carried: readonly TaskPeak[],
): Promise<readonly TaskPeak[]> {
  const known = await journal.peaks()
  if (carried.length === 0) return known
  await journal.addPeaks(newPeaks(known, carried))
  return mergePeaks([known, carried])
}
