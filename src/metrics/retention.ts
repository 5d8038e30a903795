/** How long samples are kept: what is too old is deleted, and what is left of the old is put together. */
import type { Clock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { type CleanupOutcome, deleteBefore } from './cleanup.ts'
import type { Compactor } from './compactor.ts'
import { type DownsampleRule, downsample } from './downsample.ts'
import type { SeriesLimits } from './known-series.ts'

export type CleanupOptions = {
  readonly retentionDays: number
  /** In this order. What one has put together no other one does. */
  readonly downsample?: readonly DownsampleRule[]
  /** Ends it soon: what it has done until then stays done, and the next one does the rest. */
  readonly signal?: AbortSignal
}

const dayMs = 86_400_000

export type RetentionPlace = {
  readonly store: Store
  readonly compactor: Compactor
  readonly clock: Clock
  readonly limits: SeriesLimits
}

/** @throws OPTION_INVALID, METRIC_QUERY_INVALID, METRIC_TOO_MANY_SERIES, the reason of the signal */
export async function cleanUp(
  { store, compactor, clock, limits }: RetentionPlace,
  { retentionDays, downsample: rules = [], signal }: CleanupOptions,
): Promise<CleanupOutcome & { readonly downsampled: number }> {
  if (!(retentionDays >= 0 && retentionDays <= 1e8))
    throw new PlimsollError('OPTION_INVALID', `retentionDays is ${retentionDays}, expected 0 or more`)
  const nowMs = clock.now()
  const beforeMs = Math.ceil(nowMs - retentionDays * dayMs)
  const deleted = await compactor.delete(() => deleteBefore(store, beforeMs, signal), signal)
  let downsampled = 0
  for (const rule of rules) downsampled += await downsample(store, rule, { nowMs, limits, signal })
  return { ...deleted, downsampled }
}
