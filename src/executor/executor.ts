/**
 * Runs a graph of tasks inside the load line. It promises: never more than `maxConcurrentTasks` at once, no start
 * that would load the machine past its line (one task may always run), tasks that do not fit wait instead of
 * failing, what is on the longest remaining path starts first (of equally long tasks the larger), and no task starts
 * before all it needs has ended.
 *
 * It does not know what a task does or where estimates come from: both come with the task. It does not stop a task
 * that needs more than was reserved for it.
 */
import type { Clock } from '../clock.ts'
import { Ledger, MemoryMonitor, type Reservation } from '../memory/memory.ts'
import type { Options } from '../spine.ts'
import { Admission } from './admission.ts'
import { Execution } from './execution.ts'
import { readGraph } from './graph.ts'
import { GuardLoop } from './guard-loop.ts'
import { guarded } from './guarded-task.ts'
import { MapRun } from './map.ts'
import { MapLane } from './map-lane.ts'
import type { MapFunction, MapOptions, MapResults } from './map-words.ts'
import {
  checkExecution,
  checkMap,
  checkTask,
  type ExecuteOptions,
  type ExecutorOptions,
  readOptions,
} from './options.ts'
import type { RunningTask } from './running.ts'
import { type ExecutorReport, Tally } from './tally.ts'
import type { Ended, ExecutorTask } from './words.ts'
import { Workers } from './workers.ts'

export type { MapContext, MapFunction, MapOptions, MapResults } from './map-words.ts'
export type { ExecuteOptions, ExecutorOptions } from './options.ts'
export { type Prediction, predictRun, type TaskPrediction } from './predict.ts'
export type { ExecutorReport } from './tally.ts'
export {
  type Call,
  type CallOptions,
  type Decision,
  type Ended,
  type ExecutorEvent,
  type ExecutorTask,
  type GuardAction,
  neverStarted,
  type TaskContext,
  WantOfMemory,
} from './words.ts'

/** Disposing closes its threads and processes; what it still runs is not stopped. */
export class ParallelExecutor implements AsyncDisposable {
  readonly options: Options['executor']
  readonly monitor: MemoryMonitor
  readonly ledger: Ledger = new Ledger()
  readonly #clock: Clock
  readonly #admission: Admission
  readonly #executions = new Set<{ pump(): void }>()
  readonly #guardLoop: GuardLoop
  #guessedFrom = Number.NaN
  #guessed: Reservation = { bytes: 0 }
  readonly #tally = new Tally()
  readonly #workers: Workers
  readonly #places = {
    take: (): boolean => {
      if (this.#tally.running >= this.options.maxConcurrentTasks) return false
      this.#tally.begin()
      return true
    },
    giveBack: (): void => {
      this.#tally.running -= 1
    },
    announce: (own: unknown = null): void => {
      if (own !== null && this.#executions.size === 1) return
      for (const execution of this.#executions) if (execution !== own) execution.pump()
    },
    end: (task: RunningTask): void => {
      task.isOver = true
      this.#guardLoop.forget(task)
      this.ledger.release(task.key)
    },
    free: (task: RunningTask): void => {
      this.#places.end(task)
      this.#admission.forget()
      this.#places.announce()
    },
    watch: (task: RunningTask): void => this.#guardLoop.watch(task),
  }

  /** @throws OPTION_INVALID with the option, its value and its range. */
  constructor(options: Partial<ExecutorOptions> = {}) {
    const read = readOptions(options)
    const { clock } = read
    this.options = read.options
    this.monitor =
      read.monitor ??
      new MemoryMonitor({
        threshold: this.options.memoryPressureThreshold,
        budgetBytes: this.options.memoryBudgetBytes,
      })
    this.#clock = clock
    const { maxWorkersThread, maxWorkersProcess } = this.options
    this.#workers = new Workers({ maxWorkersThread, maxWorkersProcess, clock })
    const parts = { monitor: this.monitor, clock }
    const isHeld = (): boolean => this.#guardLoop.isHolding
    this.#admission = new Admission({ ...parts, isHeld, ledger: this.ledger, ownBytes: read.ownBytes })
    const onChange = (): void => this.#places.announce()
    this.#guardLoop = new GuardLoop({ ...parts, onChange })
  }

  /** What it has done until now. */
  report(): ExecutorReport {
    return this.#tally.report(this.ledger.reservedBytes)
  }

  /** What tasks may take now, in bytes: below the line, neither used nor reserved nor kept for this process itself. */
  get freeBytes(): number {
    return this.#admission.freeBytes
  }

  /** What is reserved for a task without an estimate of its own, in bytes: never more than its limit. */
  carefulGuess(limitBytes: number = this.#limitBytes): number {
    return this.#guessBelow(limitBytes, this.#admission.loadLineBytes())
  }

  /** Made anew only when the line has moved: many tasks start meanwhile. */
  readonly #guess = (nowMs: number): Reservation => {
    const loadLineBytes = this.#admission.loadLineBytes(nowMs)
    if (loadLineBytes !== this.#guessedFrom) {
      this.#guessedFrom = loadLineBytes
      this.#guessed = { bytes: this.#guessBelow(this.#limitBytes, loadLineBytes) }
    }
    return this.#guessed
  }

  #guessBelow(limitBytes: number, loadLineBytes: number): number {
    return Math.floor(Math.min(limitBytes, loadLineBytes / this.options.maxConcurrentTasks))
  }

  get #limitBytes(): number {
    return this.options.memoryLimitMb * 2 ** 20
  }

  /**
   * Calls `fn` for each item of the source, which may be endless: items are pulled when there is a slot, room below the
   * load line and a place for the result. The results are an async iterator; a slow reader slows the source. When `fn`
   * fails, or the signal aborts, nothing new starts, what runs sees `context.signal`, and the reader gets the error.
   * @throws OPTION_INVALID for a source that cannot be iterated, and for options that could not be meant.
   */
  map<Item, Result>(
    source: Iterable<Item> | AsyncIterable<Item>,
    fn: MapFunction<Item, Result>,
    options: MapOptions = {},
  ): MapResults<Result> {
    checkMap(fn, options)
    const { maxConcurrentTasks } = this.options
    const concurrency = Math.min(options.concurrency ?? maxConcurrentTasks, maxConcurrentTasks)
    const slots = {
      take: this.#places.take,
      giveBack: () => {
        this.#places.giveBack()
        if (this.#executions.size > 1) this.#places.announce()
      },
    }
    const { reserveBytes = 0 } = options
    const lane = new MapLane({ admission: this.#admission, ledger: this.ledger, slots, reserveBytes })
    const parts = { clock: this.#clock, concurrency, take: lane.take, giveBack: lane.giveBack }
    const onResult = (): void => {
      this.#tally.mapped += 1
    }
    const open = (): void => void this.#executions.add(run)
    const close = (): void => void this.#executions.delete(run)
    const run = new MapRun(source, fn, {
      options,
      parts: { ...parts, onResult, open, close, call: this.#workers.call },
    })
    return run
  }

  /**
   * Runs all tasks to their end and tells how each ended, in the order of their ends. Callers of one executor share its
   * slots and its ledger.
   * @throws OPTION_INVALID for tasks, a graph or options that are not sound, before anything starts; whatever `onEvent`
   * throws, after all tasks have ended.
   */
  async execute<Value>(
    tasks: readonly ExecutorTask<Value>[],
    options: ExecuteOptions<Value> = {},
  ): Promise<ReadonlyMap<string, Ended<Value>>> {
    checkExecution(tasks, options)
    const { onEvent, ...rest } = options
    const execution = new Execution<Value>(tasks.map(checkedAndGuarded), {
      ...rest,
      ...(onEvent && this.options.enableProgress && { onEvent }),
      graph: readGraph(tasks),
      clock: this.#clock,
      admission: this.#admission,
      ledger: this.ledger,
      guess: this.#guess,
      places: this.#places,
      tally: this.#tally,
      call: this.#workers.call,
    })
    this.#executions.add(execution)
    try {
      return await execution.run()
    } finally {
      this.#executions.delete(execution)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#guardLoop[Symbol.dispose]()
    await this.#workers[Symbol.asyncDispose]()
    this.monitor[Symbol.dispose]()
  }
}

function checkedAndGuarded<Value>(task: ExecutorTask<Value>): ExecutorTask<Value> {
  checkTask(task)
  return guarded(task)
}
