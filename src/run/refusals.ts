/** What is refused before anything starts. */
import { PlimsollError } from '../errors.ts'
import type { ParallelExecutor } from '../executor/executor.ts'
import type { Plan, Task } from '../spine.ts'
import { formatSize } from '../units.ts'

/** A declared need is refused before anything starts; a limit alone never is. */
export function refuseWhatCannotFit(plan: Plan, executor: ParallelExecutor): void {
  const words = whatCannotFit(plan, executor)
  if (words !== null) throw new PlimsollError('NEED_EXCEEDS_CAPACITY', words)
}

/** The tasks and hooks that need more than there is; null when there are none. */
export function whatCannotFit(plan: Plan, executor: ParallelExecutor): string | null {
  const { capacityBytes } = executor.monitor.read()
  const mostBytes = Math.min(plan.options.executor.memoryBudgetBytes ?? capacityBytes, capacityBytes)
  const all = [...plan.tasks, ...Object.values(plan.hooks ?? {}).flat()]
  const tooBig = all.filter((task: Task) => (task.expectBytes ?? 0) > mostBytes)
  if (tooBig.length === 0) return null
  const needs = tooBig.map((task) => `"${task.name}" needs ${formatSize(task.expectBytes ?? 0)}`).join(', ')
  return `${needs}; there are ${formatSize(mostBytes)} in all`
}
