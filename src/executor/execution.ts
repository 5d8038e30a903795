import { messageOf, whyStopped } from '../errors.ts'
import { type Reservation, raiseFactor } from '../memory/memory.ts'
import type { Refusal } from './admission.ts'
import { type End, endedOf } from './ended.ts'
import type { ExecutionParts } from './execution-parts.ts'
import type { Graph } from './graph.ts'
import { judge, refusalOf, toRun } from './judge.ts'
import { Listener } from './listener.ts'
import { Progress } from './progress.ts'
import { type RunningHost, RunningTask } from './running.ts'
import { type ContextHost, StartedContext } from './task-context.ts'
import { noWaits, WaitClock } from './wait-clock.ts'
import { newcomer, type Waiting, WaitingLine } from './waiting-line.ts'
import { type Decision, type Ended, type ExecutorTask, neverStarted, WantOfMemory } from './words.ts'

/** While memory holds the queue back it is looked at again this often, in milliseconds: others may free some. */
const memoryRetryMs = 100
/** A task that ends for want of memory by itself (the kernel killed it) is put back so often; then it has failed. */
const mostWants = 5

let keys = 0
/** Names in the ledger, which several graphs of one executor share. */
const nextKey = (): number => ++keys

/** One graph on its way through the executor. */
export class Execution<Value> {
  readonly #tasks: readonly ExecutorTask<Value>[]
  readonly #parts: ExecutionParts<Value>
  readonly #signal: AbortSignal
  readonly #waitClock: WaitClock
  readonly #line: WaitingLine
  readonly #progress: Progress<Value>
  /** Null when nobody listens. */
  readonly #listener: Listener<Value> | null
  /** What all of its tasks share. */
  readonly #host: RunningHost & ContextHost
  /** Decided to be skipped or cancelled, not yet told; bounded by the graph. */
  readonly #unstarted: { readonly index: number; readonly ended: Ended<Value> }[] = []
  #settling = false
  #memoryTimer: Disposable | null = null
  /** Why nothing starts any more; null while things go well. */
  #stoppedBecause: string | null = null

  constructor(tasks: readonly ExecutorTask<Value>[], parts: ExecutionParts<Value>) {
    this.#tasks = tasks
    this.#parts = parts
    this.#signal = parts.signal ?? new AbortController().signal
    this.#waitClock = new WaitClock(parts.clock)
    this.#line = new WaitingLine(orderOf(tasks, parts.graph))
    this.#progress = new Progress(parts.graph, (index) => this.#becomeReady(index))
    this.#listener = parts.onEvent ? new Listener(parts.onEvent, this.#stopUnrecorded) : null
    const { clock, ledger, places, call, admission, tally } = parts
    this.#host = {
      ...{ signal: this.#signal, clock, ledger, places, call },
      onObserved: () => admission.forget(),
      onGuarded: (task, action, message) => {
        tally.guard(action)
        void this.#listener?.tell({ type: 'guarded', task, action, message })
      },
    }
  }

  async run(): Promise<ReadonlyMap<string, Ended<Value>>> {
    const stop = (): void => this.#stop(whyStopped(this.#signal))
    if (this.#signal.aborted) stop()
    this.#signal.addEventListener('abort', stop)
    try {
      this.#progress.begin()
      this.#settle()
      await this.#progress.finished
    } finally {
      this.#signal.removeEventListener('abort', stop)
      this.#memoryTimer?.[Symbol.dispose]()
    }
    if (this.#listener?.fault) throw this.#listener.fault.error
    return this.#progress.ended
  }

  /** Starts what may start. Called whenever others have made a slot or memory free. */
  pump(): void {
    this.#waitClock.look()
    this.#startSome()
  }

  #startSome(): void {
    this.#memoryTimer?.[Symbol.dispose]()
    this.#memoryTimer = null
    const { places } = this.#parts
    while (this.#line.size > 0) {
      if (!places.take()) {
        this.#waitClock.turnTo('slot')
        return
      }
      const taken = this.#line.take(this.#admit)
      if (typeof taken === 'string') {
        places.giveBack()
        this.#waitClock.turnTo(taken)
        this.#waitForMemory(taken)
        return
      }
      void this.#start(taken)
      // A task may keep the thread for as long as it likes before it waits for something.
      this.#waitClock.look()
    }
    this.#waitClock.turnTo(null)
  }

  readonly #admit = (waiting: Waiting): Refusal => {
    const need = this.#needOf(waiting)
    waiting.reservedBytes = need.bytes
    if (this.#taskAt(waiting.index).isRunning) return this.#parts.admission.take(waiting.key, need)
    return this.#parts.admission.admit(waiting.key, need, this.#waitClock.nowMs)
  }

  #becomeReady(index: number): void {
    const decision = this.#decide(this.#taskAt(index))
    if (decision instanceof Promise) void this.#decideLater(index, decision)
    else this.#follows(index, decision)
  }

  async #decideLater(index: number, deciding: Promise<Decision>): Promise<void> {
    const decision = await deciding.catch(refusalOf)
    const because = this.#stoppedBecause
    this.#waitClock.look()
    this.#follows(index, because === null ? decision : { action: 'cancel', because })
    this.#settle()
  }

  #follows(index: number, decision: Decision): void {
    const mark = this.#waitClock.mark()
    if (decision.action === 'run') {
      this.#line.add(newcomer(index, nextKey(), mark, decision.waits))
      return
    }
    const status = decision.action === 'skip' ? 'skipped' : 'cancelled'
    const waits = this.#waitClock.since(mark, noWaits)
    this.#unstarted.push({ index, ended: { ...neverStarted, status, because: decision.because, waits } })
  }

  #needOf({ index, atLeastBytes }: Waiting): Reservation {
    const { estimate, reserveBytes = this.#parts.guess(this.#waitClock.nowMs) } = this.#taskAt(index)
    const need = estimate?.(null) ?? { bytes: reserveBytes }
    // More than was expected, after it was put back for want of memory: then it does not develop as was expected either.
    return need.bytes < atLeastBytes ? { bytes: atLeastBytes } : need
  }

  #decide(task: ExecutorTask<Value>): Decision | Promise<Decision> {
    if (this.#stoppedBecause !== null) return { action: 'cancel', because: this.#stoppedBecause }
    const { ended, isAllGood } = this.#progress
    if (task.decide) return task.decide(ended)
    return isAllGood ? toRun : judge(task.needs ?? [], ended)
  }

  #waitForMemory(refusal: 'memory' | 'host' | 'suspended'): void {
    this.#memoryTimer = this.#parts.clock.every(memoryRetryMs, () => this.pump())
    const waiting = this.#line.first
    if (waiting === undefined || waiting.told || refusal === 'suspended') return
    waiting.told = true
    const message = this.#parts.admission.explain(this.#needOf(waiting))
    void this.#listener?.tell({
      type: 'waiting',
      task: this.#taskAt(waiting.index).name,
      reason: refusal,
      message,
    })
  }

  async #start(waiting: Waiting): Promise<void> {
    const { index, reservedBytes, requeues } = waiting
    const task = this.#taskAt(index)
    const { places } = this.#parts
    const waits = this.#waitClock.since(waiting.mark, waiting.before)
    const running = new RunningTask(waiting.key, task, this.#host, this.#waitClock.nowMs)
    places.begin(running)
    let end: End<Value>
    try {
      const told = this.#listener?.tell({ type: 'started', task: task.name, reservedBytes })
      if (told !== undefined) await told
      if (this.#listener?.fault) throw this.#listener.fault.error
      const value = await task.run(new StartedContext(waiting, waits, running, this.#host))
      end = { status: 'succeeded', value }
    } catch (error) {
      end = { status: 'failed', error }
    }
    this.#waitClock.look()
    places.end(running)
    const suspendedMs = Math.round(waiting.suspendedMs + running.suspendedMs)
    if (end.status === 'failed' && this.#isToBeRequeued(end.error, running, requeues)) {
      this.#requeue({ ...waiting, before: waits, suspendedMs }, running.peakBytes)
    } else {
      const told = this.#end(
        index,
        endedOf(end, { waits, reservedBytes, requeues, suspendedMs, profile: running.profile() }),
      )
      if (told !== undefined) await told
    }
    places.giveBack()
    this.#settle()
    places.announce(this)
  }

  #isToBeRequeued(error: unknown, running: RunningTask, requeues: number): boolean {
    if (this.#stoppedBecause !== null) return false
    if (running.isLeaving) return true
    if (!(error instanceof WantOfMemory) || requeues >= mostWants) return false
    running.observe(Math.max(running.peakBytes, error.observedBytes))
    this.#host.onGuarded(running.name, 'requeued', messageOf(error.cause ?? error))
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

  /** Told before anything follows from it; a promise only where the listener takes its time. */
  #end(index: number, ended: Ended<Value>): Promise<void> | undefined {
    this.#parts.tally.end(ended)
    const told = this.#listener?.tell({ type: 'ended', task: this.#taskAt(index).name, ended })
    if (told !== undefined) return told.then(() => this.#follow(index, ended))
    this.#follow(index, ended)
    return undefined
  }

  #follow(index: number, ended: Ended<Value>): void {
    const { name } = this.#taskAt(index)
    if (ended.status === 'failed' && this.#parts.failFast) this.#stop(`"${name}" failed`)
    this.#progress.end(index, name, ended)
  }

  /** Ends what was decided without a start, which may decide more, then starts what may start. */
  #settle(): void {
    if (this.#settling) return
    if (this.#unstarted.length === 0) {
      this.#startSome()
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

  readonly #stopUnrecorded = (error: unknown): void => {
    this.#stop(`it could not be recorded: ${messageOf(error)}`)
  }

  /** Nothing starts from now on; what waits is cancelled, what runs sees the signal. */
  #stop(because: string): void {
    this.#stoppedBecause ??= because
    this.#waitClock.look()
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

  #taskAt(index: number): ExecutorTask<Value> {
    return at(this.#tasks, index)
  }
}

/** What runs already comes before the longest path. */
function orderOf(tasks: readonly Pick<ExecutorTask, 'isRunning'>[], { remainingMs }: Graph): Float64Array {
  if (!tasks.some(({ isRunning }) => isRunning)) return remainingMs
  return remainingMs.map((ms, index) => (tasks[index]?.isRunning ? Number.MAX_VALUE : ms))
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new Error(`there is no task ${index}`)
  return item
}
