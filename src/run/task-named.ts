import type { Plan, Task } from '../spine.ts'

/** The task of a plan, or of one of its hooks. */
export function taskNamed({ tasks, hooks = {} }: Plan, name: string): Task | undefined {
  const isIt = (task: Task): boolean => task.name === name
  return tasks.find(isIt) ?? Object.values(hooks).flat().find(isIt)
}
