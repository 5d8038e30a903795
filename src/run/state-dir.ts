import { dirname, resolve } from 'node:path'
import type { Plan } from '../spine.ts'

/** Where a plan's record is kept unless said otherwise: `.plimsoll` beside it. */
export function stateDirOf(plan: Pick<Plan, 'file'>, options: { readonly stateDir?: string }): string {
  return resolve(options.stateDir ?? resolve(dirname(plan.file), '.plimsoll'))
}
