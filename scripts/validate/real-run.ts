import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deploy } from '../../src/deploy.ts'
import { readPlan } from '../../src/plan/plan.ts'
import type { Report, RunMessage } from '../../src/spine.ts'

export type RealRun = {
  readonly report: Report
  readonly messages: readonly RunMessage[]
  readonly folder: string
}

/** Deploys a plan in a folder of its own, which is gone afterwards. */
export async function realRun<T>(plan: string, look: (run: RealRun) => T | Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-validate-'))
  try {
    const file = join(folder, 'plimsoll.yaml')
    await writeFile(file, plan)
    // As many as the few tasks of an exercise tell.
    const messages: RunMessage[] = []
    const onEvent = (message: RunMessage): void => {
      messages.push(message)
    }
    const report = await deploy(await readPlan(file), { onEvent })
    return await look({ report, messages, folder })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A process that uses this much memory, in MiB, until it is let go. */
export type Ballast = AsyncDisposable & { readonly pid: number }

export async function takeMemory(mebibytes: number): Promise<Ballast> {
  const program = `const held = Buffer.alloc(${mebibytes} * 2 ** 20, 1); console.log(held.length); process.stdin.resume()`
  const child = spawn(process.execPath, ['--eval', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return {
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** The words of a Node.js program for `exec` in a plan: JSON is YAML. */
export function execProgram(program: string): string {
  return JSON.stringify([process.execPath, '--eval', program.replaceAll('${', () => '$${')])
}

/** A zombie is not alive: it has ended, and only its parent has not asked yet. */
export function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return /^[^Z\s]/.test(stdout)
}
