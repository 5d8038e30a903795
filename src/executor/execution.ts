import { messageOf, whyStopped } from '../errors.ts'
import { Caller } from './caller.ts'
import { cancelledOf, type End, endedOf } from './ended.ts'
import type { ExecutionParts } from './execution-parts.ts'
import { judge, refusalOf, toRun } from './judge.ts'
import { Listener } from './listener.ts'
import { Progress } from './progress.ts'
import { type RunningHost, RunningTask } from './running.ts'
import { Starter } from './starter.ts'
import { type ContextHost, StartedContext } from './task-context.ts'
import { noWaits, WaitClock } from './wait-clock.ts'
import type { Waiting } from './waiting-line.ts'
import { type Decision, type Ended, type ExecutorTask, neverStarted, WantOfMemory } from './words.ts'

/** A task that ends for want of memory by itself (the kernel killed it) is put back so often; then it has failed. */
const mostWants = 5

/** One graph on its way through the executor. */
export class Execution<Value> {
  readonly #tasks: readonly ExecutorTask<Value>[]
  readonly #parts: ExecutionParts<Value>
  readonly #signal: AbortSignal
  readonly #waitClock: WaitClock
  readonly #progress: Progress<Value>
  readonly #starter: Starter<Value>
  /** Null when nobody listens. */
  readonly #listener: Listener<Value> | null
  /** What all of its tasks share. */
  readonly #host: RunningHost & ContextHost
  /** Decided to be skipped or cancelled, not yet told; bounded by the graph. */
  readonly #unstarted: { readonly index: number; readonly ended: Ended<Value> }[] = []
  /** Those that wait for no end now; as many as tasks have run at once. */
  readonly #callers: Caller<Value>[] = []
  #settling = false
  /** Why nothing starts any more; null while things go well. */
  #stoppedBecause: string | null = null

  constructor(tasks: readonly ExecutorTask<Value>[], parts: ExecutionParts<Value>) {
    this.#tasks = tasks
    this.#parts = parts
    this.#signal = parts.signal ?? new AbortController().signal
    this.#waitClock = new WaitClock(parts.clock)
    this.#progress = new Progress(parts.graph, (index) => this.#becomeReady(index))
    this.#listener = parts.onEvent ? new Listener(parts.onEvent, this.#stopUnrecorded) : null
    this.#starter = new Starter({
      ...{ ...parts, tasks, waitClock: this.#waitClock, listener: this.#listener },
      start: (waiting) => this.#start(waiting),
    })
    const { clock, ledger, places, call, tally, admission } = parts
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
      this.#starter[Symbol.dispose]()
    }
    if (this.#listener?.fault) throw this.#listener.fault.error
    return this.#progress.ended
  }

  /** Starts what may start. Called whenever others have made a slot or memory free. */
  pump(): void {
    this.#starter.pump()
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
    if (decision.action === 'run') {
      this.#starter.add(index, decision.waits)
      return
    }
    const status = decision.action === 'skip' ? 'skipped' : 'cancelled'
    const waits = this.#waitClock.since(this.#waitClock.mark(), noWaits)
    this.#unstarted.push({ index, ended: { ...neverStarted, status, because: decision.because, waits } })
  }

  #decide(task: ExecutorTask<Value>): Decision | Promise<Decision> {
    if (this.#stoppedBecause !== null) return { action: 'cancel', because: this.#stoppedBecause }
    const { ended, isAllGood } = this.#progress
    if (task.decide) return task.decide(ended)
    return isAllGood ? toRun : judge(task.needs ?? [], ended)
  }

  #start(waiting: Waiting): void {
    const task = this.#taskAt(waiting.index)
    const running = new RunningTask(waiting, task, this.#host, this.#waitClock.nowMs)
    const { reservedBytes } = waiting
    const told = this.#listener?.tell({ type: 'started', task: task.name, reservedBytes })
    if (told === undefined) this.#call(running)
    else void this.#callAfter(told, running)
  }

  async #callAfter(told: Promise<void>, running: RunningTask<Value>): Promise<void> {
    await told
    this.#call(running)
  }

  #call(running: RunningTask<Value>): void {
    const fault = this.#listener?.fault
    if (fault) {
      this.#ended({ status: 'failed', error: fault.error }, running)
      return
    }
    const caller = this.#callers.pop() ?? new Caller(this.#onEnd)
    caller.call(running, new StartedContext(running, this.#host))
  }

  readonly #onEnd = (end: End<Value>, running: RunningTask<Value>, caller: Caller<Value>): void => {
    this.#callers.push(caller)
    this.#ended(end, running)
  }

  #ended(end: End<Value>, running: RunningTask<Value>): void {
    this.#waitClock.look()
    this.#parts.places.end(running)
    if (end.status === 'failed' && this.#isToBeRequeued(end.error, running)) {
      this.#requeue(running)
      this.#leave()
      return
    }
    const told = this.#end(running.waiting.index, endedOf(end, running))
    if (told === undefined) this.#leave()
    else void told.then(this.#leave)
  }

  /** Its place is free for the next. */
  readonly #leave = (): void => {
    const { places } = this.#parts
    places.giveBack()
    this.#settle()
    places.announce(this)
  }

  #isToBeRequeued(error: unknown, running: RunningTask<Value>): boolean {
    if (this.#stoppedBecause !== null) return false
    if (running.isLeaving) return true
    if (!(error instanceof WantOfMemory) || running.waiting.requeues >= mostWants) return false
    running.observe(Math.max(running.peakBytes, error.observedBytes))
    this.#host.onGuarded(running.task.name, 'requeued', messageOf(error.cause ?? error))
    return true
  }

  /** Back in its place in the line, with more set aside. */
  #requeue({ task, waiting, peakBytes, suspendedMs }: RunningTask<Value>): void {
    this.#parts.admission.forget()
    task.raise?.(peakBytes)
    this.#starter.addAgain(waiting, { peakBytes, suspendedMs })
  }

  /** Told before anything follows from it; a promise only where the listener takes its time. */
  #end(index: number, ended: Ended<Value>): Promise<void> | undefined {
    this.#parts.tally.end(ended)
    const told = this.#listener?.tell({ type: 'ended', task: this.#taskAt(index).name, ended })
    if (told !== undefined) return this.#followAfter(told, index, ended)
    this.#follow(index, ended)
    return undefined
  }

  async #followAfter(told: Promise<void>, index: number, ended: Ended<Value>): Promise<void> {
    await told
    this.#follow(index, ended)
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
      this.#starter.startSome()
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
    for (const waiting of this.#starter.drain())
      this.#unstarted.push({ index: waiting.index, ended: cancelledOf(waiting, this.#stoppedBecause) })
    this.#settle()
  }

  #taskAt(index: number): ExecutorTask<Value> {
    return this.#tasks[index] as ExecutorTask<Value>
  }
}
