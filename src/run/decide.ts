import type { Decision, Ended } from '../executor/executor.ts'
import { conditionHolds, statusesRead } from '../plan/plan.ts'
import type { Task } from '../spine.ts'

type Facts = Parameters<typeof conditionHolds>[1]

/**
 * Runs when all that it needs went well and its condition holds. A need that failed does not stand in the way of a
 * task whose condition asks how that need ended.
 */
export function decide(task: Task, ended: ReadonlyMap<string, Ended>, facts: Facts): Decision {
  const asked = new Set(task.when ? statusesRead(task.when) : [])
  const missing = task.needs.find((need) => !asked.has(need) && !wentWell(ended.get(need)))
  if (missing !== undefined) {
    const how = ended.get(missing)?.status === 'cancelled' ? 'was cancelled' : 'failed'
    return { action: 'cancel', because: `it needs "${missing}", which ${how}` }
  }
  if (task.when && !conditionHolds(task.when, facts))
    return { action: 'skip', because: 'its "when" does not hold' }
  return { action: 'run' }
}

function wentWell(ended: Ended | undefined): boolean {
  return ended?.status === 'succeeded' || ended?.status === 'skipped'
}
