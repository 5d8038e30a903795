import { PlimsollError } from '../errors.ts'
import { didYouMean } from '../nearest.ts'
import type { Plan } from '../spine.ts'
import { show } from './problems.ts'

/** The plan with those tasks and everything they need. @throws USAGE for a name that is not a task. */
export function selectTasks(plan: Plan, only: readonly string[]): Plan {
  const tasks = new Map(plan.tasks.map((task) => [task.name, task]))
  const wanted = new Set<string>()
  const open = [...only]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const task = tasks.get(name)
    if (task === undefined) {
      const parts = name.split(',')
      const hint = parts.every((part) => tasks.has(part))
        ? `; write ${parts.map((part) => `--only ${part}`).join(' ')}`
        : didYouMean(name, tasks.keys())
      throw new PlimsollError('USAGE', `${show(name)} is not a task of the plan ${show(plan.name)}${hint}`)
    }
    if (wanted.has(name)) continue
    wanted.add(name)
    open.push(...task.needs)
  }
  return { ...plan, tasks: plan.tasks.filter(({ name }) => wanted.has(name)) }
}
