/** Counters that several processes count on: the newest value of each and so much more, in one commit. */
import type { Clock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import type { Head } from './head.ts'
import { findSeries } from './known-series.ts'
import { newestOf } from './latest.ts'
import type { Recorder } from './recorder.ts'
import { SeriesCache } from './series-cache.ts'
import { pagesOf, readState, type StateRow } from './statements.ts'
import { nextTurn } from './turn.ts'
import type { Durability, NewSample, Sample } from './words.ts'

/** Somebody has recorded between our reading and our writing, each time. */
const mostTries = 50

type Parts = {
  readonly store: Store
  readonly head: Head
  readonly recorder: Recorder
  readonly clock: Clock
}

/** @throws METRIC_INVALID, METRIC_TOO_MANY_SERIES, STORE_CONFLICT when others never cease to record */
export async function addToCounters(
  { store, head, recorder, clock }: Parts,
  counters: readonly NewSample[],
  durability: Durability,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const [state] = await store.read<StateRow>(readState)
    const newest = await newestSamples(store, head, counters)
    const chunk = recorder.open(counters.length)
    for (const [index, { timestampMs = clock.now(), value, ...series }] of counters.entries()) {
      const before = newest[index]
      // No earlier than what it counts on, whose clock may be ahead of ours: it would not be the newest.
      const atMs = Math.max(timestampMs, before?.timestampMs ?? timestampMs)
      chunk.add({ ...series, timestampMs: atMs, value: Number(before?.value ?? 0) + Number(value) }, clock)
    }
    try {
      await recorder.recordSince(state?.seq ?? 0, chunk, durability)
      return
    } catch (error) {
      const isConflict = error instanceof PlimsollError && error.code === 'STORE_CONFLICT'
      if (!isConflict || tries === mostTries) throw error
    }
    await nextTurn()
  }
}

/** In the order of the series. */
async function newestSamples(
  store: Store,
  head: Head,
  series: readonly NewSample[],
): Promise<readonly (Sample | undefined)[]> {
  const cache = new SeriesCache()
  const entries = series.map(({ name, labels = {} }) => cache.entryOf(name, labels))
  await findSeries(store, new Set(entries), { head: new Map(), limits: null })
  const columns = await head.read()
  const found: (Sample | undefined)[] = []
  for (const page of pagesOf(entries)) found.push(...(await newestOf(store, page, columns)))
  return found
}
