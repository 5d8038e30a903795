import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { type Ledger, type Reservation, raiseFactor } from '../memory/memory.ts'
import type { Admission } from './admission.ts'
import type { Graph } from './graph.ts'
import { RunningTask } from './running.ts'
import { type ReadyMark, WaitClock } from './wait-clock.ts'
import { type Waiting, WaitingLine } from './waiting-line.ts'
import {
  type Decision,
  type Ended,
  type ExecutorEvent,
  type ExecutorTask,
  neverStarted,
  type TaskContext,
  WantOfMemory,
} from './words.ts'

/** While memory holds the queue back it is looked at again this often, in milliseconds: others may free some. */
const memoryRetryMs = 100
/** A task that ends for want of memory by itself (the kernel killed it) is put back so often; then it has failed. */
const mostWants = 5

type Parts<Value> = {
  readonly graph: Graph
  readonly clock: Clock
  readonly admission: Admission
  readonly ledger: Ledger
  readonly guess: () => number
  /** A place among the running tasks of the executor. */
  readonly places: {
    /** False when all slots are taken. */
    take(): boolean
    giveBack(): void
    /** Lets every execution see that a slot or memory came free. */
    announce(): void
    begin(task: RunningTask): void
    /** Lets go of what was set aside for it. */
    end(task: RunningTask): void
    /** The guard may act on a task from now on. */
    watch(): void
  }
  readonly signal?: AbortSignal
  readonly failFast?: boolean
  readonly onEvent?: (event: ExecutorEvent<Value>) => void | Promise<void>
}

type End<Value> =
  | { readonly status: 'succeeded'; readonly value: Value }
  | { readonly status: 'failed'; readonly error: unknown }

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
  readonly #line: WaitingLine
  readonly #needsLeft: number[]
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
    this.#line = new WaitingLine(parts.graph.remainingMs)
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
    const { places, admission } = this.#parts
    while (this.#line.size > 0) {
      if (!places.take()) {
        this.#waitClock.turnTo('slot')
        return
      }
      const taken = this.#line.take((waiting) => {
        const need = this.#needOf(waiting)
        waiting.reservedBytes = bytesOf(need)
        return admission.admit(this.#keyOf(waiting.index), need)
      })
      if (typeof taken === 'string') {
        places.giveBack()
        this.#waitClock.turnTo(taken)
        this.#waitForMemory(taken)
        return
      }
      void this.#start(taken)
    }
    this.#waitClock.turnTo(null)
  }

  #becomeReady(index: number): void {
    const task = this.#taskAt(index)
    const mark = this.#waitClock.mark()
    const decision = this.#decide(task)
    if (decision.action === 'run') {
      this.#line.add(newcomer(index, mark))
      return
    }
    const status = decision.action === 'skip' ? 'skipped' : 'cancelled'
    const waits = this.#waitClock.since(mark)
    this.#unstarted.push({ index, ended: { ...neverStarted, status, because: decision.because, waits } })
  }

  #needOf({ index, atLeastBytes }: Waiting): number | Reservation {
    const { estimate, reserveBytes = this.#parts.guess() } = this.#taskAt(index)
    return estimate ? estimate(null) : Math.max(reserveBytes, atLeastBytes)
  }

  #decide(task: ExecutorTask<Value>): Decision {
    if (this.#stoppedBecause !== null) return { action: 'cancel', because: this.#stoppedBecause }
    if (task.decide) return task.decide(this.#ended)
    const missing = task.needs?.find((need) => !isGood(this.#ended.get(need)))
    if (missing === undefined) return { action: 'run' }
    return { action: 'cancel', because: becauseOf(missing, this.#ended.get(missing)) }
  }

  #waitForMemory(refusal: 'memory' | 'host' | 'suspended'): void {
    this.#memoryTimer = this.#parts.clock.every(memoryRetryMs, () => this.pump())
    const waiting = this.#line.first
    if (waiting === undefined || waiting.told || refusal === 'suspended') return
    waiting.told = true
    const message = this.#parts.admission.explain(this.#needOf(waiting))
    void this.#tell({ type: 'waiting', task: this.#taskAt(waiting.index).name, reason: refusal, message })
  }

  async #start(waiting: Waiting): Promise<void> {
    const { index, reservedBytes, requeues } = waiting
    const task = this.#taskAt(index)
    const { places } = this.#parts
    const waits = this.#waitClock.since(waiting.mark, waiting.before)
    const running = this.#begin(task, this.#keyOf(index))
    const end = await this.#endOf(task, {
      signal: this.#signal,
      reservedBytes,
      waits,
      requeues,
      observe: (bytes) => running.observe(bytes),
      control: (control) => {
        running.control = control
        if (control !== null) places.watch()
      },
    })
    places.end(running)
    const suspendedMs = Math.round(waiting.suspendedMs + running.suspendedMs)
    if (this.#isToBeRequeued(end, running, requeues)) {
      this.#requeue({ ...waiting, before: waits, suspendedMs }, running.peakBytes)
    } else {
      const profile = running.profile()
      await this.#end(index, { waits, reservedBytes, requeues, suspendedMs, profile, ...end })
    }
    places.giveBack()
    this.#settle()
    places.announce()
  }

  #begin(task: ExecutorTask<Value>, key: string): RunningTask {
    const { clock, ledger, places } = this.#parts
    const { estimate } = task
    const running = new RunningTask({
      key,
      clock,
      ledger,
      ...(estimate && { estimate }),
      onGuarded: (action, message) => void this.#tell({ type: 'guarded', task: task.name, action, message }),
    })
    places.begin(running)
    return running
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

  #isToBeRequeued(end: End<Value>, running: RunningTask, requeues: number): boolean {
    if (end.status === 'succeeded' || this.#stoppedBecause !== null) return false
    if (running.isLeaving) return true
    if (!(end.error instanceof WantOfMemory) || requeues >= mostWants) return false
    running.observe(Math.max(running.peakBytes, end.error.observedBytes))
    return true
  }

  /** Back in its place in the line, with more set aside. */
  #requeue(waiting: Waiting, peakBytes: number): void {
    const { index, requeues } = waiting
    this.#parts.admission.forget()
    this.#taskAt(index).raise?.(peakBytes)
    this.#line.add({
      ...waiting,
      mark: this.#waitClock.markAgain(),
      requeues: requeues + 1,
      atLeastBytes: Math.max(waiting.atLeastBytes, peakBytes * raiseFactor),
      told: false,
    })
  }

  async #end(index: number, ended: Ended<Value>): Promise<void> {
    const { name } = this.#taskAt(index)
    const told = this.#tell({ type: 'ended', task: name, ended })
    if (told !== undefined) await told
    if (ended.status === 'failed' && this.#parts.failFast) this.#stop(`"${name}" failed`)
    this.#release(index, ended)
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
    for (const { index, ended } of this.#unstarted) await this.#end(index, ended)
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
    for (const { index, mark, before, requeues, suspendedMs } of this.#line.drain()) {
      const waits = this.#waitClock.since(mark, before)
      const ended = {
        ...neverStarted,
        requeues,
        suspendedMs,
        status: 'cancelled',
        because: this.#stoppedBecause,
        waits,
      } as const
      this.#unstarted.push({ index, ended })
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

  #keyOf(index: number): string {
    return `${this.#id}/${index}`
  }
}

const newcomer = (index: number, mark: ReadyMark): Waiting => ({
  index,
  mark,
  before: {},
  requeues: 0,
  suspendedMs: 0,
  atLeastBytes: 0,
  reservedBytes: 0,
  overtakenBy: 0,
  told: false,
})

const bytesOf = (need: number | Reservation): number => (typeof need === 'number' ? need : need.bytes)

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
