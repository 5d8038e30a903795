/** The newest sample of each series: one block of each is read. */
import type { Store } from '../store/store.ts'
import { samplesOf } from './blocks.ts'
import type { Head, HeadColumns } from './head.ts'
import { merge } from './merge.ts'
import type { ReadPlan } from './reader.ts'
import { sampleAt } from './sample-stream.ts'
import { type KnownSeries, seriesOf } from './series-reader.ts'
import { idList, padded, pagesOf, type VisibleBlock } from './statements.ts'
import { nextTurn } from './turn.ts'
import type { Columns, Sample } from './words.ts'

const readNewest = `
  select b.series_id, b.t0, b.t1, b.n, b.data
  from (
    select series_id, max(t1) as t1 from metric_visible_blocks where series_id in (${idList}) group by series_id
  ) newest
  join metric_visible_blocks b on b.series_id = newest.series_id and b.t1 = newest.t1`

const none: Columns = { timestampsMs: new Float64Array(), values: new Float64Array(), kinds: null }

export async function* latestSamples(
  store: Store,
  head: Head,
  { query, test }: ReadPlan,
): AsyncGenerator<Sample> {
  const columns = await head.read()
  for await (const found of seriesOf(store, query, { test })) {
    for (const page of pagesOf(found)) {
      for (const sample of await newestOf(store, page, columns)) if (sample !== undefined) yield sample
      await nextTurn()
    }
  }
}

/** Of at most `idsAtOnce` series, in their order; undefined: it has none. */
export async function newestOf(
  store: Store,
  page: readonly KnownSeries[],
  columns: HeadColumns,
): Promise<readonly (Sample | undefined)[]> {
  const rows = await store.read<VisibleBlock>(readNewest, padded(page.map(({ id }) => id)))
  const blocks = new Map(rows.map((row) => [row.series_id, row]))
  return page.map((series) => {
    const block = blocks.get(series.id)
    const all = merge(block ? samplesOf(block) : none, columns.get(series.id) ?? none)
    const last = all.timestampsMs.length - 1
    return last < 0 ? undefined : sampleAt({ series, ...all }, last)
  })
}

/** The newest of all; null when there is none. */
export async function latestOf(samples: AsyncIterable<Sample>): Promise<Sample | null> {
  let latest: Sample | null = null
  for await (const sample of samples) {
    if (latest === null || sample.timestampMs > latest.timestampMs) latest = sample
  }
  return latest
}
