/** What is asked of aggregates, and what comes back. */
import { PlimsollError } from '../errors.ts'
import type { Batch, Labels, SampleQuery, Series } from './words.ts'

const plainAggregates = [
  'avg',
  'min',
  'max',
  'sum',
  'count',
  'first',
  'last',
  'stddev',
  'rate',
  'increase',
] as const
type PlainAggregate = (typeof plainAggregates)[number]
/** `p95`, `p99.9`: from p0, the smallest value, to p100, the greatest. */
type PercentileName = `p${number}`
export type Aggregate = PlainAggregate | PercentileName

export type AggregateQuery = SampleQuery & {
  readonly aggregate: Aggregate
  /** A bucket holds the samples from a multiple of this since 1970 on and before the next. At least 0.001. */
  readonly stepSeconds: number
  /** Series of one name that agree in these labels are one group. Default: all series of a name. */
  readonly groupBy?: readonly string[]
  /** The most results, groups times buckets. Default and most 250,000. */
  readonly maxResults?: number
}

/** A bucket without samples has no point. */
export type AggregatePoint = {
  readonly name: string
  /** Those of `groupBy` that the series have. */
  readonly labels: Labels
  /** The begin of the bucket. */
  readonly timestampMs: number
  readonly value: number
}

/** What is known of samples of one series that nobody needs to read: none of them NaN, each a number. */
export type BlockSummary = {
  readonly series: Series
  readonly firstMs: number
  readonly lastMs: number
  readonly count: number
  readonly min: number
  readonly max: number
  readonly sum: number
}

export type Piece = Batch | BlockSummary
export const isSummary = (piece: Piece): piece is BlockSummary => 'sum' in piece

/** From 0 to 1; undefined when the aggregate is no percentile. */
export function quantileOf(aggregate: string): number | undefined {
  const text = /^p(\d{1,3}(?:\.\d{1,3})?)$/.exec(aggregate)?.[1]
  return text !== undefined && Number(text) <= 100 ? Number(text) / 100 : undefined
}

/** @throws METRIC_QUERY_INVALID */
export function checkAggregate(aggregate: string): void {
  if (quantileOf(aggregate) === undefined && !plainAggregates.some((name) => name === aggregate))
    throw new PlimsollError(
      'METRIC_QUERY_INVALID',
      `there is no aggregate ${JSON.stringify(aggregate)}; expected ${plainAggregates.join(', ')} or a percentile such as p50, p99 or p99.9`,
    )
}

/** Milliseconds. @throws METRIC_QUERY_INVALID */
export function stepOf(stepSeconds: number): number {
  const stepMs = stepSeconds * 1_000
  if (!(stepMs >= 1) || stepMs > Number.MAX_SAFE_INTEGER || Math.abs(stepMs - Math.round(stepMs)) > 1e-6)
    throw new PlimsollError(
      'METRIC_QUERY_INVALID',
      `stepSeconds is ${stepSeconds}; expected whole milliseconds, at least 0.001`,
    )
  return Math.round(stepMs)
}
