/** Runs commands where people run them on a machine with systemd, and says which units are there. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, globSync, mkdtempSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Report, TaskReport } from '../../../../src/spine.ts'
import { commandLine } from '../package.ts'

const userId = 1_000

/**
 * `session`: a user who has logged in, by ssh for example; the group is not theirs. `terminal`: a window of a desktop,
 * in a scope of the user's own manager. `lingering`: a service of the machine that runs as the user, who is not logged in.
 * `service`: that of the tests, as root.
 */
export type Where = 'session' | 'terminal' | 'lingering' | 'service'

const asUser = ['/bin/systemd-run', '--wait', '--pipe', '--quiet', '--collect', '--uid=user']
const inSession = [...asUser, '--property=PAMName=login', '--setenv=NODE_COMPILE_CACHE=/tmp/compiled']
const ways: Readonly<Record<Where, readonly string[]>> = {
  session: inSession,
  terminal: [...inSession, '/bin/systemd-run', '--user', '--scope', '--quiet', '--collect'],
  lingering: [...asUser, '--setenv=NODE_COMPILE_CACHE=/tmp/compiled'],
  service: [],
}

export type Ended = { readonly exitCode: number; readonly stdout: string; readonly stderr: string }

/** A shell stays in the group, as everywhere where a person types. */
function begin(where: Where, script: string): ChildProcess {
  const [command, ...words] = [...ways[where], '/bin/sh', '-c', `${script}\nexit $?`]
  return spawn(command ?? '', words, { stdio: ['ignore', 'pipe', 'pipe'] })
}

async function endOf(child: ChildProcess): Promise<Ended> {
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('its output is not read')
  const [out, error, [exitCode]] = await Promise.all([text(stdout), text(stderr), once(child, 'close')])
  return { exitCode: exitCode ?? -1, stdout: out, stderr: error }
}

const plimsoll = `${process.execPath} ${commandLine}`

export const run = (where: Where, script: string): Promise<Ended> => endOf(begin(where, script))

/** What `plimsoll memory` or `plimsoll doctor` says of the limits of tasks. */
export async function limitsSaid(where: Where, by: 'memory' | 'doctor' = 'memory'): Promise<string> {
  const { stdout, stderr } = await run(where, `cd /tmp; ${plimsoll} ${by}`)
  const said = /^(?:a task's limit is enforced by|\w+ +limits of tasks): (.*)$/m.exec(stdout)?.[1]
  if (said === undefined) throw new Error(`nothing is said of limits: ${stdout}${stderr}`)
  return said
}

export type Deployment = {
  readonly folder: string
  readonly ended: Promise<Readonly<Record<string, TaskReport>>>
}

/** `tasks`: lines of a plan. */
export function deploy(where: Where, tasks: readonly string[], words = 'deploy'): Deployment {
  const folder = mkdtempSync('/tmp/plan-')
  const lines = [
    'name: guest',
    'defaults: { retry: { attempts: 1 } }',
    'tasks:',
    ...tasks.map((task) => `  ${task}`),
  ]
  writeFileSync(join(folder, 'plimsoll.yaml'), lines.join('\n'))
  if (where !== 'service') chownSync(folder, userId, userId)
  return { folder, ended: reported(endOf(begin(where, `cd ${folder}; ${plimsoll} ${words} --json`))) }
}

/** Goes on with what was interrupted. */
export function resume(where: Where, folder: string): Deployment {
  return { folder, ended: reported(endOf(begin(where, `cd ${folder}; ${plimsoll} resume --json`))) }
}

async function reported(ended: Promise<Ended>): Deployment['ended'] {
  const { stdout, stderr, exitCode } = await ended
  const report = JSON.parse(stdout.trim().split('\n').at(-1) || 'null') as Report | null
  if (report?.type !== 'report') throw new Error(`it gave no report (${exitCode}): ${stdout}${stderr}`)
  return report.tasks
}

/** Of ours: groups of any kind, and what the managers know of. */
export async function unitsLeft(): Promise<readonly string[]> {
  const groups = globSync('/sys/fs/cgroup/**/*plimsoll-*').map((path) => basename(path))
  const list = "list-units --all --plain --no-legend 'plimsoll-*'"
  const known = await run('session', `systemctl --user ${list}; systemctl ${list}`)
  return [...groups, ...known.stdout.split('\n').filter((line) => line.includes('plimsoll-'))]
}
