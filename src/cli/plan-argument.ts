import { PlimsollError } from '../errors.ts'
import { readPlan, selectTasks } from '../plan/plan.ts'
import type { Plan } from '../spine.ts'
import { durationForms, parseDuration } from '../units.ts'
import { namesInPlan } from './plan-names.ts'
import type { Call } from './words.ts'

const usualPlan = 'plimsoll.yaml'

/** The plan that a call names, with what its options change of it. */
export async function planOf(call: Call): Promise<Plan> {
  const environment = call.text('env')
  const version = call.text('version')
  const memoryBudget = call.text('memory')
  const concurrency = call.text('concurrency')
  const [file = usualPlan] = call.positionals
  // A variable that is not set in a script.
  if (environment === '') throw new PlimsollError('USAGE', '--env names no environment: it is empty')
  const plan = await readPlan(file, {
    vars: varsOf(call.texts('var')),
    ...(environment !== undefined && { environment }),
    ...(version !== undefined && { version }),
    ...(memoryBudget !== undefined && { memoryBudget }),
    ...(concurrency !== undefined && { concurrency: countOf('--concurrency', concurrency, 1_000) }),
  }).catch(async (error: unknown) => {
    throw (await meantOption(file, error)) ?? error
  })
  const only = call.texts('only')
  return only.length > 0 ? selectTasks(plan, only) : plan
}

/** Which tasks run though nothing has changed. */
export const forceOf = (call: Call): boolean | readonly string[] =>
  call.flag('force') || call.texts('force-task')

/** `deploy production` and `deploy build` are meant as options, where the usual plan has such a name. */
async function meantOption(word: string, cause: unknown): Promise<PlimsollError | undefined> {
  if (!(cause instanceof PlimsollError) || cause.code !== 'PLAN_UNREADABLE') return undefined
  for (const [key, option] of [
    ['environments', '--env'],
    ['tasks', '--only'],
  ] as const) {
    if (!(await namesInPlan(usualPlan, key)).includes(word)) continue
    const fix = `Write ${option} ${JSON.stringify(word)}: ${usualPlan} has it under "${key}"`
    return new PlimsollError('PLAN_UNREADABLE', cause.message, { cause, fix })
  }
  return undefined
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

/** An option that says how long to wait, in milliseconds; 0 without it. @throws USAGE with what was found. */
export function waitOf(call: Call, option: string): number {
  const text = call.text(option)
  const ms = text === undefined ? 0 : parseDuration(text)
  if (ms !== undefined) return ms
  throw new PlimsollError('USAGE', `--${option} is ${JSON.stringify(text)}, expected ${durationForms}`)
}

function varsOf(texts: readonly string[]): Record<string, string> {
  const vars = texts.map((text) => {
    const at = text.indexOf('=')
    if (at < 1) throw new PlimsollError('USAGE', `--var is ${JSON.stringify(text)}, expected NAME=VALUE`)
    return [text.slice(0, at), text.slice(at + 1)] as const
  })
  return Object.fromEntries(vars)
}
