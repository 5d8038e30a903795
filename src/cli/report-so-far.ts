import type { RunRecord, TaskRecord } from '../journal/journal.ts'
import { withUndo } from '../run/run.ts'
import type { Hook, MemoryPoint, Report, TaskReport } from '../spine.ts'

/** What can be said of a run that has no report: it runs still, or its engine was killed. */
export function reportSoFar(
  run: RunRecord,
  tasks: readonly TaskRecord[],
  memory: readonly MemoryPoint[],
  goesOn: boolean,
): Report {
  const because = goesOn ? 'the run goes on' : 'the engine was killed before this task ended'
  const known = new Map(tasks.filter(({ phase }) => phase === 'deploy').map((task) => [task.task, task]))
  const undos = new Map(tasks.filter(({ phase }) => phase === 'undo').map((task) => [task.task, task]))
  const hooksOf = (hook: Hook) =>
    tasks
      .filter(({ phase }) => phase === hook)
      .map((task) => [task.task, task.report ?? unfinished(task, because)] as const)
  const hooks = (['before', 'onFailure', 'after'] as const).flatMap((hook) => {
    const reports = hooksOf(hook)
    return reports.length === 0 ? [] : [[hook, Object.fromEntries(reports)] as const]
  })
  return {
    type: 'report',
    runId: run.runId,
    atMs: run.startedAtMs,
    status: 'interrupted',
    plan: run.plan,
    version: run.version,
    environment: run.environment,
    durationMs: Math.max(0, (memory.at(-1)?.atMs ?? 0) - run.startedAtMs),
    peakMemoryBytes: Math.max(0, ...memory.map(({ tasksBytes }) => tasksBytes)),
    tasks: Object.fromEntries(
      run.definition.tasks.map(({ name }) => [
        name,
        withUndoSoFar(
          known.get(name)?.report ?? unfinished(known.get(name), because),
          undos.get(name),
          goesOn,
        ),
      ]),
    ),
    ...(hooks.length > 0 && { hooks: Object.fromEntries(hooks) }),
  }
}

/** Of an undo that has begun and not ended nothing is told while it may go on. */
function withUndoSoFar(report: TaskReport, undo: TaskRecord | undefined, goesOn: boolean): TaskReport {
  if (undo === undefined) return report
  if (undo.report !== null) return withUndo(report, undo.report)
  return undo.startedAtMs === null || goesOn ? report : withUndo(report, cutShort(undo))
}

function cutShort(undo: TaskRecord): TaskReport {
  const message = 'the engine was killed before this undo ended'
  const fix = 'Go on with the undo: "plimsoll resume RUN"'
  return { ...unfinished(undo, message), error: { code: 'TASK_CANCELLED', message, fix } }
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
