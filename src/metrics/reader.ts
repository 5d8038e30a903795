/**
 * Reads samples in order of series and time. A read sees at least what was committed when it began, each sample once; it
 * holds nothing open, whatever its consumer does.
 */
import type { Store } from '../store/store.ts'
import { afterLastMs, blocksOf, firstMs, samplesOf } from './blocks.ts'
import { cut, firstFrom, within } from './columns.ts'
import type { Head, HeadColumns } from './head.ts'
import type { SeriesTest } from './matchers.ts'
import { merge } from './merge.ts'
import { type KnownSeries, seriesOf } from './series-reader.ts'
import { pagesOf } from './statements.ts'
import { nextTurn } from './turn.ts'
import type { Batch, Columns, SampleQuery } from './words.ts'

/** Where a reading begins: behind this time of this series. */
export type StartAfter = { readonly seriesId: number; readonly afterMs: number }

export type ReadPlan = {
  readonly query: SampleQuery
  readonly test: SeriesTest
  readonly start?: StartAfter | undefined
  readonly signal?: AbortSignal | undefined
}

export type KnownBatch = Batch & { readonly series: KnownSeries }

const none: Columns = { timestampsMs: new Float64Array(), values: new Float64Array(), kinds: null }

export async function* readBatches(
  store: Store,
  head: Head,
  { query, test, start }: ReadPlan,
): AsyncGenerator<KnownBatch> {
  // The chunks first: what is moved into blocks meanwhile is seen in both, and once.
  const columns = await head.read()
  const range = { fromMs: query.fromMs ?? firstMs, toMs: query.toMs ?? afterLastMs }
  const fromId = start?.seriesId ?? 0
  for await (const found of seriesOf(store, query, { test, fromId })) {
    const begun = found.filter(({ id }) => id === start?.seriesId)
    const later = found.filter(({ id }) => id !== start?.seriesId)
    const fromMs = Math.max(range.fromMs, (start?.afterMs ?? firstMs) + 1)
    yield* readPage(store, begun, { columns, range: { ...range, fromMs } })
    for (const page of pagesOf(later)) {
      yield* readPage(store, page, { columns, range })
      await nextTurn()
    }
  }
}

type Range = { readonly fromMs: number; readonly toMs: number }

async function* readPage(
  store: Store,
  page: readonly KnownSeries[],
  { columns, range }: { readonly columns: HeadColumns; readonly range: Range },
): AsyncGenerator<KnownBatch> {
  if (page.length === 0 || range.fromMs >= range.toMs) return
  const blocks = blocksOf(store, { seriesIds: page.map(({ id }) => id), ...range })
  let next = await blocks.next()
  try {
    for (const series of page) {
      let fresh = within(columns.get(series.id) ?? none, range.fromMs, range.toMs)
      let fromMs = range.fromMs
      while (!next.done && next.value.series_id === series.id) {
        const block = next.value
        const count = firstFrom(fresh.timestampsMs, block.t1 + 1)
        const stored = within(samplesOf(block), fromMs, range.toMs)
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
