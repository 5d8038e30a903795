/**
 * Runs a plan from its first task to the report. Read this first: every part of the engine is named here, in order,
 * and wired together nowhere else.
 */
import { randomInt } from 'node:crypto'
import { hostname } from 'node:os'
import { type Clock, systemClock } from './clock.ts'
import { factsOf, PlimsollError } from './errors.ts'
import { ParallelExecutor } from './executor/executor.ts'
import { historyFileOf, mergePeaks, newPeaks, readHistory, writeHistory } from './history/history.ts'
import { type Journal, newRunId, openJournal, type TaskPeak } from './journal/journal.ts'
import { Estimates, identify } from './memory/memory.ts'
import { notify } from './notify/notify.ts'
import { loadSecrets } from './plan/plan.ts'
import { engineBytes, forcedTasks, Run, stateDirOf, takeTurn } from './run/run.ts'
import type { Hook, Plan, Report, RunMessage, Task } from './spine.ts'
import { openStore } from './store/store.ts'
import { formatSize } from './units.ts'

export type DeployOptions = {
  /** Where the record and the logs are kept. Default: `.plimsoll` beside the plan. */
  readonly stateDir?: string
  /**
   * Told of everything that happens, and of the report at last; awaited, so that a slow listener slows the run. When it
   * throws, the run is stopped and undone as after a failure, it is told the rest, and `deploy` throws its first error.
   */
  readonly onEvent?: (message: RunMessage) => void | Promise<void>
  /**
   * Stops gently: nothing new starts, what runs gets SIGTERM, and SIGKILL after 10 s. The run is then interrupted and not
   * undone; with a PlimsollError as the reason it has failed with that error. An undo that has begun goes on.
   */
  readonly signal?: AbortSignal
  /** Stops at once: what runs gets SIGKILL, also an undo. */
  readonly killSignal?: AbortSignal
  /** After the first failure nothing new starts; what runs may finish. Default: independent branches go on. */
  readonly failFast?: boolean
  /** Whether a failure undoes what succeeded. Default true. */
  readonly undo?: boolean
  /** Runs tasks though nothing they depend on has changed: all of them (true), or those named. Default false. */
  readonly force?: boolean | readonly string[]
  /** How long to wait for another run that deploys this plan to this environment, in milliseconds. Default 0: refuse. */
  readonly waitForLockMs?: number
  /** The consent that an environment with `approve: true` asks for. */
  readonly yes?: boolean
  /**
   * A file that carries what tasks needed from one machine to the next: read before the run (it may be missing), and
   * written at its end, also after a failure. Default: the variable PLIMSOLL_HISTORY, else none.
   */
  readonly historyFile?: string
  /** The engine's environment; the secrets are looked up here. Default `process.env`. */
  readonly variables?: NodeJS.ProcessEnv
  readonly clock?: Clock
  readonly random?: () => number
}

/**
 * Deploys. A task that fails is part of the report; what is thrown means that nothing was started, or that the run
 * could not be recorded or told any more (then what had succeeded is undone, and `onEvent` has got the report).
 * @throws USAGE (`force`), APPROVAL_NEEDED, LOCK_HELD, SECRET_MISSING, SECRET_TOO_SHORT, NEED_EXCEEDS_CAPACITY, HISTORY_INVALID, and the STATE codes.
 */
export async function deploy(plan: Plan, options: DeployOptions = {}): Promise<Report> {
  const {
    clock = systemClock,
    random = secureRandom,
    variables = process.env,
    onEvent = () => undefined,
  } = options
  const stateDir = stateDirOf(plan, options)
  const force = forcedTasks(plan, options.force)
  if (plan.approve && !options.yes) throw approvalNeeded(plan)
  const secrets = await loadSecrets(plan, {
    variables,
    clock,
    ...(options.signal && { signal: options.signal }),
  })
  await using executor = new ParallelExecutor({
    ...plan.options.executor,
    enableProgress: true,
    clock,
    ownBytes: engineBytes,
  })
  const { monitor } = executor
  refuseWhatCannotFit(plan, executor)
  const historyFile = historyFileOf(options.historyFile, variables)
  const carried = historyFile === undefined ? [] : await readHistory(historyFile)

  await using store = await openStore({ stateDir })
  const runId = newRunId(clock.now(), random)
  const engine = identify(process.pid, runId)
  const stop = AbortSignal.any([options.signal, options.killSignal].filter((one) => one !== undefined))
  await using lease = await takeTurn({
    ...{ store, plan, runId, engine, clock, signal: stop, onEvent },
    waitMs: options.waitForLockMs ?? 0,
  })
  const journal = openJournal(store, lease)
  const past = await journal.pastTasks(plan.name)
  const estimates = new Estimates(await knownPeaks(journal, carried), clock.now())
  await journal.openRun({ runId, plan, startedAtMs: clock.now(), engine, host: hostname() })
  const signal = eitherOf(options.signal, lease.signal)
  const killSignal = eitherOf(options.killSignal, lease.killSignal)
  const parts = {
    plan,
    runId,
    engine,
    stateDir,
    secrets,
    variables,
    journal,
    executor,
    estimates,
    clock,
    random,
    signal,
    killSignal,
    force,
    waitReasons: lease.waitReasons,
    onEvent,
  }
  await using run = await Run.open(parts)
  using _stops = run.telling.tellStops()

  const { capacityBytes, loadLineBytes } = monitor.read()
  const tasks = plan.tasks.map(({ name }) => name)
  const { name, version, environment } = plan
  await run.telling.emit({
    type: 'run-started',
    plan: name,
    version,
    environment,
    tasks,
    capacityBytes,
    loadLineBytes,
  })
  using _memory = run.watchMemory()
  await hook('before', run, executor)
  await executor.execute(run.tasks(past), {
    signal: run.signal,
    failFast: options.failFast ?? false,
    onEvent: (event) => run.onExecutorEvent('deploy', event),
  })
  // Whoever has the lock now decides what becomes of it.
  if (options.undo !== false && !lease.signal.aborted) await undo(run, executor, killSignal)
  if (run.undoReason !== undefined) await hook('onFailure', run, executor)
  await hook('after', run, executor)
  if (historyFile !== undefined) await keepHistory(run, journal, historyFile)

  for (const error of await notify({
    plan,
    report: run.report(),
    secrets,
    clock,
    random,
    signal: killSignal,
  }))
    await run.telling.emit({ type: 'warning', error })
  const report = await run.end()
  if (run.fault !== undefined) throw run.fault
  return report
}

async function undo(run: Run, executor: ParallelExecutor, killSignal: AbortSignal): Promise<void> {
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

/** The tasks of a hook, inside the load line like all others. Nothing new begins once the run was stopped. */
async function hook(name: Hook, run: Run, executor: ParallelExecutor): Promise<void> {
  const tasks = run.hookTasks(name)
  if (tasks.length === 0 || run.signal.aborted) return
  await executor.execute(tasks, {
    signal: run.signal,
    onEvent: (event) => run.onExecutorEvent(name, event),
  })
}

/** What is known goes into the file also after a failure; that it cannot be written fails nothing. */
async function keepHistory(run: Run, journal: Journal, file: string): Promise<void> {
  try {
    await writeHistory(file, await journal.peaks())
  } catch (error) {
    await run.telling.emit({ type: 'warning', error: factsOf(error, 'HISTORY_UNWRITABLE') })
  }
}

function approvalNeeded(plan: Plan): PlimsollError {
  return new PlimsollError(
    'APPROVAL_NEEDED',
    `environment "${plan.environment}" of "${plan.name}" asks for a person's consent`,
  )
}

/** What the state knows and what was carried here; the state knows both from now on. */
async function knownPeaks(journal: Journal, carried: readonly TaskPeak[]): Promise<readonly TaskPeak[]> {
  const known = await journal.peaks()
  if (carried.length === 0) return known
  await journal.addPeaks(newPeaks(known, carried))
  return mergePeaks([known, carried])
}

/** A declared need is refused before anything starts; a limit alone never is. */
function refuseWhatCannotFit(plan: Plan, executor: ParallelExecutor): void {
  const { capacityBytes } = executor.monitor.read()
  const mostBytes = Math.min(plan.options.executor.memoryBudgetBytes ?? capacityBytes, capacityBytes)
  const all = [...plan.tasks, ...Object.values(plan.hooks ?? {}).flat()]
  const tooBig = all.filter((task: Task) => (task.expectBytes ?? 0) > mostBytes)
  if (tooBig.length === 0) return
  const needs = tooBig.map((task) => `"${task.name}" needs ${formatSize(task.expectBytes ?? 0)}`).join(', ')
  throw new PlimsollError('NEED_EXCEEDS_CAPACITY', `${needs}; there are ${formatSize(mostBytes)} in all`)
}

function eitherOf(wished: AbortSignal | undefined, lost: AbortSignal): AbortSignal {
  return wished === undefined ? lost : AbortSignal.any([wished, lost])
}

function secureRandom(): number {
  return randomInt(2 ** 32) / 2 ** 32
}
