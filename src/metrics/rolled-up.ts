/**
 * What a query needs of a name whose old samples were put together: the samples that are left and what is kept of the others,
 * as of one moment, also while a rule moves some of them from here to there.
 */
import type { Store } from '../store/store.ts'
import { Aggregation } from './aggregate.ts'
import { type AggregateQuery, type BlockSummary, isSummary, type Piece } from './aggregate-words.ts'
import type { Head } from './head.ts'
import { findSeries } from './known-series.ts'
import { compileSelector, type SeriesTest } from './matchers.ts'
import { rangeOf, readPieces, readSeries } from './reader.ts'
import { type Part, partName, partsOf, summaryOfPart } from './roll-up.ts'
import { LentRoom } from './room.ts'
import { SeriesCache } from './series-cache.ts'
import { keyOf } from './series-key.ts'
import { type KnownSeries, seriesOf } from './series-reader.ts'
import { idList, padded, pagesOf } from './statements.ts'
import { nextTurn } from './turn.ts'
import type { Batch, Labels } from './words.ts'

type Named = AggregateQuery & { readonly name: string }

/** The samples or what is known of them; null when what was read until then does not count, and all has to be read again. */
export async function* readForAggregate(
  store: Store,
  head: Head,
  { query, stepMs }: { readonly query: AggregateQuery; readonly stepMs: number | null },
): AsyncGenerator<Piece | null> {
  const test = await compileSelector(query)
  if (await hasRolledUp(store, query)) yield* readRolledUp(store, head, { query, test })
  else {
    yield* readPieces(store, head, { query, test, stepMs, room: new LentRoom() })
    // The first step of all was put together meanwhile.
    if (await hasRolledUp(store, query)) yield null
  }
}

/** Whether there may be something of what is read here: only of one name, and of aggregates that need no single samples. */
async function hasRolledUp(store: Store, query: AggregateQuery): Promise<boolean> {
  if (query.name === undefined || partsOf[query.aggregate] === undefined) return false
  const sql = 'select id from metric_series where name = ?1 limit 1'
  return (await store.read(sql, [partName(query.name, 'count')])).length > 0
}

/** The samples that are left, too. What a bucket has of some series comes as one summary for each part that is needed. */
async function* readRolledUp(
  store: Store,
  head: Head,
  { query, test }: { readonly query: AggregateQuery; readonly test: SeriesTest },
): AsyncGenerator<BlockSummary> {
  const { name } = query
  if (name === undefined) return
  // The names of both have the same labels; at most as many as a name may have series.
  const seen = new Set<string>()
  for (const one of [partName(name, 'count'), name]) {
    const selected: SeriesTest = ({ labels }) => test({ name, labels })
    for await (const found of seriesOf(store, { name: one }, { test: selected })) {
      const fresh = found.filter(({ labels }) => !seen.has(keyOf('', labels)))
      for (const { labels } of fresh) seen.add(keyOf('', labels))
      for (const page of pagesOf(fresh.map(({ labels }) => labels)))
        yield* readAsOfOneMoment(store, head, { query: { ...query, name }, page })
    }
  }
}

type PagePlan = { readonly query: Named; readonly page: readonly Labels[] }

/** Again where a rule has been at one of them meanwhile: that takes as many samples away as are left for the next time. */
async function* readAsOfOneMoment(
  store: Store,
  head: Head,
  { query, page }: PagePlan,
): AsyncGenerator<BlockSummary> {
  const summaries = await readPage(store, head, { query, page })
  await nextTurn()
  if (summaries !== null) {
    yield* summaries
    return
  }
  const middle = Math.ceil(page.length / 2)
  for (const half of [page.slice(0, middle), page.slice(middle)])
    if (half.length > 0) yield* readAsOfOneMoment(store, head, { query, page: half })
}

/** Null when it changed while it was read. */
async function readPage(store: Store, head: Head, plan: PagePlan): Promise<Iterable<BlockSummary> | null> {
  const { query, page } = plan
  const { name } = query
  const parts = partsOf[query.aggregate] ?? []
  const counts = await knownSeries(store, partName(name, 'count'), page)
  const before = await formOf(store, counts)
  const found = parts.map((part) => ({ part, aggregation: new Aggregation({ ...query, aggregate: part }) }))
  // The chunks first: what leaves them meanwhile is seen in both, and once.
  const columns = await head.read()
  const range = rangeOf(query)
  const [first] = found
  const stepMs = first?.aggregation.summaryStepMs ?? null
  for await (const piece of readSeries(store, await knownSeries(store, name, page), {
    columns,
    range,
    stepMs,
  }))
    for (const { aggregation } of found)
      isSummary(piece) ? aggregation.addSummary(piece) : aggregation.add(piece)
  for (const { part, aggregation } of found) {
    const kept = await knownSeries(store, partName(name, part), page)
    for await (const piece of readSeries(store, kept, { columns, range, stepMs: null }))
      addPart(aggregation, part, { ...(piece as Batch), series: { name, labels: piece.series.labels } })
  }
  if ((await formOf(store, counts)) !== before) return null
  return summariesOf(found)
}

function addPart(aggregation: Aggregation, part: Part, { series, timestampsMs, values }: Batch): void {
  for (const [index, value] of values.entries())
    aggregation.addSummary(summaryOfPart(series, part, { timestampMs: timestampsMs[index] as number, value }))
}

function* summariesOf(
  found: readonly { readonly part: Part; readonly aggregation: Aggregation }[],
): Iterable<BlockSummary> {
  for (const { part, aggregation } of found)
    for (const point of aggregation.points()) yield summaryOfPart(point, part, point)
}

/** In the order of their ids; also those that do not exist, which have no samples. */
async function knownSeries(
  store: Store,
  name: string,
  page: readonly Labels[],
): Promise<readonly KnownSeries[]> {
  const cache = new SeriesCache()
  const entries = page.map((labels) => cache.entryOf(name, labels))
  await findSeries(store, new Set(entries), { head: new Map(), limits: null })
  return entries.map(({ id, labels }) => ({ id, name, labels })).sort((one, other) => one.id - other.id)
}

/** Every step that a rule puts together adds to the count of one. */
const readForm = `
  select series_id, count(*) as blocks, sum(n) as n, sum(sum) as samples from metric_visible_blocks
  where series_id in (${idList}) group by series_id order by series_id`

const formOf = async (store: Store, counts: readonly KnownSeries[]): Promise<string> =>
  JSON.stringify(await store.read(readForm, padded(counts.map(({ id }) => id))))
