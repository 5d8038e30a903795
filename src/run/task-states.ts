import { factsOf, PlimsollError } from '../errors.ts'
import type { FillValues } from '../plan/plan.ts'
import type { TaskEnd } from '../runners/runners.ts'
import type { ProcessIdentity, Task, TaskReport } from '../spine.ts'
import { endedReport } from './task-report.ts'

/** What the tasks of one run know of each other: how they ended, what they handed on, which services they left. */
export class TaskStates {
  readonly #tasks: readonly Task[]
  readonly #reports = new Map<string, TaskReport>()
  readonly #outputs = new Map<string, Readonly<Record<string, string>>>()
  readonly #services = new Map<string, ProcessIdentity>()

  constructor(tasks: readonly Task[]) {
    this.#tasks = tasks
  }

  get hasFailed(): boolean {
    return this.ended.some(({ status }) => status === 'failed')
  }

  /** The reports of the tasks that have ended. */
  get ended(): readonly TaskReport[] {
    return [...this.#reports.values()]
  }

  /** The reports of all tasks, in the order of the plan. */
  get all(): Readonly<Record<string, TaskReport>> {
    return Object.fromEntries(
      this.#tasks.map(({ name }) => [name, this.#reports.get(name) ?? neverEnded(name)]),
    )
  }

  statusOf(task: string): string {
    return this.#reports.get(task)?.status ?? 'unknown'
  }

  readonly outputOf: FillValues['outputOf'] = (task, key) => {
    const outputs = this.#outputs.get(task)
    return outputs && Object.hasOwn(outputs, key) ? outputs[key] : undefined
  }

  serviceOf(task: string): ProcessIdentity | undefined {
    return this.#services.get(task)
  }

  keepService(task: string, identity: ProcessIdentity): void {
    this.#services.set(task, identity)
  }

  /** It succeeded, says how it is undone, and has not been undone. */
  isToUndo(task: Task): boolean {
    return task.undo !== null && this.statusOf(task.name) === 'succeeded'
  }

  keepEnd(task: string, { report, outputs }: TaskEnd): void {
    this.#reports.set(task, report)
    this.#outputs.set(task, outputs)
  }

  /** A task whose undo failed keeps the status it had. */
  keepUndoEnd(task: string, { report }: TaskEnd): void {
    const before = this.#reports.get(task)
    if (!before) return
    const { status, durationMs, error } = report
    const undone = status === 'succeeded'
    const undo = { status: undone ? status : 'failed', durationMs, ...(error && { error }) } as const
    this.#reports.set(task, { ...before, status: undone ? 'undone' : before.status, undo })
  }
}

function neverEnded(name: string): TaskReport {
  const error = factsOf(new PlimsollError('TASK_CANCELLED', `"${name}" was not begun`))
  return {
    ...endedReport({ status: 'cancelled', because: error.message, waits: {}, reservedBytes: 0 }).report,
    error,
  }
}
