import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Report } from '../../src/spine.ts'
import { Folder, jsonLines } from './plimsoll.ts'
import { growing, reasonToSkip, SmallMachine } from './small-machine.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f']

/** Tasks that grow within so many seconds each. False if the kernel killed one: the engine did not get its turn in time. */
async function isWeathered(seconds: number): Promise<boolean> {
  using folder = new Folder()
  using machine = new SmallMachine(450 * 2 ** 20)
  folder.write('growing.mjs', growing)
  const grow = `exec: [node, growing.mjs, "110", "1", "${seconds}"]`
  const tasks = names.map((name) => `  ${name}: { ${grow}, retry: { attempts: 1 } }`)
  folder.write('plimsoll.yaml', `name: storm\ntasks:\n${tasks.join('\n')}\n`)

  const first = await machine.plimsoll(folder, ['deploy', '--json'])
  if (machine.kernelKills > 0 || first.stdout.includes('TASK_KILLED_BY_KERNEL')) return false
  const events = jsonLines(first.stdout)
  const report = events.at(-1) as unknown as Report
  assert.equal(first.code, 0)
  assert.deepEqual(
    Object.values(report.tasks).map(({ status }) => status),
    names.map(() => 'succeeded'),
  )
  const held = events.filter(({ type }) => type === 'task-guarded' || type === 'task-waiting')
  assert.ok(held.length > 0, 'nothing was held back: the test does not show anything')

  const second = await machine.plimsoll(folder, ['deploy', '--json'])
  const again = jsonLines(second.stdout).at(-1) as unknown as Report
  assert.equal(second.code, 0)
  assert.equal(machine.kernelKills, 0)
  for (const { estimate } of Object.values(again.tasks)) {
    assert.equal(estimate?.source, 'history')
    assert.ok((estimate?.bytes ?? 0) > 110 * 2 ** 20)
  }
  return true
}

/** A second where the machine is ours; where others keep the engine waiting for that long, tasks that are as slow. */
const paces = [1, 1, 4, 16]

test('tasks that together need twice what there is all succeed, without one kernel kill, and the next run knows them', {
  skip: reasonToSkip(),
}, async () => {
  const killed: number[] = []
  for (const seconds of paces) {
    if (await isWeathered(seconds)) return
    killed.push(seconds)
  }
  assert.fail(`the kernel killed a task that grew within ${killed.join(', ')} s`)
})

test('what a plan shows keeps the same memory for the engine as the run does', {
  skip: reasonToSkip(),
}, async () => {
  using folder = new Folder()
  // 382 MiB below the line: both would fit beside the engine as it is now, but not beside what it may grow to.
  using machine = new SmallMachine(450 * 2 ** 20)
  const task = '{ run: "true", memory: { expect: 170MiB, limit: 1GiB } }'
  folder.write('plimsoll.yaml', `name: two\ntasks:\n  a: ${task}\n  b: ${task}\n`)
  const { stdout } = await machine.plimsoll(folder, ['plan', '--json'])
  assert.equal(jsonLines(stdout).at(-1)?.peakMemoryBytes, 170 * 2 ** 20)
  const { stdout: run } = await machine.plimsoll(folder, ['deploy', '--json'])
  assert.ok(jsonLines(run).some(({ type, reason }) => type === 'task-waiting' && reason === 'memory'))
})

/** Twenty processes of 20 MiB, each less than an engine, in an instant; fails as soon as one of them does. */
const many = `
for (1 .. 20) { fork or do { my $held = 'x' x (20 * 2 ** 20); sleep 20; exit } }
while (wait > 0) { exit 1 if $? }
`

test('where the kernel must end a process it is one of a task, and the engine tells of it', {
  skip: reasonToSkip(),
}, async () => {
  using folder = new Folder()
  using machine = new SmallMachine(300 * 2 ** 20)
  folder.write('many.pl', many)
  folder.write(
    'plimsoll.yaml',
    'name: crowd\ntasks:\n  crowd: { exec: [perl, many.pl], retry: { attempts: 1 }, memory: { expect: 10MiB, limit: 1GiB } }\n',
  )
  const { code, stdout } = await machine.plimsoll(folder, ['deploy', '--json'])
  const report = jsonLines(stdout).at(-1) as unknown as Report
  assert.equal(code, 1)
  assert.equal(report.tasks.crowd?.error?.code, 'TASK_KILLED_BY_KERNEL')
})
