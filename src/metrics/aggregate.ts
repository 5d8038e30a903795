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
import { firstFrom, numbersOf } from './columns.ts'
import { type Fold, foldOf, type Run } from './folds.ts'
import { IndexList } from './index-list.ts'
import { NumberList } from './number-list.ts'
import type { Window } from './rate.ts'
import { withoutStale } from './stale.ts'
import type { Batch, Labels, Series } from './words.ts'

/** Some 100 bytes each; of percentiles 300, beside their values. */
const mostResults = 250_000

type Group = {
  readonly name: string
  readonly labels: Labels
  /** Of its results, in the order in which their buckets came. */
  readonly indexes: IndexList
  /** By number of the bucket; made when one comes again that is not the last. */
  known: Map<number, number> | null
  lastBucket: number
  /** So far the buckets came in the order of time, as those of one series do. */
  isAscending: boolean
}

type Place = { readonly series: Series; readonly seriesKey: string; readonly group: Group }

type Indexes = { readonly length: number; at(place: number): number | undefined }

export class Aggregation {
  readonly #query: AggregateQuery
  readonly #stepMs: number
  readonly #fold: Fold
  readonly #mostResults: number
  readonly #groups = new Map<string, Group>()
  /** Batches of a series come one after the other. */
  #last: Place | null = null
  /** Of each result. */
  readonly #buckets: NumberList
  /** Given back with the last point. */
  readonly #lists: NumberList[] = []
  #results = 0

  /** @throws METRIC_QUERY_INVALID */
  constructor(query: AggregateQuery) {
    checkAggregate(query.aggregate)
    this.#query = query
    this.#stepMs = stepOf(query.stepSeconds)
    const listOf = (initial: number): NumberList => {
      const list = new NumberList(initial)
      this.#lists.push(list)
      return list
    }
    this.#buckets = listOf(0)
    this.#fold = foldOf(query.aggregate, listOf, (bucket) => this.#windowOf(bucket))
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
    const { timestampsMs, values } = withoutStale({
      timestampsMs: batch.timestampsMs,
      values: numbersOf(batch),
    })
    if (batch.series !== this.#last?.series) this.#last = this.#placeOf(batch.series)
    const { group, seriesKey } = this.#last
    const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = this.#query
    const run: Run = { seriesKey, timestampsMs, values, begin: 0, end: 0, index: 0, bucket: 0 }
    const last = firstFrom(timestampsMs, toMs)
    let at = firstFrom(timestampsMs, fromMs)
    while (at < last) {
      run.begin = at
      run.bucket = this.#bucketOf(timestampsMs[at] as number)
      const endMs = (run.bucket + 1) * this.#stepMs
      at += 1
      while (at < last && (timestampsMs[at] as number) < endMs) at += 1
      run.end = at
      run.index = this.#indexOf(group, run.bucket)
      this.#fold.add(run)
    }
  }

  /** Group after group, each in the order of time. Nothing is added afterwards. */
  points(): IterableIterator<AggregatePoint> {
    const groups = this.#groups.values()
    let group: Group | undefined
    let indexes: Indexes = new IndexList()
    let at = 0
    // By hand and not as a generator: half the time, and there may be many.
    const next = (): IteratorResult<AggregatePoint> => {
      while (true) {
        while (group !== undefined && at < indexes.length) {
          const index = indexes.at(at++) as number
          const value = this.#fold.at(index)
          if (value === undefined) continue
          const { name, labels } = group
          const timestampMs = this.#buckets.at(index) * this.#stepMs
          return { done: false, value: { name, labels, timestampMs, value } }
        }
        group = groups.next().value
        if (group === undefined) {
          for (const list of this.#lists) list.letGo()
          return { done: true, value: undefined }
        }
        indexes = this.#inOrder(group)
        at = 0
      }
    }
    return {
      next,
      [Symbol.iterator]() {
        return this
      },
    }
  }

  #inOrder({ indexes, isAscending }: Group): Indexes {
    const buckets = this.#buckets
    return isAscending ? indexes : [...indexes].sort((left, right) => buckets.at(left) - buckets.at(right))
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

  #placeOf(series: Series): Place {
    const seriesKey = keyOf(series, Object.keys(series.labels).sort())
    return { series, seriesKey, group: this.#groupOf(series) }
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
    const order = { known: null, lastBucket: Number.NEGATIVE_INFINITY, isAscending: true }
    const group: Group = { name: series.name, labels, indexes: new IndexList(), ...order }
    this.#groups.set(key, group)
    return group
  }

  #indexOf(group: Group, bucket: number): number {
    const isNext = bucket > group.lastBucket
    const known = isNext ? undefined : this.#knownIn(group, bucket)
    if (known !== undefined) return known
    if (this.#results >= this.#mostResults)
      throw new PlimsollError(
        'METRIC_QUERY_TOO_LARGE',
        `the query has more than ${this.#mostResults} results: ${this.#groups.size} groups so far, in buckets of ${this.#query.stepSeconds} s`,
      )
    const index = this.#results
    this.#results += 1
    group.indexes.add(index)
    group.known?.set(bucket, index)
    this.#buckets.set(index, bucket)
    if (isNext) group.lastBucket = bucket
    else group.isAscending = false
    return index
  }

  #knownIn(group: Group, bucket: number): number | undefined {
    if (bucket === group.lastBucket && group.isAscending) return group.indexes.at(group.indexes.length - 1)
    group.known ??= new Map([...group.indexes].map((index) => [this.#buckets.at(index), index]))
    return group.known.get(bucket)
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
  return aggregation.points()
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
