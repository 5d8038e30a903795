/**
 * What is left of a run whose engine was killed, or that has ended and is tried again: which ends are kept, which tasks
 * go on and how, and what only a person can know. It reads the record and looks at processes; it changes nothing.
 */
import type { AttemptRecord, Journal, RunEngine, RunRecord, TaskRecord } from '../journal/journal.ts'
import { hasProvablyEnded, isSameProcess } from '../memory/memory.ts'
import { noAttempts } from '../runners/runners.ts'
import type { FoundTask, Phase, Plan, ProcessIdentity, Task, TaskAnswer } from '../spine.ts'
import { decisionNeeded, refuseWrongAnswers, type Undecided } from './answers.ts'
import { runChanged } from './choose-run.ts'
import { keyOf, type LookOptions, lookAtLeft, type TaskRest } from './left-tasks.ts'
import { isMasked, maskedReads } from './masked-outputs.ts'
import { everyTask, planDifferences } from './plan-differences.ts'
import { TaskStates } from './task-states.ts'

export type Remains = {
  readonly run: RunRecord
  /** Whatever ran is stopped, and nothing else is done. */
  readonly givesUp: boolean
  /** The ends that are kept. */
  readonly states: TaskStates
  /** Why the undo that had begun goes on; null when tasks do. */
  readonly undoBecause: string | null
  /** How long the run has lasted, in milliseconds; without the time between its end and its rollback. */
  readonly spentMs: number
  readonly rest: (phase: Phase, task: string) => TaskRest | undefined
  /** It was attempted when its engine was killed, and is to be seen to its end. */
  readonly isUnderWay: (phase: Phase, task: string) => boolean
  /** What was recorded of these does not count any more. */
  readonly forget: readonly { readonly phase: Phase; readonly task: string }[]
  readonly found: readonly FoundTask[]
  /** Services that are to run and do not. */
  readonly deadServices: readonly string[]
  readonly lastFileNumber: number
  /** Of the files of attempts whose end is not recorded. */
  readonly openFileNumbers: ReadonlySet<number>
  readonly peakMemoryBytes: number
}

/** @throws DECISION_NEEDED with all tasks that a person must say something of; USAGE for an answer that fits nothing. */
export async function readRemains(journal: Journal, run: RunRecord, options: LookOptions): Promise<Remains> {
  const [engines, tasks, attempts, memory] = await Promise.all([
    journal.engines(run.runId),
    journal.tasks(run.runId),
    journal.attempts(run.runId),
    journal.memory(run.runId),
  ])
  const { plan, answers = {}, givesUp = false, rollsBack } = options
  const phase: Phase = rollsBack !== undefined || goesOnWithUndo(run) ? 'undo' : 'deploy'
  const redo = new Set(rollsBack === undefined ? [] : tasks.filter(isFailedUndo).map(({ task }) => task))
  const rows = new Map(tasks.map((row) => [keyOf(row.phase, row.task), row]))
  const states = statesOf(
    plan,
    tasks.filter((row) => !(redo.has(row.task) && isFailedUndo(row))),
  )
  const undecided: Undecided[] = []
  const again =
    phase === 'undo' ? new Set<string>() : tasksToRunAgain(run, { plan, states, answers, undecided })
  // What a hook has done counts for the round in which it did it.
  const forgetsHooks = phase !== 'undo' && run.report !== null
  const counted = forgetsHooks ? plan.tasks : everyTask(plan)
  const ended = counted.map(({ name }) => name).filter((name) => hasEnded(states, name))
  const kept = new Set(ended.filter((name) => !again.has(name)))
  refuseWhatIsGone(run, plan, attempts, options.recordOptions)
  if (phase === 'deploy') undecided.push(...withoutValues(plan, states, kept))
  else hideMasked(states, ended)
  const begunAnew = again.union(redo)
  const { found, rests } = lookAtLeft(attempts, {
    ...options,
    engineAlive: (attempt) => engineAlive(engines, attempt),
    phase,
    kept,
    again: begunAnew,
    rows,
    undecided,
  })
  const open = new Set(found.map(({ task }) => task))
  refuseWrongAnswers(answers, { plan, states, undecided, open, phase })
  if (undecided.length > 0 && !givesUp) throw decisionNeeded(run, undecided, options.recordOptions)

  const settled = Object.keys(answers).filter((name) => answers[name] === 'done' && undoFailed(states, name))
  const forgetting = { again, settled, forgetsHooks }
  const restored =
    phase === 'undo'
      ? states
      : statesOf(
          plan,
          tasks.filter((row) => !isForgotten(row, forgetting)),
        )
  const services = keepServices(restored, plan, attempts)
  const isDead = ({ name, identity }: Service): boolean => kept.has(name) && !isSameProcess(identity)
  return {
    run,
    givesUp,
    states: restored,
    undoBecause: phase === 'undo' ? (rollsBack ?? run.undoBecause) : null,
    spentMs:
      (rollsBack === undefined ? null : run.durationMs) ?? Math.max(0, options.nowMs - run.startedAtMs),
    rest: (inPhase, task) => rests.get(keyOf(inPhase, task)),
    isUnderWay: (inPhase, task) => isUnderWay(rests.get(keyOf(inPhase, task))),
    forget: tasks.filter((row) => isForgotten(row, forgetting) || (redo.has(row.task) && isFailedUndo(row))),
    found,
    deadServices: phase === 'undo' ? [] : services.filter(isDead).map(({ name }) => name),
    openFileNumbers: new Set(attempts.filter(isOpen).map(({ log }) => fileNumberOf(log))),
    lastFileNumber: attempts.reduce((last, { log }) => Math.max(last, fileNumberOf(log)), 0),
    peakMemoryBytes: memory.reduce(
      (peak, point) => Math.max(peak, point.tasksBytes),
      run.peakMemoryBytes ?? 0,
    ),
  }
}

const isUnderWay = (rest: TaskRest | undefined): boolean =>
  rest?.last !== undefined || (rest?.left !== undefined && rest.left.action !== 'again')

type Forgetting = {
  readonly again: ReadonlySet<string>
  /** Tasks whose undo is as good as never begun: a person says so. */
  readonly settled: readonly string[]
  readonly forgetsHooks: boolean
}

/** What is recorded of it does not count any more. */
function isForgotten({ phase, task }: TaskRecord, { again, settled, forgetsHooks }: Forgetting): boolean {
  if (phase === 'undo') return again.has(task) || settled.includes(task)
  return phase === 'deploy' ? again.has(task) : forgetsHooks
}

/** Whoever began it and whoever has had it since believes that it is theirs. In words; null when all of them have ended. */
function engineAlive(engines: readonly RunEngine[], attempt: AttemptRecord): string | null {
  const alive = engines.find((engine) => engine.number >= attempt.engine && mayComeBack(engine))
  return alive === undefined ? null : `process ${alive.identity.pid} on ${alive.host}`
}

/** One of our own process has let go before we got the lock. */
const mayComeBack = ({ identity, pidNamespace }: RunEngine): boolean =>
  !(identity.pid === process.pid && isSameProcess(identity)) && !hasProvablyEnded(identity, pidNamespace)

const isOpen = ({ status }: AttemptRecord): boolean => status === 'open'

/** Attempts of a run have their files by number. */
const fileNumberOf = (log: string): number => Number(/(\d{1,9})\.log$/.exec(log)?.[1] ?? 0)

/** Nobody would see to the end of what is under way and stands in the plan no more. @throws RUN_CHANGED */
function refuseWhatIsGone(
  run: RunRecord,
  plan: Plan,
  attempts: readonly AttemptRecord[],
  recordOptions: string,
): void {
  const names = new Set(everyTask(plan).map(({ name }) => name))
  const gone = attempts.find(({ status, task }) => status === 'open' && !names.has(task))
  if (gone) throw runChanged(run, [`"${gone.task}" was under way and is gone from the plan`], recordOptions)
}

/** Tasks that must run again, because others read what they handed on and the record does not hold. */
function withoutValues(plan: Plan, states: TaskStates, kept: ReadonlySet<string>): readonly Undecided[] {
  const readers = plan.tasks.filter(({ name }) => !kept.has(name))
  const reads = maskedReads(readers, (name) => (kept.has(name) ? states.reportOf(name) : undefined))
  return [...reads].map(([task, keys]) => ({
    task,
    because: `what it handed on as ${keys.join(', ')} held a secret, which is not recorded`,
    answers: ['again'],
  }))
}

/** Its undo cannot have what the record does not hold, and must not have the mask. */
function hideMasked(states: TaskStates, ended: readonly string[]): void {
  for (const task of ended)
    for (const [key, value] of Object.entries(states.reportOf(task)?.outputs ?? {}))
      if (isMasked(value)) states.hide(task, key)
}

const isFailedUndo = ({ phase, report }: TaskRecord): boolean =>
  phase === 'undo' && report?.status === 'failed'

/** An undo that was stopped, by a kill or by a person, has begun to undo: it goes on. */
export const goesOnWithUndo = ({ undoBecause, report }: RunRecord): boolean =>
  undoBecause !== null && (report === null || report.status === 'interrupted')

const hasEnded = (states: TaskStates, task: string): boolean => states.statusOf(task) !== 'unknown'

/** As far as it is recorded. An undo that was stopped has not been done. */
function statesOf(plan: Plan, tasks: readonly TaskRecord[]): TaskStates {
  const states = new TaskStates(plan.tasks)
  const names = new Set(everyTask(plan).map(({ name }) => name))
  for (const { phase, task, report } of tasks) {
    if (report === null || !names.has(task)) continue
    const end = { report, outputs: report.outputs, totals: noAttempts }
    if (phase === 'deploy') states.keepEnd(task, end)
    else if (phase !== 'undo' && report.status !== 'cancelled') states.keepHookEnd(phase, task, end)
  }
  for (const { phase, task, report } of tasks) {
    if (report === null || phase !== 'undo' || report.status === 'cancelled') continue
    states.keepUndoEnd(task, { report, outputs: {}, totals: noAttempts })
  }
  return states
}

const undoFailed = (states: TaskStates, task: string): boolean =>
  states.reportOf(task)?.undo?.status === 'failed'

type Choosing = {
  readonly plan: Plan
  readonly states: TaskStates
  readonly answers: Readonly<Record<string, TaskAnswer>>
  readonly undecided: Undecided[]
}

/**
 * Those that ended otherwise than well (where the engine was killed: those that were stopped), those whose work has
 * changed since, those that a person wants to run again, and everything that needs one of them.
 */
function tasksToRunAgain(run: RunRecord, { plan, states, answers, undecided }: Choosing): Set<string> {
  const { changed } = planDifferences(run.definition, plan)
  const wasKilled = run.report === null
  const isAgain = ({ name }: Task): boolean => {
    if (changed.has(name)) return true
    if (!hasEnded(states, name)) return false
    if (answers[name] === 'again') return true
    const status = states.statusOf(name)
    if (undoFailed(states, name) && answers[name] !== 'done') {
      undecided.push({
        task: name,
        because: 'its undo failed, and may have been done in part',
        answers: ['done', 'again'],
      })
      return false
    }
    return status === 'cancelled' || status === 'undone' || (status === 'failed' && !wasKilled)
  }
  const again = new Set(plan.tasks.filter(isAgain).map(({ name }) => name))
  for (let before = -1; before !== again.size; ) {
    before = again.size
    for (const { name, needs } of plan.tasks) {
      if (needs.some((need) => again.has(need))) again.add(name)
    }
  }
  return again
}

type Service = { readonly name: string; readonly identity: ProcessIdentity }

/** The newest of each task. */
function keepServices(
  states: TaskStates,
  plan: Plan,
  attempts: readonly AttemptRecord[],
): readonly Service[] {
  const detached = new Set(
    plan.tasks.filter(({ work }) => 'detach' in work && work.detach).map(({ name }) => name),
  )
  const services = new Map<string, ProcessIdentity>()
  for (const { phase, task, identity } of attempts)
    if (phase === 'deploy' && identity !== null && detached.has(task)) services.set(task, identity)
  for (const [task, identity] of services) states.keepService(task, identity)
  return [...services].map(([name, identity]) => ({ name, identity }))
}
