/** The experts that are configured where the command runs. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { PlimsollError } from '../errors.ts'
import { ExpertManager, ExpertTally } from '../experts/experts.ts'
import { type Circle, readCircle } from '../plan/plan.ts'
import type { Call } from './words.ts'

const usualConfig = 'plimsoll.config.yaml'
const usualPlan = 'plimsoll.yaml'

/** Who is asked, what their answers took, and how what they are asked is kept. */
export type OpenCircle = AsyncDisposable & {
  readonly manager: ExpertManager
  readonly tally: ExpertTally
  readonly queries: Circle['queries']
}

/** `--config FILE`, else plimsoll.config.yaml and the plan beside it, where they are there. The config file wins. */
export async function openCircle(call: Call): Promise<OpenCircle> {
  const named = call.text('config')
  const usual = [
    { file: usualPlan, isPlan: true },
    { file: usualConfig, isPlan: false },
  ]
  const files = named === undefined ? usual.filter(({ file }) => existsSync(file)) : [namedFile(named)]
  const environment = call.text('env')
  if (environment === '') throw new PlimsollError('USAGE', '--env names no environment: it is empty')
  const wish = environment === undefined ? {} : { environment }
  const { experts, limits, queries } = await readCircle({ files, ...wish })
  const tally = new ExpertTally()
  const manager = new ExpertManager({ experts, ...limits, onAnswer: (answer) => tally.note(answer) })
  return { manager, tally, queries, [Symbol.asyncDispose]: () => manager[Symbol.asyncDispose]() }
}

/** What has tasks is a plan. */
const namedFile = (file: string) => ({ file: resolve(file), isPlan: !/\bconfig\.ya?ml$/.test(file) })

/** `--experts a,b`; undefined: all. */
export const namesIn = (call: Call): readonly string[] | undefined =>
  call
    .text('experts')
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
