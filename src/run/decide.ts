import type { Decision } from '../executor/executor.ts'
import { conditionHolds, statusesRead } from '../plan/plan.ts'
import type { Phase, Task } from '../spine.ts'
import type { Remains } from './remains.ts'

type Facts = Parameters<typeof conditionHolds>[1]

/**
 * Runs when all that it needs went well and its condition holds. A need that failed does not stand in the way of a
 * task whose condition asks how that need ended.
 */
export function decide(task: Task, facts: Facts): Decision {
  const asked = new Set(task.when ? statusesRead(task.when) : [])
  const missing = task.needs.find((need) => !asked.has(need) && !wentWell(facts.statusOf(need)))
  if (missing !== undefined) {
    const how = facts.statusOf(missing) === 'cancelled' ? 'was cancelled' : 'failed'
    return { action: 'cancel', because: `it needs "${missing}", which ${how}` }
  }
  if (task.when && !conditionHolds(task.when, facts))
    return { action: 'skip', because: 'its "when" does not hold' }
  return { action: 'run' }
}

const wentWell = (status: string): boolean => status === 'succeeded' || status === 'skipped'

type Before = {
  readonly remains: Pick<Remains, 'isUnderWay' | 'givesUp'> | undefined
  /** A task has failed, and nothing new starts after the first failure. */
  readonly stops: boolean
  readonly beforeFailed: boolean
}

/** What is settled whatever the task needs: by what another engine has left of the run, or by a failure. Null: nothing. */
export function decidedBefore({ name }: Pick<Task, 'name'>, phase: Phase, before: Before): Decision | null {
  const { remains, stops, beforeFailed } = before
  if (remains?.isUnderWay(phase, name)) return { action: 'run' }
  if (remains?.givesUp) return { action: 'cancel', because: 'the run was given up' }
  if (phase !== 'deploy') return null
  if (beforeFailed) return { action: 'cancel', because: 'a task of "before" failed' }
  return stops ? { action: 'cancel', because: 'a task failed' } : null
}
