/** Which metrics there are: their names, their labels, and how many samples they have. */
import type { Store } from '../store/store.ts'
import { countSeries } from './count.ts'
import type { Head } from './head.ts'
import { compileSelector } from './matchers.ts'
import { seriesOf } from './series-reader.ts'
import type { Labels, SampleQuery, SeriesQuery } from './words.ts'

export type MetricSummary = {
  readonly name: string
  readonly series: number
  readonly samples: number
  readonly firstMs: number
  readonly lastMs: number
}

export async function namesOf(store: Store, prefix: string): Promise<readonly string[]> {
  const rows = await store.read<{ readonly name: string }>(
    'select distinct name from metric_series where substr(name, 1, ?1) = ?2 order by name',
    [prefix.length, prefix],
  )
  return rows.map(({ name }) => name)
}

export async function labelSetsOf(store: Store, query: SeriesQuery): Promise<readonly Labels[]> {
  const all: Labels[] = []
  const test = await compileSelector(query)
  for await (const page of seriesOf(store, query, { test })) for (const { labels } of page) all.push(labels)
  return all
}

export async function summariesOf(
  store: Store,
  head: Head,
  query: SampleQuery,
): Promise<readonly MetricSummary[]> {
  const byName = new Map<string, MetricSummary>()
  const test = await compileSelector(query)
  for await (const found of countSeries(store, head, { query, test })) {
    const { name } = found.series
    const before = byName.get(name)
    byName.set(name, {
      name,
      series: (before?.series ?? 0) + 1,
      samples: (before?.samples ?? 0) + found.samples,
      firstMs: Math.min(before?.firstMs ?? found.firstMs, found.firstMs),
      lastMs: Math.max(before?.lastMs ?? found.lastMs, found.lastMs),
    })
  }
  return [...byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
}
