import type { Clock } from '../clock.ts'
import type { WaitReason } from '../spine.ts'

export type Waits = Readonly<Partial<Record<WaitReason, number>>>

/**
 * What stands at the head of the queue and why it does not start: all slots taken, memory that tasks of this run have
 * reserved, memory that others use, a task that is suspended. Null when nothing waits.
 */
export type Obstacle = 'slot' | 'memory' | 'host' | 'suspended' | null
/** Has not waited yet. */
export const noWaits: Waits = {}

/** Waits are told in whole milliseconds: what becomes ready within half of one shares its mark. */
const resolutionMs = 0.5

type Sums = Readonly<Record<NonNullable<Obstacle>, number>>

/** When a task became ready, as the clock stood then. */
export type ReadyMark = { readonly needsMs: number; readonly sums: Sums }

/**
 * Tells how long each task waited and why, without a timer or a list for each waiting task: the clock adds up how
 * long the head of the queue waited for what, and a task's share is the difference between its start and the moment
 * it became ready. Everything counts from the last look: whoever goes on after a wait looks first.
 */
export class WaitClock {
  readonly #clock: Clock
  readonly #startMs: number
  /** When it looked last. */
  nowMs: number
  #obstacle: Obstacle = null
  #sinceMs: number
  #sums: Sums = { slot: 0, memory: 0, host: 0, suspended: 0 }
  #mark: ReadyMark = { needsMs: 0, sums: this.#sums }
  /** What was told last, and for what: tasks that became ready and start together share it. */
  #lastMark: ReadyMark | null = null
  #lastSums = this.#sums
  #lastWaits = noWaits

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startMs = clock.monotonic()
    this.nowMs = this.#startMs
    this.#sinceMs = this.#startMs
  }

  look(): void {
    this.nowMs = this.#clock.monotonic()
    if (this.nowMs - this.#sinceMs >= resolutionMs) this.#add()
  }

  /** From now on tasks wait for this. */
  turnTo(obstacle: Obstacle): void {
    if (obstacle === this.#obstacle) return
    this.nowMs = this.#clock.monotonic()
    if (this.nowMs > this.#sinceMs) this.#add()
    this.#obstacle = obstacle
  }

  mark(): ReadyMark {
    return this.#mark
  }

  /** A task that was put back in the queue has waited for its needs before. */
  markAgain(): ReadyMark {
    return { ...this.#mark, needsMs: 0 }
  }

  /** Whole milliseconds by reason since the start of the run; reasons of less than half a millisecond are left out. */
  since(ready: ReadyMark, before: Waits): Waits {
    if (before !== noWaits) return this.#count(ready, before)
    if (ready !== this.#lastMark || this.#sums !== this.#lastSums) {
      this.#lastMark = ready
      this.#lastSums = this.#sums
      this.#lastWaits = this.#count(ready, before)
    }
    return this.#lastWaits
  }

  #count(ready: ReadyMark, before: Waits): Waits {
    const waits: Partial<Record<WaitReason, number>> = { ...before }
    addTo(waits, 'needs', ready.needsMs)
    const { sums } = ready
    if (sums === this.#sums) return waits
    const { slot, memory, host, suspended } = this.#sums
    addTo(waits, 'slot', slot - sums.slot)
    addTo(waits, 'memory', memory - sums.memory)
    addTo(waits, 'host', host - sums.host)
    addTo(waits, 'suspended', suspended - sums.suspended)
    return waits
  }

  #add(): void {
    const obstacle = this.#obstacle
    if (obstacle !== null)
      this.#sums = { ...this.#sums, [obstacle]: this.#sums[obstacle] + this.nowMs - this.#sinceMs }
    this.#sinceMs = this.nowMs
    this.#mark = { needsMs: this.nowMs - this.#startMs, sums: this.#sums }
  }
}

function addTo(waits: Partial<Record<WaitReason, number>>, reason: WaitReason, ms: number): void {
  const rounded = Math.round(ms)
  if (rounded > 0) waits[reason] = (waits[reason] ?? 0) + rounded
}
