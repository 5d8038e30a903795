/** Which run a deployment is: a new one, or one that was begun and is not over. */
import { PlimsollError } from '../errors.ts'
import type { Journal, RunRecord } from '../journal/journal.ts'
import type { Plan } from '../spine.ts'
import { resumeWords } from './answers.ts'
import { planDifferences } from './plan-differences.ts'
import { rolledBack } from './undo.ts'

export type RunChoice = {
  /** The run to go on with; null for a new one. */
  readonly goOn: RunRecord | null
  /** A run that was interrupted and is not to be gone on with: what runs of it is stopped. */
  readonly giveUp: RunRecord | null
  /** Why what the run did is undone, when that is what it goes on with. */
  readonly rollsBack?: string
}

export type ChoiceOptions = {
  readonly recordOptions: string
  readonly fresh?: boolean
  readonly goOn?: boolean
}

/**
 * With the lock of the plan and its environment, or before it: whoever has the lock finds no engine of it alive.
 * The last run of the same plan and environment when its engine was killed and the plan does the same as then. `fresh`
 * begins anew nevertheless; `goOn` goes on although the plan has changed, also with a run that failed or was stopped.
 * @throws RUN_CHANGED with what differs and the commands that decide.
 */
export async function chooseRun(journal: Journal, plan: Plan, options: ChoiceOptions): Promise<RunChoice> {
  const none: RunChoice = { goOn: null, giveUp: null }
  const last = await journal.lastRun(plan.name, plan.environment)
  if (last === null || last.report?.status === 'succeeded') return none
  const wasKilled = last.report === null
  if (options.fresh) return { ...none, giveUp: wasKilled ? last : null }
  if (options.goOn) return { ...none, goOn: last }
  if (!wasKilled) return none
  const { words } = planDifferences(last.definition, plan)
  if (words.length > 0) throw runChanged(last, words, options.recordOptions)
  return { ...none, goOn: last }
}

export function runChanged(
  { runId }: Pick<RunRecord, 'runId'>,
  differences: readonly string[],
  recordOptions: string,
): PlimsollError {
  const goOn = `${resumeWords(runId, recordOptions)} --recorded`
  return new PlimsollError(
    'RUN_CHANGED',
    `run ${runId} is not over, and the plan has changed since: ${differences.join('; ')}`,
    {
      fix:
        `To go on with the plan as it was recorded: ${goOn}; with the plan as it is now: plimsoll deploy --go-on; ` +
        'to give that run up and begin anew: plimsoll deploy --fresh',
    },
  )
}

/**
 * With the lock, or before it. A run that has ended, or whose undo was cut short.
 * @throws RUN_UNFINISHED when tasks of it were under way as it was killed: they must be seen to their end first.
 */
export function runToRollBack(run: RunRecord, recordOptions: string): RunChoice {
  if (run.report !== null || run.undoBecause !== null)
    return { goOn: run, giveUp: null, rollsBack: rolledBack }
  throw new PlimsollError('RUN_UNFINISHED', `run ${run.runId} was killed before it had ended`, {
    fix: `Go on with it first, then undo it: ${resumeWords(run.runId, recordOptions)}`,
  })
}
