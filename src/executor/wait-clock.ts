import type { Clock } from '../clock.ts'
import type { WaitReason } from '../spine.ts'

export type Waits = Readonly<Partial<Record<WaitReason, number>>>

/**
 * What stands at the head of the queue and why it does not start: all slots taken, memory that tasks of this run have
 * reserved, memory that others use, a task that is suspended. Null when nothing waits.
 */
export type Obstacle = 'slot' | 'memory' | 'host' | 'suspended' | null
const obstacles = ['slot', 'memory', 'host', 'suspended'] as const

/** Waits are told in whole milliseconds: what becomes ready within half of one shares its mark. */
const resolutionMs = 0.5

type Sums = Readonly<Record<(typeof obstacles)[number], number>>

/** When a task became ready, as the clock stood then. */
export type ReadyMark = { readonly needsMs: number; readonly sums: Sums }

/**
 * Tells how long each task waited and why, without a timer or a list for each waiting task: the clock adds up how
 * long the head of the queue waited for what, and a task's share is the difference between its start and the moment
 * it became ready.
 */
export class WaitClock {
  readonly #clock: Clock
  readonly #startMs: number
  #obstacle: Obstacle = null
  #sinceMs: number
  #sums: Sums = { slot: 0, memory: 0, host: 0, suspended: 0 }

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startMs = clock.monotonic()
    this.#sinceMs = this.#startMs
  }

  /** From now on tasks wait for this. */
  turnTo(obstacle: Obstacle): void {
    if (obstacle === this.#obstacle) return
    this.#add(0)
    this.#obstacle = obstacle
  }

  mark(): ReadyMark {
    this.#add()
    return { needsMs: this.#sinceMs - this.#startMs, sums: this.#sums }
  }

  /** A task that was put back in the queue has waited for its needs before. */
  markAgain(): ReadyMark {
    return { ...this.mark(), needsMs: 0 }
  }

  /** Whole milliseconds by reason since the start of the run; reasons of less than half a millisecond are left out. */
  since(ready: ReadyMark, before: Waits = {}): Waits {
    this.#add()
    const waits: Partial<Record<WaitReason, number>> = { ...before }
    addTo(waits, 'needs', ready.needsMs)
    if (ready.sums !== this.#sums)
      for (const reason of obstacles) addTo(waits, reason, this.#sums[reason] - ready.sums[reason])
    return waits
  }

  #add(leastMs = resolutionMs): void {
    const nowMs = this.#clock.monotonic()
    const obstacle = this.#obstacle
    if (nowMs - this.#sinceMs < leastMs) return
    if (obstacle !== null)
      this.#sums = { ...this.#sums, [obstacle]: this.#sums[obstacle] + nowMs - this.#sinceMs }
    this.#sinceMs = nowMs
  }
}

function addTo(waits: Partial<Record<WaitReason, number>>, reason: WaitReason, ms: number): void {
  const rounded = Math.round(ms)
  if (rounded > 0) waits[reason] = (waits[reason] ?? 0) + rounded
}
