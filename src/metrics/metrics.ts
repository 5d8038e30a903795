/**
 * The metrics: samples in, streams of them out, in bounded memory, kept beside the journal in SQLite or PostgreSQL. What
 * was acknowledged is there, once, whatever ends the process. It asks no machine for numbers and draws no charts.
 */
export type { Aggregate, AggregatePoint, AggregateQuery } from './aggregate-words.ts'
export type { CleanupOutcome } from './cleanup.ts'
export { numbersOf, valueAt } from './columns.ts'
export type { Page, PageQuery } from './pages.ts'
export { BatchError, type BatchOptions, type BatchOutcome, type Source } from './record-batch.ts'
export {
  type MetricSummary,
  type MetricsOptions,
  MetricsRepository,
  type RecordOptions,
} from './repository.ts'
export type {
  Batch,
  Columns,
  Durability,
  Labels,
  Matcher,
  NewSample,
  Sample,
  SampleQuery,
  Series,
  SeriesQuery,
} from './words.ts'
