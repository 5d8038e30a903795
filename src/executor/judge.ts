import { messageOf } from '../errors.ts'
import type { Decision, Ended } from './words.ts'

export const toRun: Decision = { action: 'run' }

/** What becomes of a task without a rule of its own: it runs when all that it needs succeeded or was skipped. */
export function judge(needs: readonly string[], ended: ReadonlyMap<string, Ended>): Decision {
  const missing = needs.find((need) => !isGood(ended.get(need)))
  if (missing === undefined) return toRun
  return { action: 'cancel', because: becauseOf(missing, ended.get(missing)) }
}

export function isGood(ended: Ended | undefined): boolean {
  return ended?.status === 'succeeded' || ended?.status === 'skipped'
}

function becauseOf(need: string, ended: Ended | undefined): string {
  return `it needs "${need}", which ${ended?.status === 'cancelled' ? 'was cancelled' : 'failed'}`
}

/** What becomes of a task whose own rule could not say it. */
export const refusalOf = (error: unknown): Decision => ({
  action: 'cancel',
  because: `it could not be decided: ${messageOf(error)}`,
})
