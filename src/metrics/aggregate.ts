/**
 * Aggregates by time bucket: one pass over the samples, in the order series, then time, that keeps a few numbers for each
 * group and bucket and never the samples. How many results there may be is bounded.
 */
import { PlimsollError } from '../errors.ts'
import {
  type AggregatePoint,
  type AggregateQuery,
  type BlockSummary,
  checkAggregate,
  isSummary,
  type Piece,
  stepOf,
} from './aggregate-words.ts'
import { numbersOf } from './columns.ts'
import { type Fold, foldOf } from './folds.ts'
import type { Window } from './rate.ts'
import { withoutStale } from './stale.ts'
import type { Batch, Labels, Series } from './words.ts'

/** Some 100 bytes each; of percentiles 300, beside their values. */
const mostResults = 250_000

type Group = {
  readonly name: string
  readonly labels: Labels
  /** By number of the bucket. */
  readonly indexes: Map<number, number>
  lastBucket: number
  /** So far the buckets came in the order of time, as those of one series do. */
  isAscending: boolean
}

export class Aggregation {
  readonly #query: AggregateQuery
  readonly #stepMs: number
  readonly #fold: Fold
  readonly #mostResults: number
  readonly #groups = new Map<string, Group>()
  #results = 0

  /** @throws METRIC_QUERY_INVALID */
  constructor(query: AggregateQuery) {
    checkAggregate(query.aggregate)
    this.#query = query
    this.#stepMs = stepOf(query.stepSeconds)
    this.#fold = foldOf(query.aggregate)
    this.#mostResults = Math.min(query.maxResults ?? mostResults, mostResults)
  }

  /** Of samples in one bucket of so many milliseconds a summary does as well as they; null: of none. */
  get summaryStepMs(): number | null {
    return this.#fold.addSummary === undefined ? null : this.#stepMs
  }

  /** Only while `summaryStepMs` is not null. @throws METRIC_QUERY_TOO_LARGE */
  addSummary(summary: BlockSummary): void {
    const index = this.#indexOf(this.#groupOf(summary.series), this.#bucketOf(summary.firstMs))
    this.#fold.addSummary?.(index, summary)
  }

  /** @throws METRIC_QUERY_TOO_LARGE */
  add(batch: Batch): void {
    const { timestampsMs, values } = withoutStale({ ...batch, values: numbersOf(batch) })
    const group = this.#groupOf(batch.series)
    const seriesKey = keyOf(batch.series, Object.keys(batch.series.labels).sort())
    const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = this.#query
    let begin = 0
    while (begin < timestampsMs.length && (timestampsMs[begin] ?? 0) < fromMs) begin += 1
    while (begin < timestampsMs.length && (timestampsMs[begin] ?? 0) < toMs) {
      const bucket = this.#bucketOf(timestampsMs[begin] ?? 0)
      const window = this.#windowOf(bucket)
      let end = begin + 1
      while (end < timestampsMs.length && (timestampsMs[end] ?? 0) < window.toMs) end += 1
      const index = this.#indexOf(group, bucket)
      this.#fold.add({ index, seriesKey, window }, { timestampsMs, values, begin, end })
      begin = end
    }
  }

  /** Group after group, each in the order of time. Nothing is added afterwards. */
  *points(): Iterable<AggregatePoint> {
    for (const { name, labels, indexes, isAscending } of this.#groups.values()) {
      const buckets = isAscending ? indexes : [...indexes].sort(([left], [right]) => left - right)
      for (const [bucket, index] of buckets) {
        const value = this.#fold.at(index)
        if (value !== undefined) yield { name, labels, timestampMs: bucket * this.#stepMs, value }
      }
    }
  }

  #bucketOf(timestampMs: number): number {
    return Math.floor(timestampMs / this.#stepMs)
  }

  /** The first and the last bucket end where the query does. */
  #windowOf(bucket: number): Window {
    const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = this.#query
    const beginMs = bucket * this.#stepMs
    return { fromMs: Math.max(beginMs, fromMs), toMs: Math.min(beginMs + this.#stepMs, toMs) }
  }

  #groupOf(series: Series): Group {
    const by = this.#query.groupBy ?? []
    const key = keyOf(series, by)
    const known = this.#groups.get(key)
    if (known !== undefined) return known
    const labels = Object.fromEntries(
      by.flatMap((label) => {
        const value = Object.hasOwn(series.labels, label) ? series.labels[label] : undefined
        return value ? [[label, value]] : []
      }),
    )
    const order = { lastBucket: Number.NEGATIVE_INFINITY, isAscending: true }
    const group = { name: series.name, labels, indexes: new Map<number, number>(), ...order }
    this.#groups.set(key, group)
    return group
  }

  #indexOf(group: Group, bucket: number): number {
    const isNext = group.isAscending && bucket > group.lastBucket
    const known = isNext ? undefined : group.indexes.get(bucket)
    if (known !== undefined) return known
    if (this.#results >= this.#mostResults)
      throw new PlimsollError(
        'METRIC_QUERY_TOO_LARGE',
        `the query has more than ${this.#mostResults} results: ${this.#groups.size} groups so far, in buckets of ${this.#query.stepSeconds} s`,
      )
    const index = this.#results
    this.#results += 1
    group.indexes.set(bucket, index)
    group.isAscending = isNext
    group.lastBucket = bucket
    return index
  }
}

const keyOf = ({ name, labels }: Series, by: readonly string[]): string =>
  JSON.stringify([name, ...by.map((label) => (Object.hasOwn(labels, label) ? [label, labels[label]] : ''))])

/** Null: what came before does not belong together, and everything comes anew when it is asked for again. */
type Pieces = AsyncIterable<Piece | null> | Iterable<Piece | null>

/**
 * Pieces must come series after series, each in the order of time; summaries only for buckets of the step that is told.
 * @throws METRIC_QUERY_INVALID, METRIC_QUERY_TOO_LARGE
 */
export function aggregate(
  pieces: (summaryStepMs: number | null) => Pieces,
  query: AggregateQuery,
): AsyncIterable<AggregatePoint> {
  return { [Symbol.asyncIterator]: () => new PointIterator(() => pointsOf(pieces, query)) }
}

async function pointsOf(
  pieces: (summaryStepMs: number | null) => Pieces,
  query: AggregateQuery,
): Promise<Iterator<AggregatePoint>> {
  const aggregation = new Aggregation(query)
  for await (const piece of pieces(aggregation.summaryStepMs)) {
    if (piece === null) return await pointsOf(pieces, query)
    if (isSummary(piece)) aggregation.addSummary(piece)
    else aggregation.add(piece)
  }
  return aggregation.points()[Symbol.iterator]()
}

/** By hand and not as a generator, which takes three turns for each point. */
class PointIterator implements AsyncIterator<AggregatePoint> {
  readonly #read: () => Promise<Iterator<AggregatePoint>>
  #reading: Promise<Iterator<AggregatePoint>> | null = null
  #points: Iterator<AggregatePoint> | null = null

  constructor(read: () => Promise<Iterator<AggregatePoint>>) {
    this.#read = read
  }

  next(): Promise<IteratorResult<AggregatePoint>> {
    if (this.#points !== null) return Promise.resolve(this.#points.next())
    this.#reading ??= this.#read()
    return this.#reading.then((points) => {
      this.#points = points
      return points.next()
    })
  }
}
