/** The tasks of a run in the executor, phase by phase; inside the load line all of them. */
import type { ParallelExecutor } from '../executor/executor.ts'
import type { RunRecord } from '../journal/journal.ts'
import { type BeginParts, beginRun, Run } from '../run/run.ts'
import type { Hook } from '../spine.ts'

/** The tasks of a hook. Nothing new begins once the run was stopped. */
export async function runHook(name: Hook, run: Run, executor: ParallelExecutor): Promise<void> {
  const tasks = run.hookTasks(name)
  if (tasks.length === 0 || run.signal.aborted) return
  await executor.execute(tasks, {
    signal: run.signal,
    onEvent: (event) => run.onExecutorEvent(name, event),
  })
}

export async function runUndo(run: Run, executor: ParallelExecutor, killSignal: AbortSignal): Promise<void> {
  const because = run.undoReason
  const tasks = run.namesToUndo()
  if (because === undefined || tasks.length === 0) return
  await run.telling.emit({ type: 'undo-started', tasks, because })
  await executor.execute(run.undoTasks(), {
    // What was begun is undone to the end; only the second interruption stops it.
    signal: killSignal,
    onEvent: (event) => run.onExecutorEvent('undo', event),
  })
}

/** What runs of a run that is given up is stopped, and its record closed. */
export async function endRun(record: RunRecord, parts: BeginParts): Promise<void> {
  const { executor } = parts
  const { runId, definition } = record
  await using run = await Run.open(await beginRun(definition, record, { ...parts, runId, givesUp: true }))
  await run.tellBeginning()
  for (const hook of ['before', 'onFailure', 'after'] as const)
    await executor.execute(run.hookTasks(hook), { onEvent: (event) => run.onExecutorEvent(hook, event) })
  await executor.execute(run.tasks(new Map()), { onEvent: (event) => run.onExecutorEvent('deploy', event) })
  await executor.execute(run.undoTasks(), { onEvent: (event) => run.onExecutorEvent('undo', event) })
  await run.end()
}
