import { raiseFactor } from '../memory/memory.ts'
import type { Refusal } from './admission.ts'
import { ReadyQueue } from './ready-queue.ts'
import { noWaits, type ReadyMark, type Waits } from './wait-clock.ts'

/** How many of the best ready tasks are looked at for one that fits when the first does not. */
const lookAhead = 64
/** After so many smaller tasks went before it, a task that waits for memory is overtaken no more. */
const mostOvertakings = 64

/** What is known of a task that could start. */
export type Waiting = {
  readonly index: number
  /** The greatest first. */
  readonly priority: number
  /** Its name in the ledger. */
  readonly key: number
  readonly mark: ReadyMark
  readonly requeues: number
  readonly suspendedMs: number
  /** Once it was put back: it needs more than this. */
  readonly atLeastBytes: number
  /** What it waited before its mark; from its start on, all that it has waited. */
  waits: Waits
  /** What was set aside for it when it was let in. */
  reservedBytes: number
  overtakenBy: number
  told: boolean
}

type Newcomer = Pick<Waiting, 'index' | 'priority' | 'key' | 'mark'>

/** `waits`: of the time until its mark, what was no wait for its needs. */
export const newcomer = ({ index, priority, key, mark }: Newcomer, waits: Waits = noWaits): Waiting => ({
  index,
  priority,
  key,
  mark: waits === noWaits ? mark : { ...mark, needsMs: Math.max(0, mark.needsMs - sumOf(waits)) },
  requeues: 0,
  suspendedMs: 0,
  atLeastBytes: 0,
  waits,
  reservedBytes: 0,
  overtakenBy: 0,
  told: false,
})

/** Put back in its place, with more set aside: what it was seen to use, and a share above it. */
export const returner = (
  waiting: Waiting,
  mark: ReadyMark,
  seen: { readonly peakBytes: number; readonly suspendedMs: number },
): Waiting => ({
  ...waiting,
  mark,
  requeues: waiting.requeues + 1,
  suspendedMs: Math.round(waiting.suspendedMs + seen.suspendedMs),
  atLeastBytes: Math.max(waiting.atLeastBytes, seen.peakBytes * raiseFactor),
  told: false,
})

const sumOf = (waits: Waits): number => Object.values(waits).reduce((sum, ms) => sum + ms, 0)

/**
 * Tasks that could start, greatest priority first. When the first does not fit, the next that
 * does may overtake it; after 64 overtakings it is its turn, and the machine is kept free for it.
 */
export class WaitingLine {
  readonly #queue = new ReadyQueue<Waiting>()

  get size(): number {
    return this.#queue.size
  }

  add(waiting: Waiting): void {
    this.#queue.push(waiting)
  }

  /** The next in line, who may have been refused. */
  get first(): Waiting | undefined {
    return this.#queue.peek()
  }

  /** Takes whoever may start; or says why the first may not. Asked only while somebody waits. */
  take(admit: (waiting: Waiting) => Refusal): Waiting | Exclude<Refusal, null> {
    const first = this.#queue.pop() as Waiting
    const refusal = admit(first)
    return refusal === null ? first : (this.#takeBehind(first, refusal, admit) ?? refusal)
  }

  /** All of them, best first; the line is empty then. */
  *drain(): Iterable<Waiting> {
    for (let waiting = this.#queue.pop(); waiting !== undefined; waiting = this.#queue.pop()) yield waiting
  }

  /** Takes the best one that fits, if those before it may be overtaken; they go back in line. */
  #takeBehind(first: Waiting, refusal: Refusal, admit: (waiting: Waiting) => Refusal): Waiting | undefined {
    const passed = [first]
    let last = first
    let refused = refusal
    let taken: Waiting | undefined
    while (taken === undefined && passed.length < lookAhead && mayBeOvertaken(last, refused)) {
      const next = this.#queue.pop()
      if (next === undefined) break
      last = next
      refused = admit(next)
      if (refused === null) taken = next
      else passed.push(next)
    }
    for (const waiting of passed) {
      if (taken !== undefined) waiting.overtakenBy += 1
      this.add(waiting)
    }
    return taken
  }
}

const mayBeOvertaken = ({ overtakenBy }: Waiting, refused: Refusal): boolean =>
  overtakenBy < mostOvertakings && refused !== 'suspended'
