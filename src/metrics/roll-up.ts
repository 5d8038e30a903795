/** What is kept of old samples: the least, the greatest, the sum and the count of each step, each a series of its own. */
import { Aggregation } from './aggregate.ts'
import type { BlockSummary } from './aggregate-words.ts'
import type { Batch, Columns, Series } from './words.ts'

export type Part = 'min' | 'max' | 'sum' | 'count'
export const parts: readonly Part[] = ['min', 'max', 'sum', 'count']
/** How two values of one step become one. */
const together = { min: 'min', max: 'max', sum: 'sum', count: 'sum' } as const

/** As recording rules of Prometheus are called. */
export const partName = (name: string, part: Part): string => `${name}:${part}`
export const isRolledUp = (name: string): boolean => parts.some((part) => name.endsWith(`:${part}`))

/** At the begin of each step that has samples. Columns in the order of time. */
export function rollUp(columns: readonly Columns[], part: Part, stepSeconds: number): Columns {
  const aggregation = new Aggregation({ aggregate: part, stepSeconds })
  for (const one of columns) aggregation.add(batchOf(one))
  return columnsOf(aggregation)
}

/** Where both have a value it is that of all samples together. */
export function combine(older: readonly Columns[], newer: Columns, part: Part): Columns {
  // Of one millisecond: no two times of a column are in one step.
  const aggregation = new Aggregation({ aggregate: together[part], stepSeconds: 0.001 })
  for (const one of [...older, newer]) aggregation.add(batchOf(one))
  return columnsOf(aggregation)
}

const batchOf = (columns: Columns): Batch => ({ series: { name: '', labels: {} }, ...columns })

function columnsOf(aggregation: Aggregation): Columns {
  const points = [...aggregation.points()]
  return {
    timestampsMs: Float64Array.from(points, ({ timestampMs }) => timestampMs),
    values: Float64Array.from(points, ({ value }) => value),
    kinds: null,
  }
}

/** Which parts an aggregate is made of; none: it needs the samples themselves. */
export const partsOf: Readonly<Record<string, readonly Part[]>> = {
  avg: ['sum', 'count'],
  min: ['min'],
  max: ['max'],
  sum: ['sum'],
  count: ['count'],
}

/** What one value of a part says of the samples that it stands for. */
export const summaryOfPart = (
  series: Series,
  part: Part,
  { timestampMs, value }: { readonly timestampMs: number; readonly value: number },
): BlockSummary => ({
  series,
  firstMs: timestampMs,
  lastMs: timestampMs,
  count: part === 'count' ? value : 0,
  min: value,
  max: value,
  sum: part === 'sum' ? value : 0,
})
