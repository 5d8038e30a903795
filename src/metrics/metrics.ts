/**
 * The metrics: samples in, streams of them out, in bounded memory, kept beside the journal in SQLite or PostgreSQL. What
 * was acknowledged is there, once, whatever ends the process. It asks no machine for numbers and draws no charts.
 */
export { numbersOf, valueAt } from './columns.ts'
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
