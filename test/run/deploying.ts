import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DeployOptions, deploy } from '../../src/deploy.ts'
import { type PlanOptions, readPlan } from '../../src/plan/plan.ts'
import type { Report, RunMessage } from '../../src/spine.ts'

/** A directory with a plan that is deployed for real. */
export type Yard = AsyncDisposable & {
  readonly dir: string
  readonly messages: RunMessage[]
  deploy(text: string, options?: DeployOptions, plan?: PlanOptions): Promise<Report>
}

export async function openYard(): Promise<Yard> {
  const dir = await mkdtemp(join(tmpdir(), 'plimsoll-yard-'))
  const messages: RunMessage[] = []
  return {
    dir,
    messages,
    deploy: async (text, options = {}, plan = {}) => {
      const file = join(dir, 'plimsoll.yaml')
      await writeFile(file, text)
      return deploy(await readPlan(file, plan), {
        onEvent: (message) => void messages.push(message),
        ...options,
      })
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true, maxRetries: 10 }),
  }
}
