/**
 * The metrics: samples in, streams of them out, in bounded memory, kept beside the journal in SQLite or PostgreSQL. What
 * was acknowledged is there, once, whatever ends the process. It asks no machine for numbers and draws no charts.
 */
export type { Aggregate, AggregatePoint, AggregateQuery } from './aggregate-words.ts'
export type { MetricSummary } from './catalog.ts'
export type { CleanupOutcome } from './cleanup.ts'
export { numbersOf, valueAt } from './columns.ts'
export { readCsvSamples, writeCsvSamples } from './csv.ts'
export type { DownsampleRule } from './downsample.ts'
export { type ExpositionFormat, type ExpositionOptions, readExposition } from './exposition-read.ts'
export { labelsText, type MetricMeaning, type WriteOptions, writeExposition } from './exposition-write.ts'
export { jsonLineOf, readJsonLines } from './json-lines.ts'
export { parseMatcher } from './matchers.ts'
export type { Page, PageQuery } from './pages.ts'
export { BatchError, type BatchOptions, type BatchOutcome, type Source } from './record-batch.ts'
export { MetricsRepository } from './repository.ts'
export type { MetricsOptions, RecordOptions } from './repository-options.ts'
export type { CleanupOptions } from './retention.ts'
export { MetricsServer, type ServeOptions } from './serve.ts'
export { plainValue } from './value-text.ts'
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
