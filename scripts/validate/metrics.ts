import { rowsOf } from './row.ts'

export const metricsRows = rowsOf('MetricsRepository', [
  ['chunks of chunkSize', null],
  ['chunks shrink under pressure and nothing is lost', null],
  ['streams a million samples in bounded memory', null],
  ['limit and offset', null],
  ['cursors in constant time', null],
  ['memory is let go between chunks', null],
  ['a slow reader slows the source', null],
  ['aggregates by time bucket', null],
  ['retention', null],
])
