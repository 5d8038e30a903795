/**
 * One run of a plan: what its tasks know of each other (`states`), what is told of it (`telling`), and its report. It
 * turns tasks of the plan into tasks of the executor.
 *
 * It promises: an event is durable before what it announces happens; when the journal or the listener fails, nothing
 * new starts, an undo goes on to its end, and the failure is kept as `fault`. It does not decide what runs when, and does
 * not touch processes itself.
 */
import { messageOf, PlimsollError } from '../errors.ts'
import type { Decision, Ended, ExecutorEvent, ExecutorTask } from '../executor/executor.ts'
import type { PastTask } from '../journal/journal.ts'
import { createRedactor, maskedFacts, type Redactor } from '../redact/redact.ts'
import type { TaskEnd } from '../runners/runners.ts'
import type { Hook, Phase, Report, RunStatus, Task, TaskReport } from '../spine.ts'
import { Approvals } from './approvals.ts'
import { Attempts } from './attempts.ts'
import { beginningOf } from './beginning.ts'
import { decide, decidedBefore } from './decide.ts'
import { explainFailures } from './explain.ts'
import { MemoryRecord } from './memory-record.ts'
import { PeakMeter } from './peak-meter.ts'
import { runStatusOf } from './run-status.ts'
import { executorTasks, type SectionParts } from './section.ts'
import { Skipping } from './skipping.ts'
import { makeRunDir } from './state-dir.ts'
import { TaskMemory } from './task-memory.ts'
import { taskNamed } from './task-named.ts'
import { endedReport, hookFailure } from './task-report.ts'
import { TaskStates } from './task-states.ts'
import { Telling } from './telling.ts'
import { rolledBack, undoGraph } from './undo.ts'
import type { RunParts } from './words.ts'

export { refuseAnswersToNothing } from './answers.ts'
export { type ApprovalQuestion, type AskPerson, approvalDetail, type PersonsAnswer } from './approvals.ts'
export { whoTyped } from './audit-note.ts'
export { type BeginParts, beginRun } from './begin-run.ts'
export { chooseRun, type RunChoice, runToRollBack } from './choose-run.ts'
export { engineMetrics } from './engine-metrics.ts'
export { type Foresight, foresee } from './foresee.ts'
export { recordRunMetrics } from './record-metrics.ts'
export { planToResume, recordedRun } from './recorded-run.ts'
export { refuseWhatCannotFit, whatCannotFit } from './refusals.ts'
export { consentToRollBack } from './rollback-consent.ts'
export { planNotes, previewRollback, type RollbackPreview, tasksToUndo } from './rollback-preview.ts'
export { RunTally } from './run-tally.ts'
export { forcedTasks } from './skipping.ts'
export { stateDirOf } from './state-dir.ts'
export { takeTurns } from './take-turn.ts'
export { engineBytes, TaskMemory, unknownMs } from './task-memory.ts'
export { withUndo } from './task-report.ts'

export class Run implements AsyncDisposable {
  readonly telling: Telling
  readonly #parts: RunParts
  readonly #states: TaskStates
  readonly #masker: Redactor
  readonly #attempts: Attempts
  readonly #startMs: number
  readonly #meter = new PeakMeter()
  readonly #memory: TaskMemory
  readonly #memoryRecord: MemoryRecord
  readonly #skipping: Skipping
  readonly #approvals: Approvals
  #approvalWaitMs = 0
  /** A task failed before anybody stopped the run; what fails afterwards may fail because of that. */
  #failed = false
  /** Failed without a diagnosis, as there were many. */
  #undiagnosed = 0
  #beforeFailed = false

  /** Makes the run's directory. The journal knows the run already. */
  static async open(parts: RunParts): Promise<Run> {
    makeRunDir(parts.stateDir, parts.runId)
    return new Run(parts)
  }

  private constructor(parts: RunParts) {
    const { plan, clock, secrets } = parts
    this.#memoryRecord = new MemoryRecord({ ...parts, meter: this.#meter })
    this.#parts = parts
    this.#memory = new TaskMemory(parts)
    const { remains } = parts
    this.#states = remains?.states ?? new TaskStates(plan.tasks)
    this.#beforeFailed = Object.values(this.#states.hooks?.before ?? {}).some(hasFailed)
    this.#failed = this.#beforeFailed || this.#states.ended.some(hasFailed)
    this.#meter.atLeast(remains?.peakMemoryBytes ?? 0)
    this.#masker = createRedactor(Object.values(secrets))
    this.#skipping = new Skipping({
      ...parts,
      values: { secrets, outputOf: this.#states.outputOf },
      masker: this.#masker,
      signal: () => this.signal,
      emit: (event) => this.telling.emit(event),
    })
    this.#approvals = new Approvals({
      ...{ ...parts, wish: parts.approval, signal: () => this.signal },
      emit: (event) => this.telling.emit(event),
      hasEnded: (task) => this.#states.statusOf(task) !== 'unknown',
    })
    const { kept } = this.#masker
    this.telling = new Telling({ ...parts, kept, beforeWriting: () => this.#memoryRecord.keep() })
    this.#attempts = new Attempts({
      ...{ run: parts, states: this.#states, masker: this.#masker, meter: this.#meter },
      ...{ memory: this.#memory, telling: this.telling, status: () => this.#status },
      becauseOf: (task) => this.#skipping.becauseOf(task),
    })
    this.#startMs = clock.monotonic() - (remains?.spentMs ?? 0)
  }

  /** Aborts when the run is stopped, or when what happens cannot be told any more. */
  get signal(): AbortSignal {
    const { signal, killSignal } = this.#parts
    return AbortSignal.any([signal, killSignal, this.telling.broken, this.#approvals.signal])
  }

  /** Why the run could not go on, where that was neither a task's failure nor a person. */
  get fault(): unknown {
    const { reason } = this.#parts.signal
    return this.telling.fault ?? (reason instanceof PlimsollError ? reason : undefined)
  }

  /** Why what succeeded is to be undone; undefined when it is not. Nobody wants it after an interruption. */
  get undoReason(): string | undefined {
    const { remains } = this.#parts
    if (remains?.undoBecause != null) return remains.undoBecause
    if (this.#failed) return 'a task failed'
    return this.fault === undefined ? undefined : this.#masker.text(messageOf(this.fault))
  }

  /** Before anything else of this engine. */
  async tellBeginning(): Promise<void> {
    for (const event of beginningOf(this.#parts, this.#states)) await this.telling.emit(event)
  }

  /** Waits for a person's consent, where the environment asks for it. Without it, or when the run is stopped, nothing starts. */
  async awaitConsent(): Promise<void> {
    const { plan, remains } = this.#parts
    if (plan.approve && remains?.undoBecause == null) this.#approvalWaitMs = await this.#approvals.ofRun()
  }

  /** The tasks of the plan that have not ended, for the executor; `past` orders them by how long they took before. */
  tasks(past: ReadonlyMap<string, PastTask>): readonly ExecutorTask<TaskEnd>[] {
    const { plan, remains } = this.#parts
    return remains?.undoBecause != null ? [] : executorTasks(plan.tasks, 'deploy', this.#sectionParts, past)
  }

  /** The tasks of a hook that have not ended. A rollback is no failure, and has none. */
  hookTasks(hook: Hook): readonly ExecutorTask<TaskEnd>[] {
    const { plan, remains } = this.#parts
    const tasks = remains?.undoBecause === rolledBack ? [] : (plan.hooks?.[hook] ?? [])
    return executorTasks(tasks, hook, this.#sectionParts)
  }

  get #sectionParts(): SectionParts {
    return {
      memory: this.#memory,
      states: this.#states,
      remains: this.#parts.remains,
      decide: (task, phase) => this.#decide(task, phase),
      attempt: (task, phase, context) => this.#attempts.of(task, phase, context),
    }
  }

  /** Records how full memory is, and shows it where progress is wanted, until disposed. */
  watchMemory(): Disposable {
    const { enableProgress } = this.#parts.plan.options.executor
    return this.#memoryRecord.watch(enableProgress ? (now) => this.telling.showMemory(now) : null)
  }

  /** Names of the tasks that succeeded and say how they are undone. */
  namesToUndo(): readonly string[] {
    return this.#states.toUndo
  }

  /** The undo work of what succeeded, in reverse order of the graph. */
  undoTasks(): readonly ExecutorTask<TaskEnd | null>[] {
    const { plan, remains } = this.#parts
    return undoGraph(plan.tasks, {
      isUndone: ({ name }) =>
        this.#states.isToUndo(name) && (!remains?.givesUp || remains.isUnderWay('undo', name)),
      forecast: (task) => this.#memory.forecast(task, task.undo ?? task.work),
      isUnderWay: ({ name }) => remains?.isUnderWay('undo', name) ?? false,
      run: (task, context) => this.#attempts.of(task, 'undo', context),
    })
  }

  /** Told by the executor; keeps what later tasks ask for, and tells it on. */
  async onExecutorEvent(phase: Phase, event: ExecutorEvent<TaskEnd | null>): Promise<void> {
    if (event.type === 'waiting') await this.telling.emit({ ...event, type: 'task-waiting', phase })
    if (event.type === 'guarded') await this.telling.emit({ ...event, type: 'task-guarded', phase })
    if (event.type === 'ended') await this.#onEnded(phase, event.task, event.ended)
  }

  /** Has an expert say why tasks failed, for the report. Never throws. */
  async explain(): Promise<void> {
    this.#undiagnosed = await explainFailures(this.#states, this.#parts)
  }

  /** Tells the report and closes the record, whatever went wrong before. Never throws. */
  end(): Promise<Report> {
    this.#memoryRecord.look()
    return this.telling.end(() => this.report())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#attempts[Symbol.asyncDispose]()
  }

  get #status(): RunStatus {
    const isUndone = this.#parts.remains?.undoBecause != null
    return runStatusOf(this.#states.ended, this.#failed || isUndone || this.fault !== undefined)
  }

  report(): Report {
    const { plan, runId, clock } = this.#parts
    const status = this.#status
    const fault = this.fault ?? (status === 'interrupted' ? this.#approvals.error : undefined)
    const approvalMs = Math.round(this.#approvalWaitMs)
    const waitReasons = { ...this.#parts.waitReasons, ...(approvalMs > 0 && { approval: approvalMs }) }
    const { given } = this.#approvals
    return {
      type: 'report',
      runId,
      atMs: clock.now(),
      status,
      plan: plan.name,
      version: plan.version,
      environment: plan.environment,
      durationMs: Math.round(clock.monotonic() - this.#startMs),
      peakMemoryBytes: this.#meter.peakBytes,
      ...(Object.keys(waitReasons).length > 0 && { waitReasons }),
      ...(given.length > 0 && { approvals: given }),
      tasks: this.#states.all,
      ...(this.#states.hooks && { hooks: this.#states.hooks }),
      ...(this.#undiagnosed > 0 && { undiagnosed: this.#undiagnosed }),
      ...(fault !== undefined && { error: maskedFacts(this.#masker, fault) }),
    }
  }

  #decide(task: Task, phase: Phase): Decision | Promise<Decision> {
    const { remains, failFast = false } = this.#parts
    const states = this.#states
    const facts = { statusOf: (name: string) => states.statusOf(name), outputOf: states.outputOf }
    const before = decidedBefore(task, phase, {
      ...{ remains, stops: failFast && this.#failed, beforeFailed: this.#beforeFailed },
    })
    if (before) return before
    const decision = decide(task, facts)
    if (decision.action !== 'run' || (task.inputs === undefined && !task.approve)) return decision
    return this.#decideLater(task, phase, decision)
  }

  /** Nobody is asked about what is skipped. */
  async #decideLater(task: Task, phase: Phase, decision: Decision): Promise<Decision> {
    const skipped = task.inputs === undefined ? decision : await this.#skipping.decide(task)
    if (skipped.action !== 'run' || !task.approve || phase !== 'deploy') return skipped
    return this.#approvals.ofTask(task)
  }

  async #onEnded(phase: Phase, name: string, ended: Ended<TaskEnd | null>): Promise<void> {
    const known = endedReport(ended, this.#masker)
    if (known === null) return
    const end = ended.status === 'skipped' ? this.#withOutputs(name, known) : known
    const isFailure = end.report.status === 'failed' && !this.signal.aborted
    if (phase === 'deploy') {
      this.#states.keepEnd(name, end)
      this.#failed ||= isFailure
      if (this.#failed && this.#parts.undoes) this.#approvals.withdraw()
    } else if (phase !== 'undo') {
      this.#states.keepHookEnd(phase, name, end)
      if (phase === 'before') this.#beforeFailed = this.#failed ||= isFailure
    } else if (!this.#states.keepUndoEnd(name, end)) return
    const told = this.telling.emit({ type: 'task-ended', phase, task: name, report: end.report })
    const task = taskNamed(this.#parts.plan, name)
    if (task === undefined) return await told
    const kept = phase === 'deploy' ? this.#skipping.remember(task, end) : undefined
    await Promise.all([told, kept, this.#attempts.learn(phase, task, end, ended)])
    // Only what runs before can fail a run; what fails afterwards is told.
    if (isFailure && (phase === 'onFailure' || phase === 'after'))
      await this.telling.emit({ type: 'warning', error: hookFailure(phase, name, end) })
  }

  /** A task that is done already hands on what it did when it was done. */
  #withOutputs(name: string, { report, ...end }: TaskEnd): TaskEnd {
    const outputs = this.#skipping.outputsOf(name)
    return { ...end, outputs, report: { ...report, outputs } }
  }
}

const hasFailed = ({ status }: TaskReport): boolean => status === 'failed'
