import type { RunRecord, TaskRecord } from '../journal/journal.ts'
import type { Report, TaskReport } from '../spine.ts'

/** What can be said of a run that has no report: it runs still, or its engine was killed. */
export function reportSoFar(run: RunRecord, tasks: readonly TaskRecord[], engineLives: boolean): Report {
  const known = new Map(tasks.filter(({ phase }) => phase === 'deploy').map((task) => [task.task, task]))
  const because = engineLives ? 'the run goes on' : 'the engine was killed before this task ended'
  return {
    type: 'report',
    runId: run.runId,
    atMs: run.startedAtMs,
    status: 'interrupted',
    plan: run.plan,
    version: run.version,
    environment: run.environment,
    durationMs: run.durationMs ?? 0,
    peakMemoryBytes: run.peakMemoryBytes ?? 0,
    tasks: Object.fromEntries(
      run.definition.tasks.map(({ name }) => [
        name,
        known.get(name)?.report ?? unfinished(known.get(name), because),
      ]),
    ),
  }
}

function unfinished(task: TaskRecord | undefined, because: string): TaskReport {
  return {
    status: 'cancelled',
    attempts: task ? 1 : 0,
    durationMs: 0,
    waitedMs: 0,
    waitReasons: {},
    peakMemoryBytes: { lower: 0, upper: null },
    reservedBytes: task?.reservedBytes ?? 0,
    enforcement: 'none',
    suspendedMs: 0,
    requeues: 0,
    cpuMs: null,
    exitCode: null,
    outputs: {},
    because: task ? because : `${because}; it had not started`,
  }
}
