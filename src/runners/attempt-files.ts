import { lstatSync } from 'node:fs'
import { rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { AttemptFiles } from './words.ts'

/** Where an attempt with this log (relative to the state directory) keeps its files. */
export function attemptFiles(stateDir: string, log: string): AttemptFiles {
  const base = join(stateDir, log.replace(/\.log$/, ''))
  const file = (ending: string): string => `${base}.${ending}`
  return {
    log: file('log'),
    spool: file('spool'),
    exit: file('exit'),
    begun: file('exit.new'),
    evicted: file('evicted'),
    scope: file('scope'),
    outputs: file('out'),
    request: file('request'),
  }
}

/** All but the log, once the end of the attempt is recorded: until then an engine that goes on needs them. */
export async function removeFiles({
  spool,
  exit,
  begun,
  evicted,
  scope,
  outputs,
  request,
}: AttemptFiles): Promise<void> {
  const answer = `${request}.answer`
  for (const file of [spool, exit, begun, evicted, scope, outputs, request, answer, `${answer}.new`]) {
    await remove(file).catch(() => undefined)
  }
}

/** Most of them were never made, which `rm` finds out in several turns through the threads of Node.js. */
async function remove(file: string): Promise<void> {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found?.isDirectory()) await rm(file, { recursive: true, force: true })
  else if (found) await unlink(file)
}
