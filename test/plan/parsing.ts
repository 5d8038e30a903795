import { PlanInvalidError, type PlanOptions, type Problem, parsePlan } from '../../src/plan/plan.ts'
import type { Plan, Task } from '../../src/spine.ts'

/** A plan file at /srv/shop/plimsoll.yaml, in an empty process environment. */
export const parse = (text: string, options: PlanOptions = {}): Plan =>
  parsePlan(text, { file: '/srv/shop/plimsoll.yaml', variables: {}, ...options })

/** Every problem of the text; none when it is a plan. */
export function problemsOf(text: string, options: PlanOptions = {}): readonly Problem[] {
  try {
    parse(text, options)
    return []
  } catch (error) {
    if (error instanceof PlanInvalidError) return error.problems
    throw error
  }
}

/** `line:column path: message`, one string for each problem. */
export const linesOf = (text: string, options: PlanOptions = {}): readonly string[] =>
  problemsOf(text, options).map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)

/** The task of that name in a plan with these tasks, written as YAML below `tasks:`. */
export function taskOf(tasks: string, name: string, options: PlanOptions & { head?: string } = {}): Task {
  const { head = '', ...rest } = options
  const task = parse(planText(tasks, head), rest).tasks.find((candidate) => candidate.name === name)
  if (task === undefined) throw new Error(`there is no task ${name}`)
  return task
}

export const planText = (tasks: string, head = ''): string =>
  `name: shop\n${head}\ntasks:\n${tasks
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')}\n`
