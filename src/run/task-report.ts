import { factsOf } from '../errors.ts'
import type { Ended } from '../executor/executor.ts'
import type { TaskEnd } from '../runners/runners.ts'
import type { TaskReport } from '../spine.ts'

/** How a task that did not succeed leaves the executor; what it carries is the whole end of the task. */
export class TaskFailure extends Error {
  readonly end: TaskEnd
  constructor(end: TaskEnd) {
    super(end.report.error?.message ?? 'the task failed')
    this.end = end
  }
}

/** The report of a task that the executor has ended; null for a place in the graph without work. */
export function endedReport(ended: Exclude<Ended, { status: 'succeeded' }>): TaskEnd
export function endedReport(ended: Ended<TaskEnd | null>): TaskEnd | null
export function endedReport(ended: Ended<TaskEnd | null>): TaskEnd | null {
  if (ended.status === 'succeeded') return ended.value
  if (ended.status === 'failed' && ended.error instanceof TaskFailure) return ended.error.end
  const report: TaskReport = {
    status: ended.status,
    attempts: 0,
    durationMs: 0,
    waitedMs: Object.values(ended.waits).reduce((sum, ms) => sum + ms, 0),
    waitReasons: ended.waits,
    peakMemoryBytes: { lower: 0, upper: 0 },
    reservedBytes: 0,
    enforcement: 'none',
    suspendedMs: 0,
    requeues: 0,
    cpuMs: null,
    exitCode: null,
    outputs: {},
    ...(ended.status === 'failed' ? { error: factsOf(ended.error) } : { because: ended.because }),
  }
  return { report, outputs: {} }
}
