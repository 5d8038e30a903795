/**
 * Puts old samples together, a step of each series into one. A slice of them leaves and what is kept of it comes in one
 * commit: whatever ends it, no sample is lost or counted twice.
 */
import { PlimsollError } from '../errors.ts'
import type { Statement, Store } from '../store/store.ts'
import { stepOf } from './aggregate-words.ts'
import { samplesOf } from './blocks.ts'
import { firstFrom, within } from './columns.ts'
import { despiteConflicts } from './conflicts.ts'
import { findSeries, type SeriesLimits } from './known-series.ts'
import { compileSelector } from './matchers.ts'
import { hide, settled } from './removal.ts'
import { rewrite } from './rewrite.ts'
import { combine, isRolledUp, type Part, partName, parts, rollUp } from './roll-up.ts'
import { SeriesCache } from './series-cache.ts'
import { type KnownSeries, seriesOf } from './series-reader.ts'
import { type BlockRow, changeBlocks, deleteBlock, insertBlock } from './statements.ts'
import { nextTurn } from './turn.ts'
import type { Columns, SeriesQuery } from './words.ts'

export type DownsampleRule = {
  /** Default: every series. */
  readonly match?: SeriesQuery
  readonly afterDays: number
  readonly stepSeconds: number
}

/** Some 16,000 samples: some milliseconds of work. */
const blocksPerSlice = 16
const dayMs = 86_400_000

const readOldest = `
  select series_id, t0, t1, n, data from metric_blocks
  where series_id = ?1 and t0 < ?2 order by t1 limit ${blocksPerSlice}`
/** Those of a range and the one before. What is kept of 16,000 samples lies in few, unless they came years late. */
const readKept = `
  select series_id, t0, t1, n, data from metric_blocks
  where series_id = ?1 and t0 <= ?3 and t1 >= coalesce(
    (select max(t1) from metric_blocks where series_id = ?1 and t1 < ?2), ?2)
  order by t1`
const sameSeries = (form: number): Statement => ({
  sql: 'update metric_state set series_form = ?1 where id = 1 and series_form = ?1',
  parameters: [form],
  expectRows: 1,
})

export type DownsampleWork = {
  readonly nowMs: number
  readonly limits: SeriesLimits
  /** Ends it between two slices. */
  readonly signal?: AbortSignal | undefined
}

/** Everything that is to be put together must be in blocks. Returns how many samples were. @throws OPTION_INVALID, the signal's reason */
export async function downsample(store: Store, rule: DownsampleRule, work: DownsampleWork): Promise<number> {
  const { match = {}, afterDays, stepSeconds } = rule
  const stepMs = stepOf(stepSeconds)
  if (!(afterDays >= 0 && afterDays <= 1e8))
    throw new PlimsollError('OPTION_INVALID', `afterDays is ${afterDays}, expected 0 or more`)
  // Only whole steps.
  const beforeMs = Math.floor((work.nowMs - afterDays * dayMs) / stepMs) * stepMs
  const selected = await compileSelector(match)
  let samples = 0
  for await (const page of seriesOf(store, match, {
    test: (one) => !isRolledUp(one.name) && selected(one),
  })) {
    for (const series of page) {
      const slice = { series, stepSeconds, beforeMs, limits: work.limits }
      let done: number
      do {
        work.signal?.throwIfAborted()
        done = await despiteConflicts(() => putTogether(store, slice))
        samples += done
        await nextTurn()
      } while (done > 0)
    }
  }
  return samples
}

type Slice = {
  readonly series: KnownSeries
  readonly stepSeconds: number
  readonly beforeMs: number
  readonly limits: SeriesLimits
}

/** How many samples have left. */
async function putTogether(store: Store, { series, stepSeconds, beforeMs, limits }: Slice): Promise<number> {
  const state = await settled(store)
  const blocks = await store.read<BlockRow>(readOldest, [series.id, beforeMs])
  if (blocks.length === 0 || state === undefined) return 0
  const old = blocks.map((block) => within(samplesOf(block), block.t0, beforeMs))
  const cache = new SeriesCache()
  const entries = parts.map((part) => cache.entryOf(partName(series.name, part), series.labels))
  const made = await findSeries(store, new Set(entries), { head: new Map(), limits })
  const kept: Statement[] = []
  for (const [index, part] of parts.entries()) {
    const seriesId = entries[index]?.id as number
    kept.push(...(await keep(store, seriesId, { part, fresh: rollUp(old, part, stepSeconds) })))
  }
  const removed = blocks.map((block) =>
    block.t1 < beforeMs ? deleteBlock(block) : hide({ ...block, step_ms: null }, beforeMs),
  )
  const guards = [sameSeries(state.series_form), changeBlocks(state.blocks_form).statement]
  await store.write([...guards, ...made, ...removed, ...kept])
  return old.reduce((sum, { timestampsMs }) => sum + timestampsMs.length, 0)
}

/** Samples that came late are added to what was kept of their steps. */
async function keep(
  store: Store,
  seriesId: number,
  { part, fresh }: { readonly part: Part; readonly fresh: Columns },
): Promise<readonly Statement[]> {
  const { timestampsMs: times } = fresh
  // There were only marks of the end of a series.
  if (times.length === 0) return []
  const blocks = await store.read<BlockRow>(readKept, [seriesId, times[0] as number, times.at(-1) as number])
  const older = blocks
    .filter(({ t0, t1 }) => firstFrom(times, t0) < firstFrom(times, t1 + 1))
    .map((block) => samplesOf(block))
  const { deleted, added } = rewrite(seriesId, blocks, combine(older, fresh, part))
  return [...deleted.map(deleteBlock), ...added.map(insertBlock)]
}
