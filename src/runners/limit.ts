import type { Plan, Task } from '../spine.ts'

/** The task says how much memory it may use; else its limit is that of every task. Earlier versions recorded only the numbers. */
export const isLimitDeclared = (task: Task, plan: Plan): boolean =>
  task.declaresMemory ||
  task.expectBytes !== null ||
  task.limitBytes !== plan.options.executor.memoryLimitMb * 2 ** 20
