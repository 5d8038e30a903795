/** What a person must say, and has said, of tasks whose state nobody else can know. */
import { PlimsollError } from '../errors.ts'
import type { RunRecord } from '../journal/journal.ts'
import { nearestName } from '../nearest.ts'
import type { Phase, Plan, TaskAnswer } from '../spine.ts'
import { everyTask } from './plan-differences.ts'
import type { TaskStates } from './task-states.ts'

export type Undecided = {
  readonly task: string
  /** A sentence. */
  readonly because: string
  readonly answers: readonly TaskAnswer[]
}

/** Tasks in one message. */
const mostTasks = 20

export function decisionNeeded(
  { runId }: Pick<RunRecord, 'runId'>,
  undecided: readonly Undecided[],
  recordOptions: string,
): PlimsollError {
  const shown = undecided.slice(0, mostTasks)
  const rest = undecided.length - shown.length
  const tasks = shown.map(({ task, because }) => `"${task}" (${because})`).join(', ')
  const answers = shown.map((one) => `--task ${one.task}=${one.answers.join('|')}`).join(' ')
  return new PlimsollError(
    'DECISION_NEEDED',
    `run ${runId} cannot go on by itself: a person must say what has become of ${tasks}${rest > 0 ? ` and ${rest} more` : ''}`,
    { fix: `Find out, then say so: ${resumeWords(runId, recordOptions)} ${answers}` },
  )
}

/** The command that goes on with a run, as it is to be typed here. */
export function resumeWords(runId: string, recordOptions: string): string {
  return `plimsoll resume ${runId}${recordOptions}`
}

/** @throws USAGE when something is answered about a run that has succeeded, or a new one (null): nothing of it is asked. */
export function refuseAnswersToNothing(
  run: Pick<RunRecord, 'runId'> | null,
  answers: Readonly<Record<string, TaskAnswer>> = {},
): void {
  const [first] = Object.entries(answers)
  if (first === undefined) return
  const because = run === null ? 'a new run begins' : `run ${run.runId} has succeeded`
  const fix =
    run === null
      ? 'Leave --task out, or go on with a run that has ended: "plimsoll deploy --go-on" or "plimsoll resume RUN"'
      : 'Leave --task out, or deploy again to run its tasks anew'
  throw new PlimsollError('USAGE', `--task ${first.join('=')} answers nothing: ${because}`, { fix })
}

type Facts = {
  readonly plan: Plan
  readonly states: TaskStates
  readonly undecided: readonly Undecided[]
  /** Tasks that were being attempted. */
  readonly open: ReadonlySet<string>
  readonly phase: Phase
}

/** @throws USAGE for an answer about a task of which nothing is to be said. */
export function refuseWrongAnswers(answers: Readonly<Record<string, TaskAnswer>>, facts: Facts): void {
  const { plan, states, undecided, open, phase } = facts
  const names = new Set(everyTask(plan).map(({ name }) => name))
  for (const [task, answer] of Object.entries(answers)) {
    if (!names.has(task)) {
      const nearest = nearestName(task, names)
      const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`
      throw new PlimsollError(
        'USAGE',
        `--task names ${JSON.stringify(task)}, which is no task of the run${hint}`,
      )
    }
    const status = states.statusOf(task)
    const mayRunAgain = answer === 'again' && phase === 'deploy' && status !== 'unknown'
    const isAsked =
      undecided.some((one) => one.task === task) || states.reportOf(task)?.undo?.status === 'failed'
    if (open.has(task) || isAsked || mayRunAgain) continue
    const state = status === 'unknown' ? 'has not begun' : `has ended: it ${status}`
    throw new PlimsollError('USAGE', `--task ${task}=${answer} answers nothing: "${task}" ${state}`)
  }
}
