import type { Reservation } from '../memory/memory.ts'
import type { Refusal } from './admission.ts'
import type { ExecutionParts } from './execution-parts.ts'
import type { Listener } from './listener.ts'
import { priorityOf } from './priority.ts'
import type { WaitClock, Waits } from './wait-clock.ts'
import { newcomer, returner, type Waiting, WaitingLine } from './waiting-line.ts'
import type { ExecutorTask } from './words.ts'

/** While memory holds the queue back it is looked at again this often, in milliseconds: others may free some. */
const memoryRetryMs = 100

let keys = 0
/** Names in the ledger, which several graphs of one executor share. */
const nextKey = (): number => ++keys

type Parts<Value> = Pick<ExecutionParts<Value>, 'graph' | 'clock' | 'admission' | 'guess' | 'places'> & {
  readonly tasks: readonly ExecutorTask<Value>[]
  readonly waitClock: WaitClock
  /** Null when nobody listens. */
  readonly listener: Listener<Value> | null
  readonly start: (waiting: Waiting) => void
}

/** The tasks of one graph that are ready, until each has a place and room in memory: then it starts. */
export class Starter<Value> implements Disposable {
  readonly #parts: Parts<Value>
  readonly #tasks: readonly ExecutorTask<Value>[]
  readonly #waitClock: WaitClock
  readonly #line = new WaitingLine()
  #memoryTimer: Disposable | null = null

  constructor(parts: Parts<Value>) {
    this.#parts = parts
    this.#tasks = parts.tasks
    this.#waitClock = parts.waitClock
  }

  /** A task has become ready; `waits`: what it had waited for beside its needs. */
  add(index: number, waits?: Waits): void {
    const mark = this.#waitClock.mark()
    this.#line.add(newcomer({ index, priority: this.#priorityOf(index), key: nextKey(), mark }, waits))
  }

  /** Back in its place in the line, with more set aside. */
  addAgain(waiting: Waiting, seen: { readonly peakBytes: number; readonly suspendedMs: number }): void {
    this.#line.add(returner(waiting, this.#waitClock.markAgain(), seen))
  }

  /** Of those that start no more, best first, with what they have waited; none is left. */
  *drain(): Iterable<Waiting> {
    for (const waiting of this.#line.drain()) yield this.#waited(waiting)
  }

  /** Starts what may start. Called whenever others have made a slot or memory free. */
  pump(): void {
    this.#waitClock.look()
    this.startSome()
  }

  /** The same, of whoever has just looked at the clock. */
  startSome(): void {
    this[Symbol.dispose]()
    const { places, start } = this.#parts
    for (let hasStarted = false; this.#line.size > 0; hasStarted = true) {
      if (!places.take()) {
        this.#waitClock.turnTo('slot')
        return
      }
      // A task may keep the thread for as long as it likes before it waits for something.
      if (hasStarted) this.#waitClock.look()
      const taken = this.#line.take(this.#admit)
      if (typeof taken === 'string') {
        places.giveBack()
        this.#waitClock.turnTo(taken)
        this.#waitForMemory(taken)
        return
      }
      start(this.#waited(taken))
    }
    this.#waitClock.turnTo(null)
  }

  /** It does not look again by itself. */
  [Symbol.dispose](): void {
    this.#memoryTimer?.[Symbol.dispose]()
    this.#memoryTimer = null
  }

  readonly #admit = (waiting: Waiting): Refusal => {
    const task = this.#taskAt(waiting.index)
    const need = this.#needOf(waiting, task)
    waiting.reservedBytes = need.bytes
    if (task.isRunning) return this.#parts.admission.take(waiting.key, need)
    return this.#parts.admission.admit(waiting.key, need, this.#waitClock.nowMs)
  }

  #priorityOf(index: number): number {
    const { graph, admission } = this.#parts
    return priorityOf(this.#taskAt(index), graph.remainingMs[index] as number, () =>
      admission.loadLineBytes(),
    )
  }

  #needOf({ atLeastBytes }: Waiting, { estimate, reserveBytes }: ExecutorTask<Value>): Reservation {
    const declared =
      reserveBytes === undefined ? this.#parts.guess(this.#waitClock.nowMs) : { bytes: reserveBytes }
    const need = estimate?.(null) ?? declared
    // More than was expected, after it was put back for want of memory: then it does not develop as was expected either.
    return need.bytes < atLeastBytes ? { bytes: atLeastBytes } : need
  }

  #waitForMemory(refusal: 'memory' | 'host' | 'suspended'): void {
    this.#memoryTimer = this.#parts.clock.every(memoryRetryMs, () => this.pump())
    const waiting = this.#line.first
    if (waiting === undefined || waiting.told || refusal === 'suspended') return
    waiting.told = true
    const task = this.#taskAt(waiting.index)
    const message = this.#parts.admission.explain(this.#needOf(waiting, task))
    void this.#parts.listener?.tell({ type: 'waiting', task: task.name, reason: refusal, message })
  }

  #waited(waiting: Waiting): Waiting {
    waiting.waits = this.#waitClock.since(waiting.mark, waiting.waits)
    return waiting
  }

  #taskAt(index: number): ExecutorTask<Value> {
    return this.#tasks[index] as ExecutorTask<Value>
  }
}
