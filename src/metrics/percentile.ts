/**
 * Percentiles in bounded memory. Exact, with linear interpolation as Prometheus' quantile_over_time, as long as a bucket has
 * few values and all buckets together are small; then a DDSketch, whose answer is within 1 % of a value that has
 * that rank (Masson, Rim, Lee: DDSketch, VLDB 2019), for values within 8 powers of ten below the greatest.
 */

import { createRequire } from 'node:module'
import type { LogCollapsingLowestDenseDDSketch as Sketch } from '@datadog/sketches-js'
import { PlimsollError } from '../errors.ts'

/** Values of one bucket that are kept one by one. */
const mostExactValues = 1_000
/** Values of all buckets that are kept one by one: 32 MB, and as much again while lists grow. */
const mostExactInAll = 4_000_000
/** Some 10 kB each. */
const mostSketches = 10_000
const relativeAccuracy = 0.01
/** At most 8 kB for each sign; 8.8 powers of ten. */
const binLimit = 1_024

/** Loaded when the first bucket has too many values. */
function newSketch(options: { readonly relativeAccuracy: number; readonly binLimit: number }): Sketch {
  const library = createRequire(import.meta.url)(
    '@datadog/sketches-js',
  ) as typeof import('@datadog/sketches-js')
  return new library.LogCollapsingLowestDenseDDSketch(options)
}

export class Percentiles {
  readonly #buckets: Bucket[] = []
  #exactValues = 0
  #sketches = 0

  /** @throws METRIC_QUERY_TOO_LARGE */
  add(index: number, values: Float64Array, begin: number, end: number): void {
    this.#buckets[index] ??= new Bucket()
    const bucket = this.#buckets[index]
    const room = this.#exactValues + (end - begin) <= mostExactInAll
    const before = bucket.exactCount
    const wasSketch = bucket.isSketch
    for (let at = begin; at < end; at += 1) bucket.add(values[at] ?? Number.NaN, room)
    this.#exactValues += bucket.exactCount - before
    if (bucket.isSketch && !wasSketch) this.#sketches += 1
    if (this.#sketches > mostSketches)
      throw new PlimsollError(
        'METRIC_QUERY_TOO_LARGE',
        `the query has more than ${mostExactInAll} values in more than ${mostSketches} groups and buckets, too many for percentiles`,
      )
  }

  at(index: number, quantile: number): number {
    return this.#buckets[index]?.at(quantile) ?? Number.NaN
  }
}

class Bucket {
  #exact: number[] = []
  #sketch: Sketch | null = null
  #notNumbers = 0
  #negativeInfinities = 0
  #positiveInfinities = 0

  get isSketch(): boolean {
    return this.#sketch !== null
  }

  get exactCount(): number {
    return this.#exact.length
  }

  add(value: number, room: boolean): void {
    if (Number.isNaN(value)) this.#notNumbers += 1
    else if (value === Number.NEGATIVE_INFINITY) this.#negativeInfinities += 1
    else if (value === Number.POSITIVE_INFINITY) this.#positiveInfinities += 1
    else if (this.#sketch !== null) this.#sketch.accept(value)
    else if (room && this.#exact.length < mostExactValues) this.#exact.push(value)
    else this.#toSketch().accept(value)
  }

  /** NaN counts as the smallest, as in Prometheus. */
  at(quantile: number): number {
    const finite = this.#sketch?.count ?? this.#exact.length
    const below = this.#notNumbers + this.#negativeInfinities
    const rank = quantile * (below + finite + this.#positiveInfinities - 1)
    // The least and the greatest are known exactly.
    if (this.#sketch !== null && rank > below && rank < below + finite - 1)
      return this.#sketch.getValueAtQuantile((rank - below) / (finite - 1))
    this.#exact.sort((left, right) => left - right)
    const lower = Math.floor(rank)
    const share = rank - lower
    const least = this.#ofRank(lower, below, finite)
    return share === 0 ? least : least * (1 - share) + this.#ofRank(lower + 1, below, finite) * share
  }

  #ofRank(rank: number, below: number, finite: number): number {
    if (rank < this.#notNumbers) return Number.NaN
    if (rank < below) return Number.NEGATIVE_INFINITY
    if (rank >= below + finite) return Number.POSITIVE_INFINITY
    if (this.#sketch === null) return this.#exact[rank - below] ?? Number.NaN
    return rank === below ? this.#sketch.min : this.#sketch.max
  }

  #toSketch(): Sketch {
    const sketch = newSketch({ relativeAccuracy, binLimit })
    for (const value of this.#exact) sketch.accept(value)
    this.#exact = []
    this.#sketch = sketch
    return sketch
  }
}
