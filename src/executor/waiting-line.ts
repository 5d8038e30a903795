import type { Refusal } from './admission.ts'
import { ReadyQueue } from './ready-queue.ts'
import type { ReadyMark, Waits } from './wait-clock.ts'

/** How many of the best ready tasks are looked at for one that fits when the first does not. */
const lookAhead = 64
/** After so many smaller tasks went before it, a task that waits for memory is overtaken no more. */
const mostOvertakings = 64

/** What is known of a task that could start. */
export type Waiting = {
  readonly index: number
  /** Its name in the ledger. */
  readonly key: string
  readonly mark: ReadyMark
  /** What it waited before it was put back in the queue. */
  readonly before: Waits
  readonly requeues: number
  readonly suspendedMs: number
  /** Once it was put back: it needs more than this. */
  readonly atLeastBytes: number
  /** What was set aside for it when it was let in. */
  reservedBytes: number
  overtakenBy: number
  told: boolean
}

/** Waits for the first time. */
const noWaits: Waits = {}

/** `before`: of the time until its mark, what was no wait for its needs. */
export const newcomer = (index: number, key: string, mark: ReadyMark, before: Waits = noWaits): Waiting => ({
  index,
  key,
  mark: before === noWaits ? mark : { ...mark, needsMs: Math.max(0, mark.needsMs - sumOf(before)) },
  before,
  requeues: 0,
  suspendedMs: 0,
  atLeastBytes: 0,
  reservedBytes: 0,
  overtakenBy: 0,
  told: false,
})

const sumOf = (waits: Waits): number => Object.values(waits).reduce((sum, ms) => sum + ms, 0)

/**
 * Tasks that could start, in the order of their longest remaining paths. When the first does not fit, the next that
 * does may overtake it; after 64 overtakings it is its turn, and the machine is kept free for it.
 */
export class WaitingLine {
  readonly #queue: ReadyQueue
  /** Bounded by the graph. */
  readonly #waiting = new Map<number, Waiting>()

  constructor(remainingMs: readonly number[]) {
    this.#queue = new ReadyQueue(remainingMs)
  }

  get size(): number {
    return this.#waiting.size
  }

  add(waiting: Waiting): void {
    this.#waiting.set(waiting.index, waiting)
    this.#queue.push(waiting.index)
  }

  /** The next in line, who may have been refused. */
  get first(): Waiting | undefined {
    const index = this.#queue.peek()
    return index === undefined ? undefined : this.#waiting.get(index)
  }

  /** Takes whoever may start; or says why the first may not. */
  take(admit: (waiting: Waiting) => Refusal): Waiting | Exclude<Refusal, null> {
    const passed: Waiting[] = []
    let refusal: Exclude<Refusal, null> = 'memory'
    let taken: Waiting | undefined
    while (taken === undefined && passed.length < lookAhead) {
      const waiting = this.#pop()
      if (waiting === undefined) break
      const refused = admit(waiting)
      if (refused === null) {
        taken = waiting
      } else {
        if (passed.length === 0) refusal = refused
        passed.push(waiting)
        if (waiting.overtakenBy >= mostOvertakings || refused === 'suspended') break
      }
    }
    for (const waiting of passed) {
      if (taken !== undefined) waiting.overtakenBy += 1
      this.#queue.push(waiting.index)
    }
    if (taken !== undefined) this.#waiting.delete(taken.index)
    return taken ?? refusal
  }

  /** All of them, best first; the line is empty then. */
  *drain(): Iterable<Waiting> {
    for (let waiting = this.#pop(); waiting !== undefined; waiting = this.#pop()) {
      this.#waiting.delete(waiting.index)
      yield waiting
    }
  }

  #pop(): Waiting | undefined {
    const index = this.#queue.pop()
    return index === undefined ? undefined : this.#waiting.get(index)
  }
}
