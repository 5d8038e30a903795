/** What `deploy` would do: the order, what is skipped and why, expected time and memory. Changes nothing. */
import { type Clock, systemClock } from './clock.ts'
import { ParallelExecutor, predictRun } from './executor/executor.ts'
import { crediblePeaks, historyFileOf, mergePeaks, readHistory } from './history/history.ts'
import { openJournal, type PastTask, type TaskPeak } from './journal/journal.ts'
import { Estimates } from './memory/memory.ts'
import { checkNames, namesIn } from './option-names.ts'
import { conditionHolds, isDecided } from './plan/plan.ts'
import {
  engineBytes,
  type Foresight,
  forcedTasks,
  foresee,
  stateDirOf,
  TaskMemory,
  unknownMs,
  whatCannotFit,
} from './run/run.ts'
import type { MemoryEstimate, Plan, Task } from './spine.ts'
import { databaseOf, openStoreForReading, type StorePlace } from './store/store.ts'

export type PredictedTask = {
  readonly task: string
  readonly kind: string
  readonly needs: readonly string[]
  /** Its greatest use, and on what ground: what the run would reserve. Null for work that needs nothing or is skipped. */
  readonly estimate: MemoryEstimate | null
  /** As in earlier runs; null when the task never succeeded before: it counts as one second then. */
  readonly expectedMs: number | null
  readonly onCriticalPath: boolean
  /** Why it will be skipped; null when it runs or when that is decided during the run. */
  readonly skipped: string | null
  /** Of a task with inputs that is not skipped: what has changed, or what that still depends on. Else null. */
  readonly because: string | null
  /** Globs of its inputs that match no file. */
  readonly unmatched: readonly string[]
  /** It will wait for a person's consent. False when it is skipped: nobody is asked then. */
  readonly asksApproval: boolean
}

export type PlanPrediction = {
  /** The environment asks for a person's consent before anything starts. */
  readonly asksApproval: boolean
  /** In the order in which they would start. */
  readonly tasks: readonly PredictedTask[]
  readonly durationMs: number
  /** The greatest sum of what tasks that run at once are expected to use at most. */
  readonly peakMemoryBytes: number
  readonly criticalPath: readonly string[]
  /** How many of the tasks that run have no ground: the sums above are guesses as far as these go. */
  readonly guesses: { readonly memory: number; readonly durations: number }
  readonly capacityBytes: number
  readonly loadLineBytes: number
  /** What declares that it needs more than there is here: `deploy` refuses the plan then (NEED_EXCEEDS_CAPACITY). Else null. */
  readonly cannotFit: string | null
}

export type PredictOptions = {
  /** As of `deploy`. */
  readonly stateDir?: string
  /** As of `deploy`. */
  readonly database?: string
  /** As of `deploy`; only read. */
  readonly historyFile?: string
  /** As of `deploy`. */
  readonly force?: boolean | readonly string[]
  readonly variables?: NodeJS.ProcessEnv
  readonly clock?: Clock
}

const optionNames = namesIn<PredictOptions>({
  stateDir: true,
  database: true,
  historyFile: true,
  force: true,
  variables: true,
  clock: true,
})

/** @throws OPTION_INVALID, USAGE (`force`), HISTORY_INVALID, and the STATE and DATABASE codes. */
export async function predict(plan: Plan, options: PredictOptions = {}): Promise<PlanPrediction> {
  checkNames('predict', options, optionNames)
  const { variables = process.env, clock = systemClock } = options
  const historyFile = historyFileOf(options.historyFile, variables)
  const carried = historyFile === undefined ? [] : crediblePeaks(await readHistory(historyFile), clock.now())
  const stateDir = stateDirOf(plan, options)
  const force = forcedTasks(plan, options.force)
  const leftOut = new Set(plan.tasks.filter(isLeftOut).map(({ name }) => name))
  const place = { stateDir, database: databaseOf(options.database, variables) }
  const parts = { plan, stateDir, variables, force, leftOut }
  const { past, peaks, foreseen } = await recorded(place, parts)
  const executor = new ParallelExecutor({ ...plan.options.executor, clock, ownBytes: engineBytes })
  using monitor = executor.monitor
  const estimates = new Estimates(mergePeaks([peaks, carried]), clock.now())
  const memory = new TaskMemory({ plan, executor, estimates })
  const { capacityBytes, loadLineBytes } = monitor.read()

  const facts = new Map(
    plan.tasks.map((task) => {
      const { name } = task
      const foresight = leftOut.has(name) ? whenFails : (foreseen.get(name) ?? nothingKnown)
      return [name, { ...factsOf(task, past.get(name), { memory, foresight }), ...foresight }]
    }),
  )
  const expected = plan.tasks.map(({ name, needs }) => {
    const { estimate, expectedMs, skipped } = facts.get(name) ?? {}
    return {
      name,
      needs,
      expectedBytes: estimate?.bytes ?? 0,
      expectedMs: skipped ? 0 : (expectedMs ?? unknownMs),
    }
  })
  const { maxConcurrentTasks } = plan.options.executor
  const { order, ...run } = predictRun(expected, { maxConcurrentTasks, roomBytes: executor.freeBytes })
  const onCriticalPath = new Set(run.criticalPath)
  const tasks = order.flatMap((name) => {
    const known = facts.get(name)
    return known ? [{ ...known, onCriticalPath: onCriticalPath.has(name) }] : []
  })
  const guesses = {
    memory: tasks.filter(({ estimate }) => estimate?.source === 'guess').length,
    durations: tasks.filter(({ expectedMs, skipped }) => expectedMs === null && skipped === null).length,
  }
  const cannotFit = whatCannotFit(plan, executor)
  return { asksApproval: plan.approve, tasks, ...run, guesses, capacityBytes, loadLineBytes, cannotFit }
}

const nothingKnown: Foresight = { skipped: null, because: null, unmatched: [] }
const whenFails: Foresight = { ...nothingKnown, skipped: 'its "when" does not hold' }

function isLeftOut({ when }: Task): boolean {
  const nothing = { statusOf: () => '', outputOf: () => undefined }
  return when !== null && isDecided(when) && !conditionHolds(when, nothing)
}

function factsOf(
  task: Task,
  past: PastTask | undefined,
  { memory, foresight }: { readonly memory: TaskMemory; readonly foresight: Foresight },
): Omit<PredictedTask, 'onCriticalPath' | keyof Foresight> {
  const { name, work, needs } = task
  return {
    task: name,
    kind: work.kind,
    needs,
    asksApproval: task.approve === true && foresight.skipped === null,
    estimate: foresight.skipped === null ? memory.expected(task, work) : null,
    expectedMs: memory.expectedMs(task, past),
  }
}

type Recorded = {
  readonly past: ReadonlyMap<string, PastTask>
  readonly peaks: readonly TaskPeak[]
  readonly foreseen: ReadonlyMap<string, Foresight>
}

type RecordedParts = Omit<Parameters<typeof foresee>[0], 'journal' | 'signal'>

async function recorded(place: StorePlace, parts: RecordedParts): Promise<Recorded> {
  const { signal } = new AbortController()
  await using store = await openStoreForReading(place)
  const journal = store && openJournal(store)
  return {
    past: (await journal?.pastTasks(parts.plan.name)) ?? new Map(),
    peaks: (await journal?.peaks()) ?? [],
    foreseen: await foresee({ ...parts, journal, signal }),
  }
}
