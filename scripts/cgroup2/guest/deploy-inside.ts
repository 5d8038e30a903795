/** Runs `plimsoll deploy --json` in a control group, with a plan of its own, in a folder of its own. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Report, RunMessage } from '../../../src/spine.ts'
import type { Group } from './groups.ts'
import { commandLine } from './package.ts'

/** Longer than any of these plans takes, in milliseconds, also on a busy machine. */
const longestMs = 120_000

export type Deployed = {
  readonly report: Report
  readonly messages: readonly RunMessage[]
  readonly exitCode: number
}

/** The shell joins the group and becomes the engine. */
const joinAndBecome = 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"'

export async function deployInside(group: Group, plan: string): Promise<Deployed> {
  const cwd = mkdtempSync('/tmp/plan-')
  writeFileSync(join(cwd, 'plimsoll.yaml'), plan)
  const words = [
    '-c',
    joinAndBecome,
    'sh',
    group.directory,
    process.execPath,
    commandLine,
    'deploy',
    '--json',
  ]
  const { promise, resolve } = Promise.withResolvers<{ exitCode: number; stdout: string; stderr: string }>()
  const child = execFile('/bin/sh', words, { cwd, timeout: longestMs }, (_error, stdout, stderr) =>
    resolve({ exitCode: child.exitCode ?? -1, stdout, stderr }),
  )
  const { exitCode, stdout, stderr } = await promise
  rmSync(cwd, { recursive: true })
  const messages: readonly RunMessage[] = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
  const report = messages.at(-1)
  if (report?.type !== 'report') throw new Error(`the deployment gave no report (${exitCode}): ${stderr}`)
  return { report, messages, exitCode }
}
