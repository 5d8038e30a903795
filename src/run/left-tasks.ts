/** How tasks go on that were under way when their engine was killed. */
import type { AttemptRecord, TaskRecord } from '../journal/journal.ts'
import { ProcessFinder } from '../memory/memory.ts'
import {
  type AttemptTotals,
  actionFor,
  type Found,
  type Here,
  type LeftTask,
  lookFor,
  noAttempts,
} from '../runners/runners.ts'
import type { AttemptResult, FoundTask, Hook, Phase, Plan, Task, TaskAnswer, Work } from '../spine.ts'
import type { Undecided } from './answers.ts'

/** How one task goes on that has not ended. */
export type TaskRest = {
  readonly earlier: AttemptTotals
  readonly left?: LeftTask
  /** How it ended, though that is not told yet. */
  readonly last?: AttemptResult
  readonly pauseMs?: number
}

export type LookOptions = {
  readonly plan: Plan
  readonly stateDir: string
  readonly recordOptions: string
  readonly here: Here
  readonly nowMs: number
  readonly answers?: Readonly<Record<string, TaskAnswer>>
  /** Whatever runs is stopped, and nobody is asked. */
  readonly givesUp?: boolean
  /** What the run did is undone, and this is why; an undo that failed is tried again. */
  readonly rollsBack?: string | undefined
}

type Looking = LookOptions & {
  /** An engine that may come back and believes that the attempt is its own, in words; else null. */
  readonly engineAlive: (attempt: AttemptRecord) => string | null
  readonly phase: Phase
  readonly kept: ReadonlySet<string>
  readonly again: ReadonlySet<string>
  readonly rows: ReadonlyMap<string, TaskRecord>
  readonly undecided: Undecided[]
}

export type Seen = { readonly rests: ReadonlyMap<string, TaskRest>; readonly found: readonly FoundTask[] }

/** Looks for every open attempt; where a person must decide, that is added to `undecided`. */
export function lookAtLeft(attempts: readonly AttemptRecord[], looking: Looking): Seen {
  const { plan, kept, rows, nowMs } = looking
  const finder = new ProcessFinder()
  const byTask = Map.groupBy(attempts, (attempt) => keyOf(attempt.phase, attempt.task))
  const rests = new Map<string, TaskRest>()
  const found: FoundTask[] = []
  for (const { task, work, phase } of unitsOf(plan, looking.phase)) {
    const key = keyOf(phase, task.name)
    const own = byTask.get(key)
    if (own === undefined || (phase !== 'undo' && kept.has(task.name))) continue
    const past = rows.get(key)?.pastAttempts ?? 0
    const isAnew = looking.again.has(task.name)
    const counted = isAnew ? [] : own.filter(({ attempt, status }) => attempt > past && status !== 'open')
    const opened = own.reduce(
      (most, { attempt, status }) => (status === 'open' ? most : Math.max(most, attempt)),
      0,
    )
    const earlier = { ...totalsOf(counted), opened }
    const open = own.findLast(({ status }) => status === 'open')
    const left = open && leftTask({ task, work, phase, open }, looking, finder, found)
    if (open && left) rests.set(key, { earlier: { ...earlier, opened: open.attempt - 1 }, left })
    else if (!open) rests.set(key, { earlier, ...betweenAttempts(counted.at(-1), nowMs) })
  }
  return { rests, found }
}

export const keyOf = (phase: Phase, task: string): string => `${phase} ${task}`

type Unit = { readonly task: Task; readonly work: Work; readonly phase: Phase }
type OpenTask = Unit & { readonly open: AttemptRecord }

/** Everything that may have been under way: in the hooks, and in the deployment or in its undo. */
function unitsOf({ tasks, hooks = {} }: Plan, phase: Phase): readonly Unit[] {
  const inHooks = Object.entries(hooks).flatMap(([hook, list]) =>
    list.map((task) => ({ task, work: task.work, phase: hook as Hook })),
  )
  const inTasks = tasks.flatMap((task) => {
    const work = phase === 'undo' ? task.undo : task.work
    return work === null ? [] : [{ task, work, phase }]
  })
  return [...inHooks, ...inTasks]
}

/** Undefined where a person must decide first. */
function leftTask(
  { task, work, phase, open }: OpenTask,
  { stateDir, here, engineAlive, answers = {}, again, givesUp, undecided }: Looking,
  finder: ProcessFinder,
  told: FoundTask[],
): LeftTask | undefined {
  const found = lookFor(open, work, { stateDir, here, engineAlive: engineAlive(open), finder })
  const answer = answers[task.name]
  const action = givesUp ? 'give-up' : again.has(task.name) ? 'again' : actionFor(task, work, found, answer)
  const because = found.because
  if (action === 'ask') {
    const adopt = found.state === 'running' && found.isAdoptable ? (['adopt'] as const) : []
    undecided.push({ task: task.name, because, answers: ['done', 'again', 'failed', ...adopt] })
  }
  const isAnswered = answer === 'done' || answer === 'failed'
  const adopted = action === 'take-up' ? toldStates[found.state] : 'again'
  told.push({ phase, task: task.name, action: isAnswered ? 'answered' : adopted, because })
  return action === 'ask' ? undefined : { left: open, found, action }
}

const toldStates: Readonly<Record<Found['state'], FoundTask['action']>> = {
  running: 'adopted',
  ended: 'ended',
  'not-begun': 'again',
  evicted: 'again',
  unknown: 'again',
}

/** Its end may be recorded where that of the task is not; or it waits for the next attempt. */
function betweenAttempts(last: AttemptRecord | undefined, nowMs: number): Partial<TaskRest> {
  if (last?.result == null || last.endedAtMs === null || isForgiven(last.result)) return {}
  if (last.nextInMs === null) return { last: last.result }
  const pauseMs = Math.min(last.nextInMs, last.endedAtMs + last.nextInMs - nowMs)
  return pauseMs > 0 ? { pauseMs } : {}
}

/** It did not end by itself: another attempt follows. */
const isForgiven = ({ error }: AttemptResult): boolean =>
  error !== null && ['TASK_REQUEUED', 'ATTEMPT_LOST', 'TASK_CANCELLED'].includes(error.code)

function totalsOf(attempts: readonly AttemptRecord[]): AttemptTotals {
  let totals: AttemptTotals = noAttempts
  for (const { result } of attempts) {
    if (result === null) continue
    const { lower, upper } = result.peakMemoryBytes
    totals = {
      ...totals,
      counted: totals.counted + (isForgiven(result) ? 0 : 1),
      cpuMs: result.cpuMs === null ? totals.cpuMs : (totals.cpuMs ?? 0) + result.cpuMs,
      peak: {
        lower: Math.max(totals.peak.lower, lower),
        upper: upper === null || totals.peak.upper === null ? null : Math.max(totals.peak.upper, upper),
      },
    }
  }
  return totals
}
