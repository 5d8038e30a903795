import { type ErrorFacts, factsOf, PlimsollError } from '../errors.ts'
import { type Ended, WantOfMemory } from '../executor/executor.ts'
import { type Masker, maskedFacts } from '../redact/redact.ts'
import { noAttempts, type TaskEnd } from '../runners/runners.ts'
import type { Hook, TaskReport } from '../spine.ts'

/** How a task that did not succeed leaves the executor; what it carries is the whole end of the task. */
export class TaskFailure extends Error {
  readonly end: TaskEnd
  constructor(end: TaskEnd) {
    super(end.report.error?.message ?? 'the task failed')
    this.end = end
  }
}

/** The report of a task that the executor has ended; null for a place in the graph without work. */
export function endedReport(ended: Exclude<Ended, { status: 'succeeded' }>, masker: Masker): TaskEnd
export function endedReport(ended: Ended<TaskEnd | null>, masker: Masker): TaskEnd | null
export function endedReport(ended: Ended<TaskEnd | null>, masker: Masker): TaskEnd | null {
  if (ended.status === 'succeeded') return ended.value
  if (ended.status === 'failed') {
    const error = ended.error instanceof WantOfMemory ? ended.error.cause : ended.error
    if (error instanceof TaskFailure) return error.end
  }
  const report: TaskReport = {
    status: ended.status,
    attempts: 0,
    durationMs: 0,
    waitedMs: Object.values(ended.waits).reduce((sum, ms) => sum + ms, 0),
    waitReasons: ended.waits,
    peakMemoryBytes: { lower: 0, upper: 0 },
    reservedBytes: 0,
    enforcement: 'none',
    suspendedMs: ended.suspendedMs,
    requeues: ended.requeues,
    cpuMs: null,
    exitCode: null,
    outputs: {},
    ...(ended.status === 'failed'
      ? { error: maskedFacts(masker, ended.error) }
      : { because: masker.text(ended.because) }),
  }
  return { report, outputs: {}, totals: noAttempts }
}

/** The report of a task, with how its undo ended. A task whose undo failed keeps the status it had. */
export function withUndo(before: TaskReport, { status, durationMs, ...end }: TaskReport): TaskReport {
  const isUndone = status === 'succeeded'
  const { because, lastOutput } = end
  const error = end.error ?? (because && factsOf(new PlimsollError('TASK_CANCELLED', because)))
  const failure = { ...(error && { error }), ...(!isUndone && lastOutput && { lastOutput }) }
  const undo = { status: isUndone ? status : 'failed', durationMs, ...failure } as const
  return { ...before, status: isUndone ? 'undone' : before.status, undo }
}

/** What is told of a hook that failed after the deployment: a warning. */
export function hookFailure(hook: Hook, task: string, { report: { error } }: TaskEnd): ErrorFacts {
  const why = error ? `: ${error.code} ${error.message}` : ''
  return factsOf(new PlimsollError('HOOK_FAILED', `the task "${task}" of "${hook}" failed${why}`))
}
