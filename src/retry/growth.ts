/**
 * By how much the memory of this thread has grown while an operation was under way: its heap and its buffers. What is
 * garbage does not count; a collection is asked for only when the growth looks like more than is allowed.
 *
 * All operations of a thread share its memory, and nobody can say which of them took what. So none is blamed for a
 * growth that all limits together allow, and of those that may be meant it is the newest.
 */
import { type Clock, systemClock } from '../clock.ts'
import { collectGarbage, heapBytes } from '../memory/memory.ts'
import { counters } from './counters.ts'

/** An operation that is under way. */
export type Watched = {
  readonly limitBytes: number
  /** The least that was in use since it began; null until that was looked at. */
  baselineBytes: number | null
  /** Its neighbours among those under way, in the order of their beginnings; for the meter alone. */
  older: Watched | null
  newer: Watched | null
  /** Its memory has grown by so many bytes, which is more than it may. */
  exceed(grownBytes: number): void
}

/**
 * What follows more quickly on the last look is not looked at, in milliseconds: 0.4 us for a look is much for an operation
 * that takes less. Memory that matters takes longer: 100 MB of zeros some 30 us.
 */
const lookEveryMs = 0.025
const tickMs = 100
/** While attempts run, collections take at most a fifth of the time: they rest for so many times what the last one took. */
const restAfterCollection = 4

class GrowthMeter {
  readonly #clock: Clock
  #newest: Watched | null = null
  #allowedBytes = 0
  #ticker: Disposable | null = null
  #lookedMs = Number.NEGATIVE_INFINITY
  #noCollectionBeforeMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  enter(one: Watched, nowMs: number): void {
    one.older = this.#newest
    if (this.#newest !== null) this.#newest.newer = one
    this.#newest = one
    this.#allowedBytes += one.limitBytes
    this.#ticker ??= this.#clock.every(tickMs, () => this.#tick())
    if (nowMs - this.#lookedMs < lookEveryMs) return
    this.#lookedMs = nowMs
    one.baselineBytes = heapBytes()
  }

  leave(one: Watched): void {
    if (one.newer !== null) one.newer.older = one.older
    else if (this.#newest === one) this.#newest = one.older
    else return
    if (one.older !== null) one.older.newer = one.newer
    one.older = null
    one.newer = null
    this.#allowedBytes -= one.limitBytes
  }

  /** By how much it has grown, in bytes, when that is too much; null when it is not, or cannot be told now. */
  growthOf(one: Watched, nowMs: number): number | null {
    if (one.baselineBytes === null || nowMs - this.#lookedMs < lookEveryMs) return null
    this.#lookedMs = nowMs
    const usedBytes = heapBytes()
    this.#see(one, usedBytes)
    if (!this.#isOver(one, usedBytes)) return null
    this.#collect()
    const aliveBytes = heapBytes()
    this.#see(one, aliveBytes)
    return this.#isOver(one, aliveBytes) ? aliveBytes - one.baselineBytes : null
  }

  #see(one: Watched, usedBytes: number): void {
    one.baselineBytes = Math.min(one.baselineBytes ?? usedBytes, usedBytes)
  }

  #isOver(one: Watched, usedBytes: number): boolean {
    const grownBytes = usedBytes - (one.baselineBytes ?? usedBytes)
    return grownBytes > one.limitBytes && grownBytes > this.#allowedBytes
  }

  #collect(): void {
    const startMs = this.#clock.monotonic()
    counters.collections += 1
    collectGarbage()
    const endMs = this.#clock.monotonic()
    this.#noCollectionBeforeMs = endMs + restAfterCollection * (endMs - startMs)
  }

  /** The last one that is left turns the light off. */
  #tick(): void {
    if (this.#newest === null) {
      this.#ticker?.[Symbol.dispose]()
      this.#ticker = null
      return
    }
    const usedBytes = heapBytes()
    let suspect: Watched | null = null
    for (let one: Watched | null = this.#newest; one !== null; one = one.older) {
      this.#see(one, usedBytes)
      if (suspect === null && this.#isOver(one, usedBytes)) suspect = one
    }
    const nowMs = this.#clock.monotonic()
    if (nowMs < this.#noCollectionBeforeMs) return
    this.#lookedMs = Number.NEGATIVE_INFINITY
    const grownBytes = suspect && this.growthOf(suspect, nowMs)
    if (grownBytes !== null) suspect?.exceed(grownBytes)
  }
}

const systemMeter = new GrowthMeter(systemClock)
const otherMeters = new WeakMap<Clock, GrowthMeter>()

/** Clocks of their own are those of tests. */
export function meterOf(clock: Clock): GrowthMeter {
  if (clock === systemClock) return systemMeter
  const meter = otherMeters.get(clock) ?? new GrowthMeter(clock)
  otherMeters.set(clock, meter)
  return meter
}
