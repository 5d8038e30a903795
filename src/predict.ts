/** What `deploy` would do: the order, what is skipped and why, expected time and memory. Changes nothing. */
import { ParallelExecutor, predictRun } from './executor/executor.ts'
import { openJournal, type PastTask } from './journal/journal.ts'
import { conditionHolds, isDecided } from './plan/plan.ts'
import { stateDirOf } from './run/run.ts'
import type { Plan, Task } from './spine.ts'
import { openStoreForReading } from './store/store.ts'

export type PredictedTask = {
  readonly task: string
  readonly kind: string
  readonly needs: readonly string[]
  /** Declared, or the greatest peak of earlier runs; null when nothing is known. */
  readonly expectedBytes: number | null
  /** Median of earlier runs; null when the task never succeeded before. */
  readonly expectedMs: number | null
  readonly onCriticalPath: boolean
  /** Why it will be skipped; null when it runs or when that is decided during the run. */
  readonly skipped: string | null
}

export type PlanPrediction = {
  /** In the order in which they would start. */
  readonly tasks: readonly PredictedTask[]
  /** Null when a task has no known duration. */
  readonly durationMs: number | null
  readonly peakMemoryBytes: number
  readonly criticalPath: readonly string[]
  readonly capacityBytes: number
  readonly loadLineBytes: number
}

/** A task of unknown duration counts as this long, in milliseconds, when the order is worked out. */
const unknownMs = 1_000

export async function predict(
  plan: Plan,
  options: { readonly stateDir?: string } = {},
): Promise<PlanPrediction> {
  const past = await pastOf(plan, stateDirOf(plan, options))
  using monitor = new ParallelExecutor(plan.options.executor).monitor
  const { capacityBytes, loadLineBytes, usedBytes } = monitor.read()
  const facts = new Map(plan.tasks.map((task) => [task.name, factsOf(task, past)]))
  const expected = plan.tasks.map(({ name, needs }) => {
    const { expectedBytes, expectedMs, skipped } = facts.get(name) ?? {}
    if (skipped) return { name, needs, expectedBytes: 0, expectedMs: 0 }
    return { name, needs, expectedBytes: expectedBytes ?? 0, expectedMs: expectedMs ?? unknownMs }
  })
  const { maxConcurrentTasks } = plan.options.executor
  const run = predictRun(expected, { maxConcurrentTasks, roomBytes: loadLineBytes - usedBytes })
  const onCriticalPath = new Set(run.criticalPath)
  const tasks = run.order.flatMap((name) => {
    const known = facts.get(name)
    return known ? [{ ...known, onCriticalPath: onCriticalPath.has(name) }] : []
  })
  const isKnown = tasks.every(({ expectedMs, skipped }) => expectedMs !== null || skipped !== null)
  const { peakMemoryBytes, criticalPath } = run
  return {
    tasks,
    durationMs: isKnown ? run.durationMs : null,
    peakMemoryBytes,
    criticalPath,
    capacityBytes,
    loadLineBytes,
  }
}

function factsOf(task: Task, past: ReadonlyMap<string, PastTask>): Omit<PredictedTask, 'onCriticalPath'> {
  const before = past.get(task.name)
  const { when } = task
  const nothing = { statusOf: () => '', outputOf: () => undefined }
  const skipped = when !== null && isDecided(when) && !conditionHolds(when, nothing)
  return {
    task: task.name,
    kind: task.work.kind,
    needs: task.needs,
    expectedBytes: task.work.kind === 'http' ? 0 : (task.expectBytes ?? before?.peakMemoryBytes ?? null),
    expectedMs: before?.durationMs ?? null,
    skipped: skipped ? 'its "when" does not hold' : null,
  }
}

async function pastOf(plan: Plan, stateDir: string): Promise<ReadonlyMap<string, PastTask>> {
  await using store = await openStoreForReading({ stateDir })
  return store ? await openJournal(store).pastTasks(plan.name) : new Map()
}
