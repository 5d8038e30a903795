/** Runs the command line of the built package inside a control group, as different places have it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Report, RunMessage } from '../../../src/spine.ts'
import type { Group } from './groups.ts'
import { commandLine } from './package.ts'

/** Longer than anything here takes, in milliseconds, also on a busy machine. */
const longestMs = 240_000

/** Waits to be put into the group before it becomes the command. */
const wait = ['/bin/sh', '-c', 'read -r _ && exec "$@"', 'sh'] as const

/**
 * `container`: a namespace of its own whose top is the group, and control groups that cannot be written, as Docker
 * does without options. `user`: not root, as on a desktop with systemd.
 */
export type Where = 'group' | 'container' | 'user'

const asContainer = [
  ...['/bin/unshare', '--cgroup', '--mount', '/bin/sh', '-c'],
  'umount /sys/fs/cgroup && mount -t cgroup2 -o ro cgroup2 /sys/fs/cgroup && exec "$@"',
  'sh',
]

export const userId = 1_000

type Ended = { readonly exitCode: number; readonly stdout: string; readonly stderr: string }

export async function plimsollInside(
  group: Group,
  words: readonly string[],
  { where = 'group', plan = null }: { where?: Where; plan?: string | null } = {},
): Promise<Ended> {
  const cwd = mkdtempSync('/tmp/folder-')
  if (plan !== null) writeFileSync(join(cwd, 'plimsoll.yaml'), plan)
  if (where === 'user') chownSync(cwd, userId, userId)
  const [shell, ...rest] = [
    ...wait,
    ...(where === 'container' ? asContainer : []),
    ...[process.execPath, commandLine, ...words],
  ]
  const child = spawn(shell, rest, {
    cwd,
    timeout: longestMs,
    ...(where === 'user' && { uid: userId, gid: userId }),
  })
  group.add(child)
  child.stdin.end('\n')
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  rmSync(cwd, { recursive: true })
  return { exitCode: exitCode ?? -1, stdout, stderr }
}

export type Deployed = {
  readonly report: Report
  readonly messages: readonly RunMessage[]
  readonly exitCode: number
}

export async function deployInside(group: Group, plan: string, where: Where = 'group'): Promise<Deployed> {
  const { exitCode, stdout, stderr } = await plimsollInside(group, ['deploy', '--json'], { where, plan })
  const lines = stdout.split('\n').filter((line) => line !== '')
  const messages: readonly RunMessage[] = lines.map((line) => JSON.parse(line))
  const report = messages.at(-1)
  if (report?.type !== 'report') throw new Error(`the deployment gave no report (${exitCode}): ${stderr}`)
  return { report, messages, exitCode }
}
