/** How many samples a query has, series by series, without reading those that nobody wants. */
import type { Store } from '../store/store.ts'
import { decodeBlock } from './block-codec.ts'
import { afterLastMs, firstMs } from './blocks.ts'
import { firstFrom, within } from './columns.ts'
import type { Head, HeadColumns } from './head.ts'
import { type ReadPlan, readBatches } from './reader.ts'
import { type KnownSeries, seriesOf } from './series-reader.ts'
import { idList, padded, pagesOf, type VisibleBlock } from './statements.ts'
import { nextTurn } from './turn.ts'

export type SeriesCount = {
  readonly series: KnownSeries
  readonly samples: number
  readonly firstMs: number
  readonly lastMs: number
}

type Totals = {
  readonly series_id: number
  readonly n: number
  readonly t0: number
  readonly t1: number
  readonly data: null
}

/**
 * Whole blocks of the range, from the index alone; and with their data those across a border of it, at most two a series,
 * and across the time that was deleted before, at most one. In one reading: a deletion may be committed meanwhile.
 */
const readPieces = `
  select series_id, sum(n) as n, min(t0) as t0, max(t1) as t1, null as data
  from metric_visible_blocks
  where series_id in (${idList}) and t1 >= ?65 and t1 < ?66 and t0 >= ?65 and n is not null
  group by series_id
  union all
  select series_id, n, t0, t1, data
  from metric_visible_blocks
  where series_id in (${idList}) and t1 >= ?65 and t0 < ?66 and (t0 < ?65 or t1 >= ?66 or n is null)`

/** Only series that have samples in the range. */
export async function* countSeries(store: Store, head: Head, plan: ReadPlan): AsyncGenerator<SeriesCount> {
  const columns = await head.read()
  const { query, test } = plan
  for await (const found of seriesOf(store, query, { test })) {
    for (const page of pagesOf(found)) {
      yield* countPage(store, page, { head, columns, plan })
      await nextTurn()
    }
  }
}

async function* countPage(
  store: Store,
  page: readonly KnownSeries[],
  { head, columns, plan }: { readonly head: Head; readonly columns: HeadColumns; readonly plan: ReadPlan },
): AsyncGenerator<SeriesCount> {
  const { fromMs = firstMs, toMs = afterLastMs } = plan.query
  const parameters = [...padded(page.map(({ id }) => id)), fromMs, toMs]
  const stored = await store.read<Totals | VisibleBlock>(readPieces, parameters)
  const piecesOf = (piece: Totals | VisibleBlock): readonly Totals[] =>
    piece.data === null ? [piece] : inside(piece, fromMs, toMs)
  const pieces = Map.groupBy(stored.flatMap(piecesOf), (piece) => piece.series_id)
  for (const series of page) {
    const inBlocks = sumOf(pieces.get(series.id) ?? [])
    const { timestampsMs } = columns.get(series.id) ?? { timestampsMs: new Float64Array() }
    const fresh = timestampsMs.subarray(firstFrom(timestampsMs, fromMs), firstFrom(timestampsMs, toMs))
    const count =
      fresh.length > 0 && (fresh[0] as number) <= inBlocks.lastMs
        ? // Some may be there twice: the one that counts is known when they are merged.
          await countOne(store, head, { plan, series })
        : sumOf([
            { n: inBlocks.samples, t0: inBlocks.firstMs, t1: inBlocks.lastMs },
            { n: fresh.length, t0: fresh[0] ?? afterLastMs, t1: fresh.at(-1) ?? firstMs - 1 },
          ])
    if (count.samples > 0) yield { series, ...count }
  }
}

type Piece = Pick<Totals, 'n' | 't0' | 't1'>
type Count = Omit<SeriesCount, 'series'>

const sumOf = (pieces: readonly Piece[]): Count => ({
  samples: pieces.reduce((sum, { n }) => sum + n, 0),
  firstMs: Math.min(afterLastMs, ...pieces.map(({ t0 }) => t0)),
  lastMs: Math.max(firstMs - 1, ...pieces.map(({ t1 }) => t1)),
})

function inside({ series_id, t0, t1, data }: VisibleBlock, fromMs: number, toMs: number): readonly Totals[] {
  const { timestampsMs } = within(decodeBlock(data), Math.max(fromMs, t0), Math.min(toMs, t1 + 1))
  const n = timestampsMs.length
  if (n === 0) return []
  return [{ series_id, n, t0: timestampsMs[0] as number, t1: timestampsMs[n - 1] as number, data: null }]
}

async function countOne(
  store: Store,
  head: Head,
  { plan, series }: { readonly plan: ReadPlan; readonly series: KnownSeries },
): Promise<Count> {
  const pieces: Piece[] = []
  const one = {
    query: { ...plan.query, name: series.name },
    test: (other: object): boolean => 'id' in other && other.id === series.id,
    start: { seriesId: series.id, afterMs: firstMs - 1 },
  }
  for await (const { timestampsMs, series: found } of readBatches(store, head, one)) {
    if (found.id !== series.id) break
    pieces.splice(0, pieces.length, mergedPiece(pieces[0], timestampsMs))
  }
  return sumOf(pieces)
}

const mergedPiece = (before: Piece | undefined, times: Float64Array): Piece => ({
  n: (before?.n ?? 0) + times.length,
  t0: before?.t0 ?? (times[0] as number),
  t1: times.at(-1) as number,
})
