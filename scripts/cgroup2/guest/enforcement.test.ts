import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskReport } from '../../../src/spine.ts'
import { type Deployed, deployInside, userId } from './command.ts'
import { Group, MiB } from './groups.ts'
import { memory } from './package.ts'

const inMiB = (bytes: number | null | undefined): number => Math.round((bytes ?? 0) / MiB)

/** As a task's words: takes so many MiB, one after the other, and holds them for a moment. */
const takes = (megabytes: number): string => node(`for (let i = 0; i < ${megabytes}; i++) take(); hold()`)

/** The same in 2 MiB every 20 ms: 100 MiB/s, as fast as a program that does something with what it takes. */
const grows = (megabytes: number): string =>
  node(`let i = 0; setInterval(() => (i += 2) > ${megabytes} ? hold() : (take(), take()), 20)`)

const node = (script: string): string =>
  `[node, -e, "const a = []; const take = () => a.push(Buffer.alloc(2 ** 20, 1)); ` +
  `const hold = () => setTimeout(() => process.exit(), 300); ${script}"]`

/** At most a minute, for a slow processor. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn += 1) {
    assert.ok(turn < 6_000, 'it never came')
    await sleep(10)
  }
}

const planOf = (...tasks: readonly string[]): string =>
  ['name: guest', 'defaults: { retry: { attempts: 1 } }', 'tasks:', ...tasks.map((task) => `  ${task}`)].join(
    '\n',
  )

function reportOf({ report }: Deployed, name: string): TaskReport {
  const found = report.tasks[name]
  assert.ok(found, `no report of ${name}`)
  return found
}

const peakWords = ({ peakMemoryBytes: { lower, upper } }: TaskReport): string =>
  `${inMiB(lower)} to ${inMiB(upper)} MiB`

/** Nothing of ours may be left in a group that we divided. */
const groupsLeft = ({ directory }: Group): readonly string[] =>
  readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)

test('a task over its limit is ended by its own group, at its limit, and told so', async (t) => {
  using group = new Group('limit', { 'memory.max': 600 * MiB })
  const deployed = await deployInside(group, planOf(`greedy: { exec: ${takes(300)}, memory: 120MiB }`))
  const greedy = reportOf(deployed, 'greedy')
  t.diagnostic(`${greedy.error?.code}: ${greedy.error?.message}; peak ${peakWords(greedy)}`)
  assert.equal(deployed.exitCode, 1)
  assert.equal(greedy.error?.code, 'TASK_MEMORY_EXCEEDED')
  assert.equal(greedy.enforcement, 'hard')
  assert.ok(greedy.peakMemoryBytes.lower > 100 * MiB && greedy.peakMemoryBytes.lower <= 121 * MiB)
  assert.deepEqual(groupsLeft(group), [])
})

test('a user who is not root, in a group that was handed over, gets the same', async (t) => {
  using slice = new Group('user')
  using group = slice.below('session', { 'memory.max': 600 * MiB })
  slice.giveTo(userId)
  group.giveTo(userId)
  const plan = planOf(`greedy: { exec: ${takes(300)}, memory: 120MiB }`)
  const greedy = reportOf(await deployInside(group, plan, 'user'), 'greedy')
  t.diagnostic(`${greedy.enforcement}, ${greedy.error?.code}: ${greedy.error?.message}`)
  assert.equal(greedy.error?.code, 'TASK_MEMORY_EXCEEDED')
  assert.equal(greedy.enforcement, 'hard')
  assert.deepEqual(groupsLeft(group), [])
})

test('in a container, where no group can be made, the watchdog stops it, and is named', async (t) => {
  using group = new Group('container', { 'memory.max': 600 * MiB })
  const plan = planOf(`greedy: { exec: ${takes(300)}, memory: 120MiB }`)
  const greedy = reportOf(await deployInside(group, plan, 'container'), 'greedy')
  t.diagnostic(`${greedy.enforcement}, ${greedy.error?.code}: ${greedy.error?.message}`)
  assert.equal(greedy.error?.code, 'TASK_MEMORY_EXCEEDED')
  assert.equal(greedy.enforcement, 'watchdog')
  assert.equal(group.number('memory.events', 'oom_kill'), 0)
})

test('a kill from outside of the group of the task is told apart', async (t) => {
  using group = new Group('outside', { 'memory.max': 250 * MiB, 'memory.oom.group': 0 })
  const plan = planOf(`innocent: { exec: ${takes(400)}, memory: { limit: 1GiB, expect: 40MiB } }`)
  const deployed = await deployInside(group, plan)
  const innocent = reportOf(deployed, 'innocent')
  t.diagnostic(`${innocent.error?.code}: ${innocent.error?.message}`)
  assert.equal(innocent.error?.code, 'TASK_KILLED_BY_KERNEL')
  assert.equal(innocent.enforcement, 'hard')
  assert.ok(group.number('memory.events', 'oom_kill') > 0)
  assert.deepEqual(groupsLeft(group), [])
})

test('the peak of a task is known within a bracket, without the files that it read', async (t) => {
  using group = new Group('peak', { 'memory.max': 700 * MiB })
  const deployed = await deployInside(
    group,
    planOf(
      `none: { exec: ${takes(0)} }`,
      `hundred: { needs: [none], exec: ${takes(100)} }`,
      `files: { needs: [hundred], run: "dd if=/dev/nvme0n1 of=/dev/null bs=1M count=200" }`,
    ),
  )
  const [none, hundred, files] = ['none', 'hundred', 'files'].map((name) => reportOf(deployed, name))
  assert.ok(none && hundred && files)
  t.diagnostic(`nothing ${peakWords(none)}; 100 MiB more ${peakWords(hundred)}; files ${peakWords(files)}`)
  assert.equal(deployed.exitCode, 0)
  const { lower, upper } = hundred.peakMemoryBytes
  const ownBytes = none.peakMemoryBytes.upper ?? 0
  assert.ok(lower >= 100 * MiB && upper !== null && upper >= lower && upper < 120 * MiB + ownBytes)
  assert.ok(files.peakMemoryBytes.lower < 50 * MiB)
})

test('what left its parent, its session and its environment is stopped with its task', async (t) => {
  using group = new Group('leftovers')
  const lost = "setsid env -i /bin/setsid /bin/sh -c 'exec /bin/sleep 1000' >/dev/null 2>&1 &"
  const deployed = await deployInside(group, planOf(`lost: { run: "${lost} sleep 1" }`))
  assert.equal(reportOf(deployed, 'lost').status, 'succeeded')
  const ended = deployed.messages.find((message) => message.type === 'attempt-ended')
  assert.ok(ended?.type === 'attempt-ended')
  t.diagnostic(`leftovers: ${ended.result.leftovers.join(', ')}`)
  assert.ok(ended.result.leftovers.length > 0)
  assert.equal(group.text('cgroup.events').includes('populated 0'), true)
  assert.deepEqual(groupsLeft(group), [])
})

test('what is suspended takes no more memory, and goes on when it is resumed', async (t) => {
  using group = new Group('suspended')
  using suspender = new memory.Suspender()
  const grow = 'const a = []; setInterval(() => a.push(Buffer.alloc(2 ** 20, 1)), 20)'
  const child = spawn(process.execPath, ['-e', grow], { detached: true, stdio: 'ignore' })
  const pid = child.pid ?? 0
  group.add(child)
  const growth = async (): Promise<number> => {
    const before = group.number('memory.current')
    await sleep(1_500)
    return inMiB(group.number('memory.current') - before)
  }
  // More than Node.js itself takes: it grows by now.
  await until(() => group.number('memory.current') > 80 * MiB)
  const running = await growth()
  suspender.suspend(pid, () => [])
  await until(() => /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')))
  const suspended = await growth()
  suspender.resume(pid)
  const resumed = await growth()
  child.kill('SIGKILL')
  await once(child, 'exit')
  t.diagnostic(`grew by ${running} MiB, suspended by ${suspended} MiB, resumed by ${resumed} MiB`)
  assert.ok(running > 3 && resumed > 3)
  assert.ok(suspended <= 1)
})

const names = ['one', 'two', 'three', 'four', 'five']

/** Five at once would need half as much again as the group has, beside the engine. */
function fiveOf(expect: string, attempts: number, uses = grows): string {
  const task = `{ exec: ${uses(70)}, retry: { attempts: ${attempts} }, memory: { limit: 1GiB, expect: ${expect} } }`
  return planOf(...names.map((name) => `${name}: ${task}`))
}

function summary({ report }: Deployed, group: Group): string {
  const sum = (of: (task: TaskReport) => number): number =>
    Object.values(report.tasks).reduce((total, task) => total + of(task), 0)
  return (
    `${report.durationMs} ms, peak of the group ${inMiB(group.number('memory.peak'))} MiB, ` +
    `waited for memory ${sum((task) => task.waitReasons.memory ?? 0)} ms, ` +
    `suspended ${sum((task) => task.suspendedMs)} ms, requeued ${sum((task) => task.requeues)} times, ` +
    `${sum((task) => task.attempts)} attempts, slowed ${group.number('memory.events', 'high')} times, ` +
    `kills by the kernel ${group.number('memory.events', 'oom_kill')}, ` +
    `enforced ${names.map((name) => report.tasks[name]?.enforcement)}`
  )
}

const endings = ({ report }: Deployed): readonly string[] =>
  names.map((name) => report.tasks[name]?.error?.code ?? report.tasks[name]?.status ?? 'no report')

test('greedy tasks that declare what they need end in 300 MiB without one kill by the kernel', async (t) => {
  using group = new Group('greedy', { 'memory.max': 300 * MiB })
  const deployed = await deployInside(group, fiveOf('90MiB', 1))
  t.diagnostic(summary(deployed, group))
  assert.deepEqual(
    endings(deployed),
    names.map(() => 'succeeded'),
  )
  assert.equal(group.number('memory.events', 'oom_kill'), 0)
  // What fits is not slowed.
  assert.equal(group.number('memory.events', 'high'), 0)
})

/** The tasks hold their memory for a moment, so a slow processor lets all five come to it together. */
for (const [index, takesThem] of [takes, grows, grows].entries())
  test(`greedy tasks that declare far too little end in 300 MiB without one kill by the kernel, ${takesThem === takes ? 'fast' : 'at 100 MiB/s'}, round ${index + 1}`, async (t) => {
    using group = new Group('liars', { 'memory.max': 300 * MiB })
    const deployed = await deployInside(group, fiveOf('10MiB', 1, takesThem))
    t.diagnostic(summary(deployed, group))
    assert.deepEqual(
      endings(deployed),
      names.map(() => 'succeeded'),
    )
    assert.equal(group.number('memory.events', 'oom_kill'), 0)
    assert.deepEqual(groupsLeft(group), [])
  })
