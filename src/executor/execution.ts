import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Ledger } from '../memory/memory.ts'
import type { Admission } from './admission.ts'
import type { Graph } from './graph.ts'
import { ReadyQueue } from './ready-queue.ts'
import { type Obstacle, type ReadyMark, WaitClock } from './wait-clock.ts'
import type { Decision, Ended, ExecutorEvent, ExecutorTask, TaskContext } from './words.ts'

/** How many of the best ready tasks are looked at for one that fits when the first does not. */
const lookAhead = 32
/** After so many smaller tasks went before it, a task that waits for memory is overtaken no more. */
const mostOvertakings = 16
/** While memory holds the queue back it is looked at again this often, in milliseconds: others may free some. */
const memoryRetryMs = 100

type Parts<Value> = {
  readonly graph: Graph
  readonly clock: Clock
  readonly admission: Admission
  readonly ledger: Ledger
  readonly guess: () => number
  readonly slots: {
    /** False when all are taken. */
    take(): boolean
    giveBack(): void
    /** Lets every execution see that a slot or memory came free. */
    announce(): void
  }
  readonly signal?: AbortSignal
  readonly failFast?: boolean
  readonly onEvent?: (event: ExecutorEvent<Value>) => void | Promise<void>
}

type End<Value> =
  | { readonly status: 'succeeded'; readonly value: Value }
  | { readonly status: 'failed'; readonly error: unknown }
type Waiting = { readonly mark: ReadyMark; readonly bytes: number; overtakenBy: number; told: boolean }

let executions = 0
/** Sets the ledger's names of several graphs of one executor apart. */
const nextId = (): number => ++executions

/** One graph on its way through the executor. */
export class Execution<Value> {
  readonly #tasks: readonly ExecutorTask<Value>[]
  readonly #parts: Parts<Value>
  readonly #id = nextId()
  readonly #signal: AbortSignal
  readonly #waitClock: WaitClock
  readonly #ready: ReadyQueue
  readonly #needsLeft: number[]
  /** What is known of tasks that are ready, by number; bounded by the graph. */
  readonly #waiting = new Map<number, Waiting>()
  readonly #ended = new Map<string, Ended<Value>>()
  /** Decided to be skipped or cancelled, not yet told; bounded by the graph. */
  readonly #unstarted: { readonly index: number; readonly ended: Ended<Value> }[] = []
  #settling = false
  readonly #finished = Promise.withResolvers<void>()
  #memoryTimer: Disposable | null = null
  /** Why nothing starts any more; null while things go well. */
  #stoppedBecause: string | null = null
  #fault: { readonly error: unknown } | null = null

  constructor(tasks: readonly ExecutorTask<Value>[], parts: Parts<Value>) {
    this.#tasks = tasks
    this.#parts = parts
    this.#signal = parts.signal ?? new AbortController().signal
    this.#waitClock = new WaitClock(parts.clock)
    this.#ready = new ReadyQueue(parts.graph.remainingMs)
    this.#needsLeft = [...parts.graph.needCounts]
  }

  async run(): Promise<ReadonlyMap<string, Ended<Value>>> {
    const stop = (): void => this.#stop('the run was interrupted')
    if (this.#signal.aborted) stop()
    this.#signal.addEventListener('abort', stop)
    try {
      const first = this.#parts.graph.order.filter((index) => this.#needsLeft[index] === 0)
      for (const index of first) this.#becomeReady(index)
      this.#settle()
      if (this.#ended.size < this.#tasks.length) await this.#finished.promise
    } finally {
      this.#signal.removeEventListener('abort', stop)
      this.#memoryTimer?.[Symbol.dispose]()
    }
    if (this.#fault) throw this.#fault.error
    return this.#ended
  }

  /** Starts what may start. Called whenever a slot, memory or a task comes free. */
  pump(): void {
    this.#memoryTimer?.[Symbol.dispose]()
    this.#memoryTimer = null
    const obstacle = this.#startWhatFits()
    this.#waitClock.turnTo(obstacle)
    if (obstacle === 'memory') this.#waitForMemory()
  }

  /** @returns what stands in the way of the next task. */
  #startWhatFits(): Obstacle {
    while (this.#ready.size > 0) {
      if (!this.#parts.slots.take()) return 'slot'
      const index = this.#takeWhatFits()
      if (index === undefined) {
        this.#parts.slots.giveBack()
        return 'memory'
      }
      void this.#start(index)
    }
    return null
  }

  #becomeReady(index: number): void {
    const task = this.#taskAt(index)
    const mark = this.#waitClock.mark()
    const decision = this.#decide(task)
    if (decision.action === 'run') {
      const bytes = task.reserveBytes ?? this.#parts.guess()
      this.#waiting.set(index, { mark, bytes, overtakenBy: 0, told: false })
      this.#ready.push(index)
    } else {
      const status = decision.action === 'skip' ? 'skipped' : 'cancelled'
      const ended = {
        status,
        because: decision.because,
        waits: this.#waitClock.since(mark),
        reservedBytes: 0,
      } as const
      this.#unstarted.push({ index, ended })
    }
  }

  #decide(task: ExecutorTask<Value>): Decision {
    if (this.#stoppedBecause !== null) return { action: 'cancel', because: this.#stoppedBecause }
    if (task.decide) return task.decide(this.#ended)
    const missing = task.needs?.find((need) => !isGood(this.#ended.get(need)))
    if (missing === undefined) return { action: 'run' }
    return { action: 'cancel', because: becauseOf(missing, this.#ended.get(missing)) }
  }

  /** The best ready task that fits; smaller ones may overtake the best one `mostOvertakings` times. */
  #takeWhatFits(): number | undefined {
    const passed: number[] = []
    let taken: number | undefined
    while (taken === undefined && passed.length < lookAhead) {
      const index = this.#ready.pop()
      if (index === undefined) break
      const waiting = this.#waitingAt(index)
      if (this.#parts.admission.admit(this.#keyOf(index), waiting.bytes)) {
        taken = index
      } else {
        passed.push(index)
        if (waiting.overtakenBy >= mostOvertakings) break
      }
    }
    for (const index of passed) {
      this.#ready.push(index)
      if (taken !== undefined) this.#waitingAt(index).overtakenBy += 1
    }
    return taken
  }

  #waitForMemory(): void {
    this.#memoryTimer = this.#parts.clock.every(memoryRetryMs, () => this.pump())
    const index = this.#ready.peek()
    if (index === undefined) return
    const waiting = this.#waitingAt(index)
    if (waiting.told) return
    waiting.told = true
    const message = this.#parts.admission.explain(waiting.bytes)
    void this.#tell({ type: 'waiting', task: this.#taskAt(index).name, reason: 'memory', message })
  }

  async #start(index: number): Promise<void> {
    const task = this.#taskAt(index)
    const { mark, bytes: reservedBytes } = this.#waitingAt(index)
    const waits = this.#waitClock.since(mark)
    this.#waiting.delete(index)

    const key = this.#keyOf(index)
    const observe = (bytes: number): void => this.#parts.ledger.observe(key, bytes)
    const ended = {
      waits,
      reservedBytes,
      ...(await this.#endOf(task, { signal: this.#signal, reservedBytes, waits, observe })),
    }
    this.#parts.ledger.release(key)

    const told = this.#tell({ type: 'ended', task: task.name, ended })
    if (told !== undefined) await told
    if (ended.status === 'failed' && this.#parts.failFast) this.#stop(`"${task.name}" failed`)
    this.#release(index, ended)
    this.#parts.slots.giveBack()
    this.#settle()
    this.#parts.slots.announce()
  }

  async #endOf(task: ExecutorTask<Value>, context: TaskContext): Promise<End<Value>> {
    try {
      const told = this.#tell({ type: 'started', task: task.name, reservedBytes: context.reservedBytes })
      if (told !== undefined) await told
      if (this.#fault) throw this.#fault.error
      return { status: 'succeeded', value: await task.run(context) }
    } catch (error) {
      return { status: 'failed', error }
    }
  }

  /** Ends what was decided without a start, which may decide more, then starts what may start. */
  #settle(): void {
    if (this.#settling) return
    if (this.#unstarted.length === 0) {
      this.pump()
    } else {
      this.#settling = true
      void this.#endUnstarted()
    }
  }

  async #endUnstarted(): Promise<void> {
    for (const { index, ended } of this.#unstarted) {
      const told = this.#tell({ type: 'ended', task: this.#taskAt(index).name, ended })
      if (told !== undefined) await told
      this.#release(index, ended)
    }
    this.#unstarted.length = 0
    this.#settling = false
    this.pump()
  }

  #release(index: number, ended: Ended<Value>): void {
    this.#ended.set(this.#taskAt(index).name, ended)
    for (const dependent of this.#parts.graph.dependents[index] ?? []) {
      const left = (this.#needsLeft[dependent] ?? 0) - 1
      this.#needsLeft[dependent] = left
      if (left === 0) this.#becomeReady(dependent)
    }
    if (this.#ended.size === this.#tasks.length) this.#finished.resolve()
  }

  /** Nothing starts from now on; what waits is cancelled, what runs sees the signal. */
  #stop(because: string): void {
    this.#stoppedBecause ??= because
    for (let index = this.#ready.pop(); index !== undefined; index = this.#ready.pop()) {
      const waits = this.#waitClock.since(this.#waitingAt(index).mark)
      this.#unstarted.push({
        index,
        ended: { status: 'cancelled', because: this.#stoppedBecause, waits, reservedBytes: 0 },
      })
    }
    this.#settle()
  }

  /** A listener that fails stops the run: what cannot be recorded must not happen. */
  #tell(event: ExecutorEvent<Value>): Promise<void> | undefined {
    if (!this.#parts.onEvent || this.#fault) return undefined
    const fail = (error: unknown): void => {
      this.#fault ??= { error }
      this.#stop(`it could not be recorded: ${messageOf(error)}`)
    }
    try {
      const told = this.#parts.onEvent(event)
      return told instanceof Promise ? told.catch(fail) : undefined
    } catch (error) {
      fail(error)
      return undefined
    }
  }

  #taskAt(index: number): ExecutorTask<Value> {
    return at(this.#tasks, index)
  }

  #waitingAt(index: number): Waiting {
    const waiting = this.#waiting.get(index)
    if (!waiting) throw new Error(`task ${index} is not ready`)
    return waiting
  }

  #keyOf(index: number): string {
    return `${this.#id}/${index}`
  }
}

function isGood(ended: Ended | undefined): boolean {
  return ended?.status === 'succeeded' || ended?.status === 'skipped'
}

function becauseOf(need: string, ended: Ended | undefined): string {
  return `it needs "${need}", which ${ended?.status === 'cancelled' ? 'was cancelled' : 'failed'}`
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new Error(`there is no task ${index}`)
  return item
}
