import type { Task } from '../spine.ts'

/** Each after all that it needs. */
export function inOrder(tasks: readonly Task[]): readonly Task[] {
  const ordered = new Set<Task>()
  const byName = new Map(tasks.map((task) => [task.name, task]))
  for (const task of tasks) {
    const open = [task]
    for (let next = open.at(-1); next !== undefined; next = open.at(-1)) {
      const needs = next.needs.flatMap((need) => byName.get(need) ?? []).filter((one) => !ordered.has(one))
      if (needs.length > 0) open.push(...needs)
      else ordered.add(open.pop() ?? next)
    }
  }
  return [...ordered]
}
