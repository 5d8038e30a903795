/** Where the groups of tasks are made, and that nothing is left of them there. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Report, TaskReport } from '../../../src/index.ts'
import { Group, MiB } from './groups.ts'
import { commandLine } from './package.ts'

/** Doubles a text until it is stopped; a shell is small enough to be quick under emulation. */
const grow = 'a=x; while :; do a=$a$a; done'
const works = {
  small: 'echo small',
  greedy: grow,
  child: `sh -c '${grow}'; true`,
  cached: 'dd if=/dev/nvme0n1 of=/dev/null bs=1M count=150',
}
type Name = keyof typeof works

const planOf = (names: readonly Name[]): string =>
  `name: guest\ntasks:\n${names.map((name) => `  ${name}: { run: ${JSON.stringify(works[name])}, memory: 64MiB }\n`).join('')}`

type Deployed = { readonly tasks: Readonly<Record<string, TaskReport>>; readonly stderr: string }

/** Runs the plan with the command line, in a group where one is given; with `stays` a shell waits for it there. */
function deploy(names: readonly Name[], group?: Group, stays = false): Deployed {
  const folder = mkdtempSync('/tmp/plan-')
  writeFileSync(join(folder, 'plimsoll.yaml'), planOf(names))
  const enter = group ? `echo 0 >${group.directory}/cgroup.procs; ` : ''
  // A shell that waits for the engine is a stranger in its group.
  const line = `${enter}cd ${folder}; ${stays ? '"$@"; exit $?' : 'exec "$@"'}`
  const words = ['-c', line, 'sh', process.execPath, commandLine, 'deploy', '--json']
  const { stdout, stderr } = spawnSync('/bin/sh', words, { encoding: 'utf8' })
  const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Report
  assert.equal(report.type, 'report', `${stdout}${stderr}`)
  return { tasks: report.tasks, stderr }
}

function checkHard({ tasks }: Deployed): void {
  for (const [name, task] of Object.entries(tasks)) {
    if (name === 'greedy' || name === 'child') {
      assert.equal(task.error?.code, 'TASK_MEMORY_EXCEEDED')
      assert.match(task.error.message, /its limit is 64 MiB, and the kernel killed a process of it$/)
    } else assert.equal(task.status, 'succeeded', name)
  }
  for (const task of Object.values(tasks)) assert.equal(task.enforcement, 'hard')
  const { lower, upper } = tasks.greedy?.peakMemoryBytes ?? { lower: 0, upper: null }
  assert.ok(lower > 40 * MiB && upper !== null && upper <= 65 * MiB, `${lower} to ${upper}`)
}

const groupsIn = (directory: string): readonly string[] =>
  readdirSync(directory).filter((name) => name.startsWith('plimsoll-'))

test('at the real root each task gets a group, and none is left', () => {
  checkHard(deploy(['small', 'greedy', 'child', 'cached']))
  assert.deepEqual(groupsIn('/sys/fs/cgroup'), [])
})

test('alone in a group with a limit, the engine moves aside, divides it, and puts everything back', () => {
  using box = new Group('box', { 'memory.max': 600 * MiB })
  checkHard(deploy(['small', 'greedy'], box))
  assert.deepEqual(groupsIn(box.directory), [])
  assert.equal(box.text('cgroup.subtree_control'), '')
})

test('with a stranger in a group that has a limit, tasks are watched, and the reason is told', () => {
  using box = new Group('shared', { 'memory.max': 600 * MiB })
  const { tasks } = deploy(['small', 'greedy'], box, true)
  assert.equal(tasks.small?.enforcement, 'watchdog')
  assert.equal(tasks.greedy?.error?.code, 'TASK_MEMORY_EXCEEDED')
  assert.match(tasks.greedy?.error?.message ?? '', /and was stopped$/)
  const line = `echo 0 >${box.directory}/cgroup.procs; "$@"; exit $?`
  const words = ['-c', line, 'sh', process.execPath, commandLine, 'memory']
  const { stdout } = spawnSync('/bin/sh', words, { encoding: 'utf8' })
  assert.match(stdout, /watchdog: .*may not leave \/sys\/fs\/cgroup\/shared, which has a limit/)
})

test('a group without a limit is left for one around it that hands memory on', () => {
  using outer = new Group('outer', { 'memory.max': 700 * MiB })
  using inner = outer.below('inner')
  checkHard(deploy(['greedy'], inner, true))
  assert.deepEqual(groupsIn(outer.directory), [])
})
