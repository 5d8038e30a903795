import type { Decision, ExecutorTask, TaskContext } from '../executor/executor.ts'
import type { PastTask } from '../journal/journal.ts'
import type { TaskEnd } from '../runners/runners.ts'
import type { Phase, Task } from '../spine.ts'
import type { Remains } from './remains.ts'
import { type TaskMemory, unknownMs } from './task-memory.ts'
import type { TaskStates } from './task-states.ts'

export type SectionParts = {
  readonly memory: TaskMemory
  readonly states: Pick<TaskStates, 'statusOf'>
  readonly remains: Remains | undefined
  readonly decide: (task: Task, phase: Phase) => Decision | Promise<Decision>
  readonly attempt: (task: Task, phase: Phase, context: TaskContext) => Promise<TaskEnd>
}

/** A section of the plan (its tasks, or those of a hook) for the executor, without what has ended. */
export function executorTasks(
  section: readonly Task[],
  phase: Exclude<Phase, 'undo'>,
  { memory, states, remains, decide, attempt }: SectionParts,
  past?: ReadonlyMap<string, PastTask>,
): readonly ExecutorTask<TaskEnd>[] {
  const isUnderWay = ({ name }: Task): boolean => remains?.isUnderWay(phase, name) ?? false
  // Of a run that is given up no hook begins.
  const mayBegin = (task: Task): boolean => phase === 'deploy' || !remains?.givesUp || isUnderWay(task)
  const left = section.filter((task) => states.statusOf(task.name) === 'unknown' && mayBegin(task))
  const names = new Set(left.map(({ name }) => name))
  return left.map((task) => ({
    name: task.name,
    needs: task.needs.filter((need) => names.has(need)),
    expectedMs: memory.expectedMs(task, past?.get(task.name)) ?? unknownMs,
    ...memory.forecast(task, task.work),
    isRunning: isUnderWay(task),
    decide: () => decide(task, phase),
    run: (context) => attempt(task, phase, context),
  }))
}
