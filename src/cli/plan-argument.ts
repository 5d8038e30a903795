import { PlimsollError } from '../errors.ts'
import { readPlan, selectTasks } from '../plan/plan.ts'
import type { Plan } from '../spine.ts'
import type { Call } from './words.ts'

/** The plan that a call names, with what its options change of it. */
export async function planOf(call: Call): Promise<Plan> {
  const environment = call.text('env')
  const version = call.text('version')
  const memoryBudget = call.text('memory')
  const concurrency = call.text('concurrency')
  const plan = await readPlan(call.positionals[0] ?? 'plimsoll.yaml', {
    vars: varsOf(call.texts('var')),
    ...(environment !== undefined && { environment }),
    ...(version !== undefined && { version }),
    ...(memoryBudget !== undefined && { memoryBudget }),
    ...(concurrency !== undefined && { concurrency: countOf('--concurrency', concurrency, 1_000) }),
  })
  const only = call.texts('only')
  return only.length > 0 ? selectTasks(plan, only) : plan
}

/** @throws USAGE with the option, what was found, and the range. */
export function countOf(option: string, text: string, most: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= most) return count
  throw new PlimsollError(
    'USAGE',
    `${option} is ${JSON.stringify(text)}, expected a whole number from 1 to ${most}`,
  )
}

function varsOf(texts: readonly string[]): Record<string, string> {
  const vars = texts.map((text) => {
    const at = text.indexOf('=')
    if (at < 1) throw new PlimsollError('USAGE', `--var is ${JSON.stringify(text)}, expected NAME=VALUE`)
    return [text.slice(0, at), text.slice(at + 1)] as const
  })
  return Object.fromEntries(vars)
}
