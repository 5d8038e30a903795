import type { ExecutorTask, TaskContext } from '../executor/executor.ts'
import type { Task } from '../spine.ts'

/** Why a run is undone that had not failed; recorded, so that whoever goes on with it knows. */
export const rolledBack = 'the run is rolled back'

type UndoParts<Value> = {
  readonly isUndone: (task: Task) => boolean
  readonly isUnderWay: (task: Task) => boolean
  readonly forecast: (task: Task) => Pick<ExecutorTask, 'reserveBytes' | 'estimate' | 'raise'>
  readonly run: (task: Task, context: TaskContext) => Promise<Value>
}

/**
 * The graph turned round: a task is undone after everything that needed it. Tasks without undo work stay in it as
 * empty places, so that the order holds across them. An undo that fails does not stop the others.
 */
export function undoGraph<Value>(
  tasks: readonly Task[],
  parts: UndoParts<Value>,
): readonly ExecutorTask<Value | null>[] {
  const neededBy = new Map<string, string[]>(tasks.map(({ name }) => [name, []]))
  for (const { name, needs } of tasks) for (const need of needs) neededBy.get(need)?.push(name)
  return tasks.map((task) => {
    const undone = parts.isUndone(task)
    return {
      name: task.name,
      needs: neededBy.get(task.name) ?? [],
      ...(undone ? parts.forecast(task) : { reserveBytes: 0 }),
      isRunning: undone && parts.isUnderWay(task),
      decide: () => ({ action: 'run' }),
      run: (context) => (undone ? parts.run(task, context) : null),
    }
  })
}
