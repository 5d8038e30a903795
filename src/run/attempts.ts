/**
 * How a task of a run is attempted: what it is given, what it is measured by, and what is learned from its end.
 */
import { type Ended, type TaskContext, WantOfMemory } from '../executor/executor.ts'
import type { Redactor } from '../redact/redact.ts'
import { Instruments, runTask, type TaskEnd, type TaskRun } from '../runners/runners.ts'
import type { Phase, RunStatus, Task, Work } from '../spine.ts'
import { withoutSecrets } from './environment.ts'
import type { TaskRest } from './left-tasks.ts'
import type { PeakMeter } from './peak-meter.ts'
import { runDirOf } from './state-dir.ts'
import type { TaskMemory } from './task-memory.ts'
import { TaskFailure } from './task-report.ts'
import type { TaskStates } from './task-states.ts'
import type { Telling } from './telling.ts'
import type { RunParts } from './words.ts'

export type AttemptsParts = {
  readonly run: RunParts
  readonly states: TaskStates
  readonly masker: Redactor
  readonly meter: PeakMeter
  readonly memory: TaskMemory
  readonly telling: Telling
  /** Why a task is not skipped, where that is said. */
  readonly becauseOf: (task: string) => string | undefined
  /** How the run would end now. */
  readonly status: () => RunStatus
}

export class Attempts implements AsyncDisposable {
  readonly #parts: AttemptsParts
  readonly #instruments: Instruments
  readonly #environment: Readonly<Record<string, string>>
  #fileNumber: number

  constructor(parts: AttemptsParts) {
    this.#parts = parts
    const { plan, variables, clock, executor, stateDir, runId, remains } = parts.run
    this.#fileNumber = remains?.lastFileNumber ?? 0
    this.#environment = withoutSecrets(variables, plan)
    const { maxWorkersThread, maxWorkersProcess } = plan.options.executor
    this.#instruments = new Instruments(clock, {
      monitor: executor.monitor,
      workers: {
        maxWorkersThread,
        maxWorkersProcess,
        environment: { ...this.#environment, ...plan.vars },
        spoolDir: runDirOf(stateDir, runId),
      },
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#instruments[Symbol.asyncDispose]()
  }

  /** @throws TaskFailure; WantOfMemory when the kernel has killed it, so that it is put back in the queue. */
  async of(task: Task, phase: Phase, context: TaskContext): Promise<TaskEnd> {
    const { meter, memory, states, telling, becauseOf } = this.#parts
    const { reservedBytes, waits: waitReasons } = context
    const because = phase === 'deploy' ? becauseOf(task.name) : undefined
    const started = { task: task.name, reservedBytes, waitReasons, ...(because && { because }) }
    await telling.emit({ type: 'task-started', phase, ...started })
    const estimate = memory.expected(task, workOf(task, phase))
    const { report, ...rest } = await runTask(task, this.#taskRun(task, phase, context))
    meter.release(task.name)
    meter.atLeast(report.peakMemoryBytes.lower)
    const end = { ...rest, report: { ...report, ...(estimate && { estimate }) } }
    states.keepTotals(phase, task.name, end.totals)
    if (report.status === 'succeeded') return end
    const cause = new TaskFailure(end)
    if (report.error?.code !== 'TASK_KILLED_BY_KERNEL') throw cause
    throw new WantOfMemory(report.peakMemoryBytes.upper ?? report.peakMemoryBytes.lower, { cause })
  }

  /** What the task needed is remembered; that this fails does not stop a run. */
  async learn(phase: Phase, task: Task, end: TaskEnd, ended: Ended): Promise<void> {
    const { journal, clock, remains } = this.#parts.run
    // What was seen from the middle on is not how it develops.
    if (remains?.rest(phase, task.name)?.left?.action === 'take-up') return
    const peak = this.#parts.memory.learn(task, workOf(task, phase), end, ended, clock.now())
    if (peak) await journal.addPeaks([peak]).catch(() => undefined)
  }

  #taskRun(task: Task, phase: Phase, context: TaskContext): TaskRun {
    const { meter, states, telling, masker, status } = this.#parts
    const { plan, runId, stateDir, secrets, killSignal, clock, random, here } = this.#parts.run
    return {
      plan,
      runId,
      stateDir,
      killSignal,
      clock,
      random,
      phase,
      work: workOf(task, phase),
      nextFileNumber: () => ++this.#fileNumber,
      environment: {
        ...this.#environment,
        ...((phase === 'onFailure' || phase === 'after') && { PLIMSOLL_STATUS: status() }),
      },
      values: { secrets, outputOf: states.outputOf },
      masker,
      signal: context.signal,
      instruments: this.#instruments,
      emit: (event) => telling.emit(event),
      observe: (bytes) => {
        context.observe(bytes)
        meter.observe(task.name, bytes)
      },
      onControl: context.control,
      onFinished: context.finished,
      reservedBytes: context.reservedBytes,
      waits: context.waits,
      requeues: context.requeues,
      ...this.#earlierOf(phase, task.name),
      here,
      keepService: (identity) => states.keepService(task.name, identity),
      service: states.serviceOf(task.name),
    }
  }

  /** Once: when it is put back in the queue, what this engine knows of it counts. */
  #earlierOf(phase: Phase, task: string): Pick<TaskRun, 'earlier' | keyof TaskRest> {
    const earlier = this.#parts.states.totalsOf(phase, task)
    if (earlier !== undefined) return { earlier }
    return this.#parts.run.remains?.rest(phase, task) ?? {}
  }
}

const workOf = (task: Task, phase: Phase): Work => (phase === 'undo' && task.undo ? task.undo : task.work)
