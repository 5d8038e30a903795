import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Suspender } from '../../src/memory/memory.ts'
import { readProcessStat } from '../../src/memory/process-stat.ts'

const onLinux = { skip: process.platform === 'linux' ? false : 'needs /proc' }

/** Leads a group of its own, as a task does. */
function start(test: TestContext): number {
  const child: ChildProcess = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
  test.after(() => child.kill('SIGKILL'))
  return child.pid ?? 0
}

const found = (pid: number) => {
  const stat = readProcessStat('/', pid)
  assert.ok(stat)
  return { ...stat, pid }
}

const isStopped = (pid: number): boolean => readProcessStat('/', pid)?.state === 'T'

/** At most a minute. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn += 1) {
    assert.ok(turn < 6_000, 'it never came')
    await sleep(10)
  }
}

const children = (): readonly number[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

test(
  'what is outside of the group is stopped too, also what comes while it is looked for',
  onLinux,
  async (t) => {
    using suspender = new Suspender()
    const [leader, outside, late] = [start(t), start(t), start(t)]
    const looks = [[found(outside)], [found(outside), found(late)]]
    suspender.suspend(leader, () => looks.shift() ?? [])
    await until(() => [leader, outside, late].every(isStopped))
    suspender.resume(leader)
    await until(() => ![leader, outside, late].some(isStopped))
  },
)

test(
  'giving the suspender back lets go on what is still stopped, and ends its helper',
  onLinux,
  async (t) => {
    const before = children()
    const task = start(t)
    const suspender = new Suspender()
    suspender.suspend(task, () => [])
    await until(() => isStopped(task))
    const helpers = children().filter((pid) => pid !== task && !before.includes(pid))
    assert.equal(helpers.length, 1)
    suspender[Symbol.dispose]()
    await until(() => !isStopped(task))
    await until(() => !children().some((pid) => helpers.includes(pid)))
  },
)

test(
  'a helper that is killed while nothing is stopped is not missed until it is needed',
  onLinux,
  async (t) => {
    using suspender = new Suspender()
    const before = children()
    const task = start(t)
    const helpers = (): readonly number[] => children().filter((pid) => pid !== task && !before.includes(pid))
    suspender.suspend(task, () => [])
    suspender.resume(task)
    await until(() => !isStopped(task))
    process.kill(helpers()[0] ?? 0, 'SIGKILL')
    await until(() => helpers().length === 0)
    suspender.suspend(task, () => [])
    await until(() => isStopped(task))
    assert.equal(helpers().length, 1)
  },
)

/** As if its process had ended and another had got its number. */
const mistaken = (pid: number) => ({ ...found(pid), startTicks: 1 })

test('what has the number of a stopped process, and is another one, is not continued', onLinux, async (t) => {
  using suspender = new Suspender()
  const [leader, other] = [start(t), start(t)]
  suspender.suspend(leader, () => [mistaken(other)])
  await until(() => [leader, other].every(isStopped))
  suspender.resume(leader)
  await until(() => !isStopped(leader))
  assert.ok(isStopped(other))
})

/** Another process that suspends both, and takes `other` for one that it is not; `helper` is the next that knows of them. */
async function suspending(t: TestContext, leader: number, other: number) {
  const engine = spawn(
    process.execPath,
    [new URL('./suspending.ts', import.meta.url).pathname, String(leader), String(other)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  t.after(() => engine.kill('SIGKILL'))
  const lines = createInterface({ input: engine.stdout })[Symbol.asyncIterator]()
  const helper = async (): Promise<number> => Number((await lines.next()).value)
  const first = await helper()
  await until(() => [leader, other].every(isStopped))
  return { engine, first, helper }
}

test(
  'a helper that is killed is replaced at once: what is stopped goes on when the engine is killed then',
  onLinux,
  async (t) => {
    const [leader, other] = [start(t), start(t)]
    const { engine, first, helper } = await suspending(t, leader, other)
    let last = first
    for (let turn = 0; turn < 3; turn += 1) {
      process.kill(last, 'SIGKILL')
      last = await helper()
    }
    assert.ok(isStopped(leader))
    engine.kill('SIGKILL')
    await until(() => !isStopped(leader))
  },
)

test('nor is it when the engine was killed; what was stopped goes on then', onLinux, async (t) => {
  const [leader, other] = [start(t), start(t)]
  const { engine } = await suspending(t, leader, other)
  engine.kill('SIGKILL')
  await until(() => !isStopped(leader))
  assert.ok(isStopped(other))
})
