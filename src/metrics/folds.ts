/**
 * Folds: what is kept of the samples of a bucket, a few numbers for each. A bucket is named by its index; samples of one
 * series come in the order of time.
 */
import type { Aggregate, BlockSummary } from './aggregate-words.ts'
import { quantileOf } from './aggregate-words.ts'
import { ExactSum } from './exact-sum.ts'
import type { NumberList } from './number-list.ts'
import { Percentiles } from './percentile.ts'
import { CounterWindow, type Window } from './rate.ts'

/** Samples of one series from `begin` on and before `end`: all that it has in one bucket. The same object with other numbers comes again. */
export type Run = {
  readonly seriesKey: string
  readonly timestampsMs: Float64Array
  readonly values: Float64Array
  begin: number
  end: number
  /** Of the result. */
  index: number
  bucket: number
}

export type Fold = {
  add(run: Run): void
  /** Present where the fold needs no more than a summary. */
  readonly addSummary?: (index: number, summary: BlockSummary) => void
  /** Undefined where the samples are too few. Nothing is added afterwards. */
  at(index: number): number | undefined
}

/** Makes a list of which every number is the initial one. Whoever makes it gives its memory back. */
type ListOf = (initial: number) => NumberList

export function foldOf(aggregate: Aggregate, listOf: ListOf, windowOf: (bucket: number) => Window): Fold {
  const quantile = quantileOf(aggregate)
  if (quantile !== undefined) return percentile(quantile)
  switch (aggregate) {
    case 'count':
      return count(listOf)
    case 'min':
      return extreme(listOf, (value, other) => value < other, 'min')
    case 'max':
      return extreme(listOf, (value, other) => value > other, 'max')
    case 'first':
      return nearest(listOf, (timeMs, otherMs) => timeMs < otherMs)
    case 'last':
      return nearest(listOf, (timeMs, otherMs) => timeMs > otherMs)
    case 'stddev':
      return deviation(listOf)
    case 'rate':
      return growth(listOf, windowOf, (window) => window.rate())
    case 'increase':
      return growth(listOf, windowOf, (window) => window.increase())
    default:
      return total(listOf, aggregate === 'avg')
  }
}

function count(listOf: ListOf): Fold {
  const counts = listOf(0)
  const add = (index: number, more: number): void => counts.set(index, counts.at(index) + more)
  return {
    add: ({ index, begin, end }) => add(index, end - begin),
    addSummary: (index, summary) => add(index, summary.count),
    at: (index) => counts.at(index),
  }
}

function total(listOf: ListOf, isAverage: boolean): Fold {
  const sums = listOf(0)
  const rests = listOf(0)
  const counts = listOf(0)
  const running = new ExactSum()
  const add = (index: number, values: Float64Array, begin: number, end: number): void => {
    running.plain = sums.at(index)
    running.rest = rests.at(index)
    running.add(values, begin, end)
    sums.set(index, running.plain)
    rests.set(index, running.rest)
  }
  return {
    add: ({ index, values, begin, end }) => {
      add(index, values, begin, end)
      counts.set(index, counts.at(index) + end - begin)
    },
    addSummary: (index, { sum, count }) => {
      add(index, Float64Array.of(sum), 0, 1)
      counts.set(index, counts.at(index) + count)
    },
    at: (index) => (sums.at(index) + rests.at(index)) / (isAverage ? counts.at(index) : 1),
  }
}

/** NaN counts only where there is nothing else, as in Prometheus. */
function extreme(listOf: ListOf, wins: (value: number, other: number) => boolean, of: 'min' | 'max'): Fold {
  const kept = listOf(Number.NaN)
  return {
    add: ({ index, values, begin, end }) => {
      let best = kept.at(index)
      for (let at = begin; at < end; at += 1) {
        const value = values[at] ?? Number.NaN
        if (wins(value, best) || Number.isNaN(best)) best = value
      }
      kept.set(index, best)
    },
    addSummary: (index, summary) => {
      const best = kept.at(index)
      if (wins(summary[of], best) || Number.isNaN(best)) kept.set(index, summary[of])
    },
    at: (index) => kept.at(index),
  }
}

/** Of equal times the series that came first. */
function nearest(listOf: ListOf, wins: (timeMs: number, otherMs: number) => boolean): Fold {
  const times = listOf(Number.NaN)
  const kept = listOf(Number.NaN)
  const offer = ({ index, timestampsMs, values }: Run, at: number): void => {
    const timeMs = timestampsMs[at] ?? Number.NaN
    if (!wins(timeMs, times.at(index)) && !Number.isNaN(times.at(index))) return
    times.set(index, timeMs)
    kept.set(index, values[at] ?? Number.NaN)
  }
  return {
    add: (run) => {
      offer(run, run.begin)
      offer(run, run.end - 1)
    },
    at: (index) => kept.at(index),
  }
}

/** Of the whole population, as Prometheus' stddev_over_time; by Welford's method. */
function deviation(listOf: ListOf): Fold {
  const counts = listOf(0)
  const means = listOf(0)
  const squares = listOf(0)
  return {
    add: ({ index, values, begin, end }) => {
      let seen = counts.at(index)
      let mean = means.at(index)
      let square = squares.at(index)
      for (let at = begin; at < end; at += 1) {
        const value = values[at] ?? Number.NaN
        const distance = value - mean
        seen += 1
        mean += distance / seen
        square += distance * (value - mean)
      }
      counts.set(index, seen)
      means.set(index, mean)
      squares.set(index, square)
    },
    at: (index) => Math.sqrt(squares.at(index) / counts.at(index)),
  }
}

/** Each series is calculated alone, and a bucket has their sum; one with a single sample says nothing. */
function growth(
  listOf: ListOf,
  windowOf: (bucket: number) => Window,
  of: (window: CounterWindow) => number | undefined,
): Fold {
  const sums = listOf(Number.NaN)
  let open: { readonly index: number; readonly seriesKey: string; readonly counter: CounterWindow } | null =
    null
  const close = (): void => {
    const grown = open === null ? undefined : of(open.counter)
    if (open !== null && grown !== undefined) {
      const before = sums.at(open.index)
      sums.set(open.index, Number.isNaN(before) ? grown : before + grown)
    }
    open = null
  }
  return {
    add: ({ index, seriesKey, bucket, timestampsMs, values, begin, end }) => {
      if (open?.index !== index || open.seriesKey !== seriesKey) {
        close()
        open = { index, seriesKey, counter: new CounterWindow(windowOf(bucket)) }
      }
      for (let at = begin; at < end; at += 1)
        open.counter.add(timestampsMs[at] ?? Number.NaN, values[at] ?? Number.NaN)
    },
    at: (index) => {
      close()
      const sum = sums.at(index)
      return Number.isNaN(sum) ? undefined : sum
    },
  }
}

function percentile(quantile: number): Fold {
  const percentiles = new Percentiles()
  return {
    add: ({ index, values, begin, end }) => percentiles.add(index, values, begin, end),
    at: (index) => percentiles.at(index, quantile),
  }
}
