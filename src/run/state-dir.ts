import { existsSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { makeDirectory } from '../directories.ts'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import type { Plan } from '../spine.ts'

/** Where a plan's record is kept unless said otherwise: `.plimsoll` beside it. */
export function stateDirOf(plan: Pick<Plan, 'file'>, options: { readonly stateDir?: string }): string {
  return resolve(options.stateDir ?? resolve(dirname(plan.file), '.plimsoll'))
}

/** Where the logs of a run are, and what is kept while it runs. */
export function runDirOf(stateDir: string, runId: string): string {
  return join(stateDir, 'runs', runId)
}

/** Makes the directory of a run's logs. @throws STATE_FULL or STATE_UNWRITABLE. */
export function makeRunDir(stateDir: string, runId: string): void {
  const dir = runDirOf(stateDir, runId)
  try {
    makeDirectory(dir)
  } catch (cause) {
    const code = systemCodeOf(cause) === 'ENOSPC' ? 'STATE_FULL' : 'STATE_UNWRITABLE'
    throw new PlimsollError(code, `the directory ${dir} could not be made (${systemCodeOf(cause)})`, {
      cause,
    })
  }
}

/** An engine that was killed while it tidied up has left files of attempts whose end is recorded; logs stay. */
export function removeLeftFiles(stateDir: string, runId: string, open: ReadonlySet<number>): void {
  const dir = runDirOf(stateDir, runId)
  for (const name of existsSync(dir) ? readdirSync(dir) : []) {
    const [, number, ending] = /^(\d{1,9})\.(.+)$/.exec(name) ?? []
    if (number === undefined || ending === 'log' || open.has(Number(number))) continue
    rmSync(join(dir, name), { recursive: true, force: true })
  }
}
