import { factsOf, PlimsollError } from '../errors.ts'
import { neverStarted } from '../executor/executor.ts'
import type { FillValues } from '../plan/plan.ts'
import { createRedactor } from '../redact/redact.ts'
import type { AttemptTotals, TaskEnd } from '../runners/runners.ts'
import type { Diagnosis, Hook, Phase, ProcessIdentity, Report, Task, TaskReport } from '../spine.ts'
import { endedReport, withUndo } from './task-report.ts'

/** What the tasks of one run know of each other: how they ended, what they handed on, which services they left. */
export class TaskStates {
  readonly #names: readonly string[]
  readonly #undoable: ReadonlySet<string>
  readonly #reports = new Map<string, TaskReport>()
  readonly #undos = new Map<string, TaskReport>()
  readonly #hooks = new Map<Hook, Map<string, TaskReport>>()
  readonly #outputs = new Map<string, Readonly<Record<string, string>>>()
  readonly #services = new Map<string, ProcessIdentity>()
  readonly #hidden = new Map<string, Set<string>>()
  readonly #totals = new Map<string, AttemptTotals>()

  constructor(tasks: readonly Task[]) {
    this.#names = tasks.map(({ name }) => name)
    this.#undoable = new Set(tasks.filter(({ undo }) => undo !== null).map(({ name }) => name))
  }

  /** The reports of the tasks that have ended. */
  get ended(): readonly TaskReport[] {
    return [...this.#reports.values()]
  }

  /** Names of the tasks that are to be undone, in the order of the plan. */
  get toUndo(): readonly string[] {
    return this.#names.filter((name) => this.isToUndo(name))
  }

  /** The reports of all tasks, in the order of the plan. */
  get all(): Readonly<Record<string, TaskReport>> {
    return Object.fromEntries(this.#names.map((name) => [name, this.#reports.get(name) ?? neverEnded(name)]))
  }

  /** The reports of the hooks that were begun; undefined when none was. */
  get hooks(): Report['hooks'] {
    if (this.#hooks.size === 0) return undefined
    return Object.fromEntries([...this.#hooks].map(([hook, reports]) => [hook, Object.fromEntries(reports)]))
  }

  keepHookEnd(hook: Hook, task: string, { report, outputs }: TaskEnd): void {
    const reports = this.#hooks.get(hook) ?? new Map<string, TaskReport>()
    this.#hooks.set(hook, reports.set(task, report))
    this.#outputs.set(task, outputs)
  }

  statusOf(task: string): string {
    const report =
      this.#reports.get(task) ?? [...this.#hooks.values()].find((all) => all.has(task))?.get(task)
    return report?.status ?? 'unknown'
  }

  reportOf(task: string): TaskReport | undefined {
    return this.#reports.get(task)
  }

  /** The record does not hold this value: whoever asks for it is told so. */
  hide(task: string, key: string): void {
    const hidden = this.#hidden.get(task) ?? new Set()
    this.#hidden.set(task, hidden.add(key))
  }

  readonly outputOf: FillValues['outputOf'] = (task, key) => {
    if (this.#hidden.get(task)?.has(key)) {
      const message = `what "${task}" handed on as "${key}" held a secret, which is not recorded`
      throw new PlimsollError('OUTPUT_MISSING', message, { fix: 'Do by hand what needs this value' })
    }
    const outputs = this.#outputs.get(task)
    return outputs && Object.hasOwn(outputs, key) ? outputs[key] : undefined
  }

  serviceOf(task: string): ProcessIdentity | undefined {
    return this.#services.get(task)
  }

  keepService(task: string, identity: ProcessIdentity): void {
    this.#services.set(task, identity)
  }

  /** The whole report of the undo of a task, of which its own report keeps the sum. */
  undoReportOf(task: string): TaskReport | undefined {
    return this.#undos.get(task)
  }

  /** What the attempts of a task add up to that was put back in the queue. */
  totalsOf(phase: Phase, task: string): AttemptTotals | undefined {
    return this.#totals.get(`${phase} ${task}`)
  }

  keepTotals(phase: Phase, task: string, totals: AttemptTotals): void {
    this.#totals.set(`${phase} ${task}`, totals)
  }

  /** Its work was done, it says how that is undone, and it has not been undone. */
  isToUndo(task: string): boolean {
    const report = this.#reports.get(task)
    return report !== undefined && isDone(report) && this.#undoable.has(task) && report.undo === undefined
  }

  keepEnd(task: string, { report, outputs }: TaskEnd): void {
    this.#reports.set(task, report)
    this.#outputs.set(task, outputs)
  }

  keepDiagnosis(task: string, diagnosis: Diagnosis): void {
    const report = this.#reports.get(task)
    if (report) this.#reports.set(task, { ...report, diagnosis })
  }

  keepUndoDiagnosis(task: string, diagnosis: Diagnosis): void {
    const report = this.#reports.get(task)
    if (report?.undo) this.#reports.set(task, { ...report, undo: { ...report.undo, diagnosis } })
  }

  keepHookDiagnosis(hook: Hook, task: string, diagnosis: Diagnosis): void {
    const report = this.#hooks.get(hook)?.get(task)
    if (report) this.#hooks.get(hook)?.set(task, { ...report, diagnosis })
  }

  /** @returns false when there was nothing to undo. */
  keepUndoEnd(task: string, { report }: TaskEnd): boolean {
    const before = this.#reports.get(task)
    if (!before || !this.isToUndo(task)) return false
    this.#undos.set(task, report)
    this.#reports.set(task, withUndo(before, report))
    return true
  }
}

/** Also when only its output could not be kept: the command itself ended well, and its effects are there. */
export function isDone({ status, exitCode, error }: TaskReport): boolean {
  return status === 'succeeded' || (status === 'failed' && exitCode === 0 && error?.code === 'STATE_FULL')
}

function neverEnded(name: string): TaskReport {
  const error = factsOf(new PlimsollError('TASK_CANCELLED', `"${name}" was not begun`))
  return {
    ...endedReport({ ...neverStarted, status: 'cancelled', because: error.message }, createRedactor([]))
      .report,
    error,
  }
}
