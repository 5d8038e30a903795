/** The experts that are configured where the command runs. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type ExpertAnswer, ExpertManager } from '../experts/experts.ts'
import { readCircle } from '../plan/plan.ts'
import type { Call } from './words.ts'

const usualConfig = 'plimsoll.config.yaml'
const usualPlan = 'plimsoll.yaml'

/** `--config FILE`, else plimsoll.config.yaml and the plan beside it, where they are there. The config file wins. */
export async function openCircle(
  call: Call,
  onAnswer: (answer: ExpertAnswer) => void,
): Promise<ExpertManager> {
  const named = call.text('config')
  const usual = [
    { file: usualPlan, isPlan: true },
    { file: usualConfig, isPlan: false },
  ]
  const files = named === undefined ? usual.filter(({ file }) => existsSync(file)) : [namedFile(named)]
  const { experts, limits } = await readCircle({ files })
  return new ExpertManager({ experts, ...limits, onAnswer })
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
