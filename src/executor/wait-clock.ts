import type { Clock } from '../clock.ts'
import type { WaitReason } from '../spine.ts'

export type Waits = Readonly<Partial<Record<WaitReason, number>>>

/** What stands at the head of the queue and why it does not start; null when nothing waits. */
export type Obstacle = 'slot' | 'memory' | null

/** When a task became ready, as the clock stood then. */
export type ReadyMark = { readonly needsMs: number; readonly slotMs: number; readonly memoryMs: number }

/**
 * Tells how long each task waited and why, without a timer or a list for each waiting task: the clock adds up how
 * long the head of the queue waited for a slot and for memory, and a task's share is the difference between its
 * start and the moment it became ready.
 */
export class WaitClock {
  readonly #clock: Clock
  readonly #startMs: number
  #obstacle: Obstacle = null
  #sinceMs: number
  #slotMs = 0
  #memoryMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startMs = clock.monotonic()
    this.#sinceMs = this.#startMs
  }

  /** From now on tasks wait for this. */
  turnTo(obstacle: Obstacle): void {
    this.#add()
    this.#obstacle = obstacle
  }

  mark(): ReadyMark {
    this.#add()
    return { needsMs: this.#sinceMs - this.#startMs, slotMs: this.#slotMs, memoryMs: this.#memoryMs }
  }

  /** Whole milliseconds by reason since the start of the run; reasons of less than half a millisecond are left out. */
  since(ready: ReadyMark): Waits {
    this.#add()
    const waits = {
      needs: Math.round(ready.needsMs),
      slot: Math.round(this.#slotMs - ready.slotMs),
      memory: Math.round(this.#memoryMs - ready.memoryMs),
    }
    return Object.fromEntries(Object.entries(waits).filter(([, ms]) => ms > 0))
  }

  #add(): void {
    const nowMs = this.#clock.monotonic()
    if (this.#obstacle === 'slot') this.#slotMs += nowMs - this.#sinceMs
    if (this.#obstacle === 'memory') this.#memoryMs += nowMs - this.#sinceMs
    this.#sinceMs = nowMs
  }
}
