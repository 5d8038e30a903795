/**
 * Runs a plan from its first task to the report. Read this first: every part of the engine is named here, in order,
 * and wired together nowhere else.
 */

import { randomInt } from 'node:crypto'
import { systemClock } from './clock.ts'
import { keepHistory, keepMetrics, tellReceivers } from './deploy/afterwards.ts'
import {
  approvalWish,
  type DeployOptions,
  deployNames,
  type ResumeOptions,
  type RollbackOptions,
  resumeNames,
  rollbackNames,
  shownOptions,
  stopOf,
} from './deploy/options.ts'
import { endRun, runHook, runUndo } from './deploy/phases.ts'
import { ParallelExecutor } from './executor/executor.ts'
import { historyFileOf, knownPeaks, readHistory } from './history/history.ts'
import { type Journal, openJournal, type RunRecord } from './journal/journal.ts'
import { Estimates } from './memory/memory.ts'
import { checkNames } from './option-names.ts'
import { loadSecrets, refuseWrittenSecrets } from './plan/plan.ts'
import {
  beginRun,
  chooseRun,
  consentToRollBack,
  engineBytes,
  forcedTasks,
  planToResume,
  Run,
  type RunChoice,
  RunTally,
  recordedRun,
  refuseAnswersToNothing,
  refuseWhatCannotFit,
  runToRollBack,
  stateDirOf,
  takeTurns,
  tasksToUndo,
} from './run/run.ts'
import type { Plan, Report, RunMessage } from './spine.ts'
import { databaseOf, openStore } from './store/store.ts'

export type { DeployOptions, ResumeOptions, RollbackOptions } from './deploy/options.ts'
export type { ApprovalQuestion, AskPerson, PersonsAnswer } from './run/run.ts'

/**
 * Deploys. A task that fails is part of the report; what is thrown means that nothing was started, or that the run
 * could not be recorded or told any more (then what had succeeded is undone, and `onEvent` has got the report).
 * @throws OPTION_INVALID, USAGE (`force`, `answers`), LOCK_HELD, SECRET_MISSING, SECRET_TOO_SHORT, SECRET_WRITTEN,
 * NEED_EXCEEDS_CAPACITY, HISTORY_INVALID, RUN_CHANGED, DECISION_NEEDED, and the STATE and DATABASE codes.
 */
export async function deploy(plan: Plan, options: DeployOptions = {}): Promise<Report> {
  checkNames('deploy', options, deployNames)
  forcedTasks(plan, options.force)
  const stateDir = stateDirOf(plan, options)
  const wish = {
    fresh: options.fresh ?? false,
    goOn: options.goOn ?? false,
    recordOptions: shownOptions({ ...options, stateDir }),
  }
  const choose = async (journal: Journal): Promise<RunChoice> => {
    const choice = await chooseRun(journal, plan, wish)
    if (choice.goOn === null) refuseAnswersToNothing(null, options.answers)
    return choice
  }
  return await perform(plan, { ...options, stateDir }, { choose, part: plan, isRead: true })
}

/**
 * Goes on with a run: one whose engine was killed goes on where it was; one that failed or was stopped is tried again
 * from there. Limits, timeouts and retries are those that the plan's file says now. A run that has succeeded is left
 * alone: its report is the answer.
 * @param run its id, the beginning of one, or `last`.
 * @throws USAGE (`answers`), RUN_UNKNOWN, RUN_ACTIVE, RUN_CHANGED, DECISION_NEEDED, and what `deploy` throws.
 */
export async function resume(run: string, options: ResumeOptions): Promise<Report> {
  checkNames('resume', options, resumeNames)
  const { stateDir, variables = process.env } = options
  const record = await recordedRun(run, { stateDir, database: databaseOf(options.database, variables) })
  if (record.report?.status === 'succeeded') {
    refuseAnswersToNothing(record, options.answers)
    return record.report
  }
  const { recorded = false, ...given } = options
  const plan = recorded
    ? record.definition
    : await planToResume(record, { variables, recordOptions: shownOptions(options) })
  const choose = async (journal: Journal): Promise<RunChoice> => ({
    goOn: await journal.run(record.runId),
    giveUp: null,
  })
  const isRead = plan !== record.definition
  return await perform(plan, { ...record.options, ...given }, { choose, part: plan, isRead })
}

/**
 * Undoes what a run that has ended did: the run goes on with its undo, as it would have after a failure. What is undone
 * already stays so, and an undo that failed is tried again. A run of which nothing is to be undone is left alone: its
 * report is the answer.
 * @param run its id, the beginning of one, or `last`.
 * @throws RUN_UNKNOWN, LOCK_HELD, RUN_UNFINISHED, APPROVAL_NEEDED, APPROVAL_DENIED, and what `deploy` throws.
 */
export async function rollback(run: string, options: RollbackOptions): Promise<Report> {
  checkNames('rollback', options, rollbackNames)
  const { stateDir, variables = process.env } = options
  const place = { stateDir, database: databaseOf(options.database, variables) }
  const record = await recordedRun(run, place)
  const { definition, report, runId } = record
  const tasks = await tasksToUndo(record, place)
  if (tasks.length === 0 && report !== null) return report
  await askToRollBack(record, options)
  const choose = async (journal: Journal): Promise<RunChoice> =>
    runToRollBack(await journal.run(runId), shownOptions(options))
  const part = { ...definition, tasks, hooks: {} }
  return await perform(definition, { ...record.options, ...options, undo: true }, { choose, part })
}

/** Nothing of the run is held or changed meanwhile. */
async function askToRollBack(record: RunRecord, options: RollbackOptions): Promise<void> {
  const { stateDir, clock = systemClock, variables = process.env, onEvent = () => undefined } = options
  if (!record.definition.approve) return
  await using store = await openStore({ stateDir, database: databaseOf(options.database, variables), clock })
  const signal = stopOf(options)
  const wish = approvalWish(options, { variables, secrets: [] })
  const asking = { journal: openJournal(store), recordOptions: shownOptions(options), wish }
  await consentToRollBack(record, { ...asking, clock, signal, onEvent })
}

type Goal = {
  readonly choose: (journal: Journal) => Promise<RunChoice>
  /** What of the plan is done: its secrets are needed, and it must fit. */
  readonly part: Plan
  /** The plan was read just now, and is not recorded yet. */
  readonly isRead?: boolean
}

async function perform(
  plan: Plan,
  options: DeployOptions & { readonly stateDir: string },
  { choose, part, isRead = false }: Goal,
): Promise<Report> {
  const { clock = systemClock, random = secureRandom, variables = process.env, stateDir } = options
  const secrets = await loadSecrets(part, {
    variables,
    clock,
    ...(options.signal && { signal: options.signal }),
  })
  if (isRead) await refuseWrittenSecrets(plan, secrets)
  await using executor = new ParallelExecutor({
    ...plan.options.executor,
    enableProgress: true,
    clock,
    ownBytes: engineBytes,
  })
  refuseWhatCannotFit(part, executor)
  const historyFile = historyFileOf(options.historyFile, variables)
  const carried = historyFile === undefined ? [] : await readHistory(historyFile)

  await using store = await openStore({ stateDir, database: databaseOf(options.database, variables), clock })
  const { failFast = false, undo: undoes = true, answers = {} } = options
  const tally = new RunTally()
  const onEvent = (message: RunMessage): void | Promise<void> => {
    tally.note(message)
    return options.onEvent?.(message)
  }
  const stop = stopOf(options)
  const reading = openJournal(store)
  await using turn = await takeTurns(
    { store, plan, clock, random, signal: stop, onEvent, waitMs: options.waitForLockMs ?? 0 },
    () => choose(reading),
  )
  const { lease, choice, runId } = turn
  const journal = openJournal(store, lease)
  const past = await journal.pastTasks(plan.name)
  const estimates = new Estimates(await knownPeaks(journal, carried, clock.now()), clock.now())
  const signal = eitherOf(options.signal, lease.signal)
  const killSignal = eitherOf(options.killSignal, lease.killSignal)
  const force = forcedTasks(plan, options.force)
  const parts = {
    runId,
    stateDir,
    recordOptions: shownOptions(options),
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
    options: { failFast, undo: undoes, force },
    approval: approvalWish(options, { variables, secrets: Object.values(secrets) }),
    answers,
  }
  const { goOn, giveUp, rollsBack } = choice
  if (giveUp) await endRun(giveUp, { ...parts, onEvent: () => undefined })
  await using run = await Run.open(await beginRun(plan, goOn, { ...parts, rollsBack }))
  using _stops = run.telling.tellStops()

  await run.tellBeginning()
  using _memory = run.watchMemory()
  await run.awaitConsent()
  await runHook('before', run, executor)
  await executor.execute(run.tasks(past), {
    signal: run.signal,
    failFast,
    onEvent: (event) => run.onExecutorEvent('deploy', event),
  })
  // Whoever has the lock now decides what becomes of it.
  if (undoes && !lease.signal.aborted) await runUndo(run, executor, killSignal)
  if (run.undoReason !== undefined) await runHook('onFailure', run, executor)
  await runHook('after', run, executor)
  if (historyFile !== undefined) await keepHistory(run, journal, historyFile)
  await run.explain()
  await tellReceivers(run, { plan, secrets, clock, random, signal: killSignal })
  if (!lease.signal.aborted) await keepMetrics(run, { store, clock, tally, journal, ...plan.options.metrics })
  const report = await run.end()
  if (run.fault !== undefined) throw run.fault
  return report
}

function eitherOf(wished: AbortSignal | undefined, lost: AbortSignal): AbortSignal {
  return wished === undefined ? lost : AbortSignal.any([wished, lost])
}

function secureRandom(): number {
  return randomInt(2 ** 32) / 2 ** 32
}
