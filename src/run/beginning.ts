import type { TaskEvent } from '../runners/runners.ts'
import type { TaskStates } from './task-states.ts'
import type { RunParts } from './words.ts'

/** What is told before anything else: the run has begun, or another engine goes on with it. */
export function beginningOf(
  { plan, executor, remains }: Pick<RunParts, 'plan' | 'executor' | 'remains'>,
  states: Pick<TaskStates, 'statusOf'>,
): readonly TaskEvent[] {
  const { name, version, environment } = plan
  const { capacityBytes, loadLineBytes } = executor.monitor.read()
  const tasks = plan.tasks.map((task) => task.name)
  const facts = { plan: name, version, environment, tasks, capacityBytes, loadLineBytes }
  if (remains === undefined) return [{ type: 'run-started', ...facts }]
  const kept = tasks.filter((task) => states.statusOf(task) !== 'unknown')
  return [
    { type: 'run-resumed', ...facts, kept, found: remains.found },
    ...remains.deadServices.map(serviceIsDead),
  ]
}

function serviceIsDead(task: string): TaskEvent {
  const message = `the service of "${task}" does not run any more`
  const fix = `If it is to run, start it again: --task ${task}=again`
  return { type: 'warning', error: { code: 'SERVICE_ENDED', message, fix } }
}
