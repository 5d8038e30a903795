import { rowsOf } from './row.ts'

export const expertRows = rowsOf('ExpertManager', [
  ['never more than maxConcurrentQueries', null],
  ['bytes held stay within memoryBudgetMb', null],
  ['the rest waits in order', null],
  ['pressure during consultations slows, never fails them', null],
  ['answers stream as they come', null],
  ['the state of an ended query is collectable', null],
  ['batches keep to the limits and keep what succeeded', null],
  ['performance report', null],
])
