/** What the row of a block says of its samples, so that some aggregates need not read them. */
import { numbersOf } from './columns.ts'
import { ExactSum } from './exact-sum.ts'
import type { Columns } from './words.ts'

/** All null where some value is no finite number, or the sum is none: then the samples are read. */
export type Summary = KnownSummary | { readonly min: null; readonly max: null; readonly sum: null }
export type KnownSummary = { readonly min: number; readonly max: number; readonly sum: number }

const none: Summary = { min: null, max: null, sum: null }

export function summaryOf(columns: Columns): Summary {
  const values = numbersOf(columns)
  const total = new ExactSum()
  total.add(values)
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value < min) min = value
    if (value > max) max = value
  }
  // A NaN or an infinity among the values is in their sum.
  return Number.isFinite(total.sum) ? { min, max, sum: total.sum } : none
}
