/**
 * Reads samples in order of series and time. A read sees at least what was committed when it began, each sample once; it
 * holds nothing open, whatever its consumer does.
 */
import type { Store } from '../store/store.ts'
import type { BlockSummary, Piece } from './aggregate-words.ts'
import { afterLastMs, blocksOrSummaries, firstMs, samplesOf } from './blocks.ts'
import { cut, firstFrom, within } from './columns.ts'
import type { Head, HeadColumns } from './head.ts'
import type { SeriesTest } from './matchers.ts'
import { merge } from './merge.ts'
import type { Room } from './room.ts'
import { type KnownSeries, seriesOf } from './series-reader.ts'
import { pagesOf, type SummaryRow } from './statements.ts'
import { nextTurn } from './turn.ts'
import type { Batch, Columns, SampleQuery } from './words.ts'

/** Where a reading begins: behind this time of this series. */
export type StartAfter = { readonly seriesId: number; readonly afterMs: number }

export type ReadPlan = {
  readonly query: SampleQuery
  readonly test: SeriesTest
  readonly start?: StartAfter | undefined
}

export type KnownBatch = Batch & { readonly series: KnownSeries }

const none: Columns = { timestampsMs: new Float64Array(), values: new Float64Array(), kinds: null }

/**
 * For buckets of `stepMs`; without it, and where they are not known, there are no summaries. Columns are the reader's own,
 * or in `room` until he asks for more.
 */
export type SummaryPlan = ReadPlan & { readonly stepMs: number | null; readonly room?: Room | undefined }

export const readBatches = (store: Store, head: Head, plan: ReadPlan): AsyncGenerator<KnownBatch> =>
  readPieces(store, head, { ...plan, stepMs: null }) as AsyncGenerator<KnownBatch>

/** The same, with summaries instead of the samples of blocks that lie whole in a bucket. */
export async function* readPieces(
  store: Store,
  head: Head,
  { query, test, start, stepMs, room }: SummaryPlan,
): AsyncGenerator<Piece> {
  // The chunks first: what is moved into blocks meanwhile is seen in both, and once.
  const columns = await head.read()
  const range = rangeOf(query)
  const fromId = start?.seriesId ?? 0
  for await (const found of seriesOf(store, query, { test, fromId })) {
    const begun = found.filter(({ id }) => id === start?.seriesId)
    const later = found.filter(({ id }) => id !== start?.seriesId)
    const fromMs = Math.max(range.fromMs, (start?.afterMs ?? firstMs) + 1)
    yield* readSeries(store, begun, { columns, range: { ...range, fromMs }, stepMs, room })
    for (const page of pagesOf(later)) {
      yield* readSeries(store, page, { columns, range, stepMs, room })
      await nextTurn()
    }
  }
}

type Range = { readonly fromMs: number; readonly toMs: number }
type PagePlan = Pick<SummaryPlan, 'stepMs' | 'room'> & {
  readonly columns: HeadColumns
  readonly range: Range
}

export const rangeOf = ({ fromMs = firstMs, toMs = afterLastMs }: SampleQuery): Range => ({ fromMs, toMs })

/** At most `idsAtOnce`, in the order of their ids. */
export async function* readSeries(
  store: Store,
  page: readonly KnownSeries[],
  { columns, range, stepMs, room }: PagePlan,
): AsyncGenerator<Piece> {
  if (page.length === 0 || range.fromMs >= range.toMs) return
  const seriesIds = page.map(({ id }) => id)
  // What is not in blocks yet may replace samples of them.
  const freshMs = seriesIds.map((id) => columns.get(id)?.timestampsMs[0] ?? afterLastMs)
  const buckets = stepMs === null ? null : { stepMs, beforeMs: Math.min(...freshMs) }
  const blocks = blocksOrSummaries(store, { seriesIds, ...range }, buckets)
  let next = await blocks.next()
  try {
    for (const series of page) {
      let fresh = within(columns.get(series.id) ?? none, range.fromMs, range.toMs)
      let fromMs = range.fromMs
      while (!next.done && next.value.series_id === series.id) {
        const block = next.value
        if (block.data === null) {
          yield summaryOf(series, block)
          fromMs = block.t1 + 1
          next = await blocks.next()
          continue
        }
        const count = firstFrom(fresh.timestampsMs, block.t1 + 1)
        const stored = within(samplesOf(block, room), fromMs, range.toMs)
        const all = merge(stored, cut(fresh, 0, count))
        if (all.timestampsMs.length > 0) yield { series, ...all }
        fresh = cut(fresh, count, fresh.timestampsMs.length)
        // A block that was rewritten meanwhile may begin before the end of the last.
        fromMs = Math.max(fromMs, block.t1 + 1)
        next = await blocks.next()
      }
      if (fresh.timestampsMs.length > 0) yield { series, ...fresh }
    }
  } finally {
    await blocks.return(undefined)
  }
}

const summaryOf = (series: KnownSeries, { t0, t1, n, min, max, sum }: SummaryRow): BlockSummary => ({
  series,
  firstMs: t0,
  lastMs: t1,
  count: n,
  min,
  max,
  sum,
})
