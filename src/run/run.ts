/**
 * One run of a plan: what its tasks know of each other (outputs, statuses, services), what is told of it (events,
 * recorded before they are shown), and its report. It turns tasks of the plan into tasks of the executor.
 *
 * It promises: an event is durable before what it announces happens; when the journal fails, nothing new starts and
 * the failure is kept as `fault`. It does not decide what runs when, and does not touch processes itself.
 */
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { makeDirectory } from '../directories.ts'
import { factsOf, PlimsollError, systemCodeOf } from '../errors.ts'
import type {
  Ended,
  ExecutorEvent,
  ExecutorTask,
  ParallelExecutor,
  TaskContext,
} from '../executor/executor.ts'
import type { Journal, PastTask } from '../journal/journal.ts'
import { ProcessFinder, TreeWatcher } from '../memory/memory.ts'
import type { FillValues } from '../plan/plan.ts'
import { createMasker, type Masker } from '../redact/redact.ts'
import { type Instruments, runTask, type TaskEnd, type TaskEvent, type TaskRun } from '../runners/runners.ts'
import type {
  Phase,
  Plan,
  ProcessIdentity,
  Report,
  RunMessage,
  RunStatus,
  Task,
  TaskReport,
} from '../spine.ts'
import { decide } from './decide.ts'
import { PeakMeter } from './peak-meter.ts'
import { endedReport, TaskFailure } from './task-report.ts'
import { undoGraph } from './undo.ts'

export { stateDirOf } from './state-dir.ts'

export type RunParts = {
  readonly plan: Plan
  readonly runId: string
  /** Absolute. */
  readonly stateDir: string
  readonly secrets: Readonly<Record<string, string>>
  /** The engine's own environment. */
  readonly variables: NodeJS.ProcessEnv
  readonly journal: Journal
  readonly executor: ParallelExecutor
  readonly clock: Clock
  readonly random: () => number
  /** Stops gently; what runs is told to end. */
  readonly signal: AbortSignal
  /** Nothing is waited for any more. */
  readonly killSignal: AbortSignal
  readonly onEvent: (message: RunMessage) => void | Promise<void>
}

export class Run implements AsyncDisposable {
  readonly #parts: RunParts
  readonly #masker: Masker
  readonly #instruments: Instruments
  readonly #environment: Readonly<Record<string, string>>
  readonly #startMs: number
  readonly #meter = new PeakMeter()
  readonly #reports = new Map<string, TaskReport>()
  readonly #outputs = new Map<string, Readonly<Record<string, string>>>()
  readonly #services = new Map<string, ProcessIdentity>()
  readonly #broken = new AbortController()
  #fileNumber = 0

  /** Makes the run's directory. The journal knows the run already. */
  static async open(parts: RunParts): Promise<Run> {
    makeRunDir(join(parts.stateDir, 'runs', parts.runId))
    return new Run(parts)
  }

  private constructor(parts: RunParts) {
    const { plan, clock, secrets } = parts
    this.#parts = parts
    this.#masker = createMasker(Object.values(secrets))
    this.#instruments = { watcher: new TreeWatcher({ clock }), finder: new ProcessFinder(), clock }
    this.#environment = withoutSecrets(parts.variables, plan)
    this.#startMs = clock.monotonic()
  }

  /** Aborts when the run is stopped, or when what happens cannot be recorded any more. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.#parts.signal, this.#broken.signal])
  }

  /** Why nothing can be recorded any more; undefined while all is well. */
  get fault(): unknown {
    return this.#broken.signal.aborted ? this.#broken.signal.reason : undefined
  }

  get hasFailed(): boolean {
    return [...this.#reports.values()].some(({ status }) => status === 'failed')
  }

  /** The tasks of the plan for the executor; `past` orders them by how long they took before. */
  tasks(past: ReadonlyMap<string, PastTask>): readonly ExecutorTask<TaskEnd>[] {
    return this.#parts.plan.tasks.map((task) => ({
      name: task.name,
      needs: task.needs,
      expectedMs: past.get(task.name)?.durationMs ?? 1_000,
      reserveBytes: reservationOf(task, this.#parts.executor),
      decide: (ended) =>
        decide(task, ended, { statusOf: (name) => this.#statusOf(name), outputOf: this.#values.outputOf }),
      run: (context) => this.#attempt(task, 'deploy', context),
    }))
  }

  /** Names of the tasks that succeeded and say how they are undone. */
  namesToUndo(): readonly string[] {
    return this.#parts.plan.tasks.filter((task) => this.#isToUndo(task)).map(({ name }) => name)
  }

  /** The undo work of what succeeded, in reverse order of the graph. */
  undoTasks(): readonly ExecutorTask<TaskEnd | null>[] {
    return undoGraph(this.#parts.plan.tasks, {
      isUndone: (task) => this.#isToUndo(task),
      reserveBytes: (task) => reservationOf(task, this.#parts.executor),
      run: (task, context) => this.#attempt(task, 'undo', context),
    })
  }

  /** Told by the executor; keeps what later tasks ask for, and tells it on. */
  async onExecutorEvent(phase: Phase, event: ExecutorEvent<TaskEnd | null>): Promise<void> {
    if (event.type === 'waiting') {
      await this.emit({
        type: 'task-waiting',
        phase,
        task: event.task,
        reason: event.reason,
        message: event.message,
      })
    }
    if (event.type === 'ended') await this.#onEnded(phase, event.task, event.ended)
  }

  /** Recorded first, then shown. Once recording has failed, only shown: what was begun is still brought to its end. */
  async emit(event: TaskEvent): Promise<void> {
    const { runId, clock, journal, onEvent } = this.#parts
    const told = { ...event, runId, atMs: clock.now() }
    if (!this.#broken.signal.aborted) {
      try {
        await journal.record(told)
      } catch (error) {
        this.#broken.abort(error)
        throw error
      }
    }
    await onEvent(told)
  }

  /** Says that the run is being stopped, once for each signal. */
  tellStops(): Disposable {
    const { signal, killSignal } = this.#parts
    const tell = (how: 'gently' | 'at once') => (): void =>
      void this.emit({ type: 'stopping', how }).catch(() => undefined)
    const gently = tell('gently')
    const atOnce = tell('at once')
    signal.addEventListener('abort', gently, { once: true })
    killSignal.addEventListener('abort', atOnce, { once: true })
    return {
      [Symbol.dispose]: () => {
        signal.removeEventListener('abort', gently)
        killSignal.removeEventListener('abort', atOnce)
      },
    }
  }

  /** What is used now, for the eye. */
  async showMemory(): Promise<void> {
    const { usedBytes, capacityBytes, loadLineBytes } = this.#parts.executor.monitor.read()
    const { reservedBytes } = this.#parts.executor.ledger
    const { runId, clock, onEvent } = this.#parts
    await onEvent({
      type: 'memory',
      runId,
      atMs: clock.now(),
      usedBytes,
      reservedBytes,
      capacityBytes,
      loadLineBytes,
    })
  }

  report(): Report {
    const { plan, runId, clock } = this.#parts
    return {
      type: 'report',
      runId,
      atMs: clock.now(),
      status: this.#status(),
      plan: plan.name,
      version: plan.version,
      environment: plan.environment,
      durationMs: Math.round(clock.monotonic() - this.#startMs),
      peakMemoryBytes: this.#meter.peakBytes,
      tasks: Object.fromEntries(
        plan.tasks.map(({ name }) => [name, this.#reports.get(name) ?? neverEnded(name)]),
      ),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#instruments.watcher[Symbol.asyncDispose]()
  }

  get #values(): FillValues {
    return {
      secrets: this.#parts.secrets,
      outputOf: (task, key) => {
        const outputs = this.#outputs.get(task)
        return outputs && Object.hasOwn(outputs, key) ? outputs[key] : undefined
      },
    }
  }

  #isToUndo(task: Task): boolean {
    return task.undo !== null && this.#reports.get(task.name)?.status === 'succeeded'
  }

  #statusOf(task: string): string {
    return this.#reports.get(task)?.status ?? 'unknown'
  }

  #status(): RunStatus {
    const reports = [...this.#reports.values()]
    if (!this.hasFailed && this.#parts.signal.aborted && reports.some(({ status }) => status === 'cancelled'))
      return 'interrupted'
    if (!this.hasFailed && this.fault === undefined && !reports.some(({ undo }) => undo)) return 'succeeded'
    const undos = reports.flatMap(({ undo }) => (undo ? [undo.status] : []))
    return undos.length > 0 && undos.every((status) => status === 'succeeded') ? 'rolled-back' : 'failed'
  }

  async #attempt(task: Task, phase: Phase, context: TaskContext): Promise<TaskEnd> {
    await this.emit({ type: 'task-started', phase, task: task.name, reservedBytes: context.reservedBytes })
    const end = await runTask(task, this.#taskRun(task, phase, context))
    this.#meter.release(task.name)
    if (end.report.status !== 'succeeded') throw new TaskFailure(end)
    return end
  }

  #taskRun(task: Task, phase: Phase, context: TaskContext): TaskRun {
    const { plan, runId, stateDir, killSignal, clock, random } = this.#parts
    return {
      plan,
      runId,
      stateDir,
      killSignal,
      clock,
      random,
      phase,
      work: phase === 'undo' && task.undo ? task.undo : task.work,
      nextFileNumber: () => ++this.#fileNumber,
      environment: this.#environment,
      values: this.#values,
      masker: this.#masker,
      signal: context.signal,
      instruments: this.#instruments,
      emit: (event) => this.emit(event),
      observe: (bytes) => {
        context.observe(bytes)
        this.#meter.observe(task.name, bytes)
      },
      reservedBytes: context.reservedBytes,
      waits: context.waits,
      keepService: (identity) => this.#services.set(task.name, identity),
      service: this.#services.get(task.name),
    }
  }

  async #onEnded(phase: Phase, name: string, ended: Ended<TaskEnd | null>): Promise<void> {
    if (phase === 'undo' && !this.namesToUndo().includes(name)) return
    const end = endedReport(ended)
    if (end === null) return
    if (phase === 'deploy') {
      this.#reports.set(name, end.report)
      this.#outputs.set(name, end.outputs)
    } else {
      const { status, durationMs, error } = end.report
      const undo = {
        status: status === 'succeeded' ? status : 'failed',
        durationMs,
        ...(error && { error }),
      } as const
      const before = this.#reports.get(name)
      if (before)
        this.#reports.set(name, {
          ...before,
          status: undo.status === 'succeeded' ? 'undone' : before.status,
          undo,
        })
    }
    await this.emit({ type: 'task-ended', phase, task: name, report: end.report })
  }
}

/** The declared need; else its limit or an even share of the line, whichever is less. A probe needs nothing. */
function reservationOf(task: Task, executor: ParallelExecutor): number {
  if (task.work.kind === 'http') return 0
  return task.expectBytes ?? executor.carefulGuess(task.limitBytes)
}

function withoutSecrets(variables: NodeJS.ProcessEnv, plan: Plan): Readonly<Record<string, string>> {
  const hidden = new Set(Object.keys(plan.secrets))
  for (const source of Object.values(plan.secrets))
    if (source.from === 'environment') hidden.add(source.variable)
  const kept = Object.entries(variables).flatMap(([name, value]) =>
    value === undefined || hidden.has(name) ? [] : [[name, value] as const],
  )
  return Object.fromEntries(kept)
}

function makeRunDir(dir: string): void {
  try {
    makeDirectory(dir)
  } catch (cause) {
    const code = systemCodeOf(cause) === 'ENOSPC' ? 'STATE_FULL' : 'STATE_UNWRITABLE'
    throw new PlimsollError(code, `the directory ${dir} could not be made (${systemCodeOf(cause)})`, {
      cause,
    })
  }
}

function neverEnded(name: string): TaskReport {
  const error = factsOf(new PlimsollError('TASK_CANCELLED', `"${name}" was not begun`))
  return {
    ...endedReport({ status: 'cancelled', because: error.message, waits: {}, reservedBytes: 0 }).report,
    error,
  }
}
