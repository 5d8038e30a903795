/** Tasks that grow near the limit are slowed by the kernel until the guard has acted. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { totalmem, uptime } from 'node:os'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Group, MiB } from './groups.ts'
import { memory } from './package.ts'

const inMiB = (bytes: number): number => Math.round(bytes / MiB)
const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms: number) => sleep(ms),
  uptime: () => uptime() * 1_000,
  every: () => ({ [Symbol.dispose]: () => undefined }),
}

/** Of the only engine that there is: this process, which is in the real root. */
const highNow = (): string => {
  const [file = ''] = globSync('/sys/fs/cgroup/plimsoll-*/memory.high')
  return readFileSync(file, 'utf8').trim()
}

/** The value is written by another thread; at most a minute, for a slow processor. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn += 1) {
    assert.ok(turn < 6_000, 'it never came')
    await sleep(10)
  }
}

test('tasks together are slowed a little below the limit, one task alone is not', async (t) => {
  using monitor = new memory.MemoryMonitor()
  using groups = new memory.TaskGroups({ clock, monitor })
  await using first = groups.create(64 * MiB)
  assert.ok(first)
  await sleep(50)
  assert.equal(highNow(), 'max')
  const second = groups.create(64 * MiB)
  assert.ok(second)
  await until(() => highNow() !== 'max')
  const { limitRoomBytes } = monitor.read()
  t.diagnostic(`slowed from ${inMiB(Number(highNow()))} MiB, ${inMiB(limitRoomBytes)} MiB are left`)
  assert.ok(Math.abs(limitRoomBytes - Number(highNow()) - 0.06 * totalmem()) < 20 * MiB)
  // Our own memory is taken from what is left for tasks, and given back.
  const before = Number(highNow())
  let held: Buffer | null = Buffer.alloc(100 * MiB, 1)
  await until(() => monitor.read() && Number(highNow()) < before - 80 * MiB)
  held = null
  assert.equal(held, null)
  globalThis.gc?.()
  await second[Symbol.asyncDispose]()
  await until(() => monitor.read() && highNow() === 'max')
})

/** Takes 1 MiB every 5 ms. */
function grower(group: Group): ChildProcess {
  const script = 'const a = []; setInterval(() => a.push(Buffer.alloc(2 ** 20, 1)), 5)'
  const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' })
  group.add(child)
  return child
}

const stateOf = (pid = 0): string => /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? ''

test('what the kernel slows takes next to nothing more, can be stopped, and is killed at once', async (t) => {
  using group = new Group('slowed', { 'memory.high': 100 * MiB })
  const child = grower(group)
  await until(() => group.number('memory.current') > 106 * MiB)
  const slowed = group.number('memory.current')
  await sleep(1_000)
  const after = group.number('memory.current')
  const stopped = performance.now()
  child.kill('SIGSTOP')
  await until(() => stateOf(child.pid) === 'T')
  const stopMs = Math.round(performance.now() - stopped)
  const held = group.number('memory.current')
  await sleep(500)
  const growth = group.number('memory.current') - held
  child.kill('SIGCONT')
  await sleep(300)
  const state = stateOf(child.pid)
  const killed = performance.now()
  child.kill('SIGKILL')
  await once(child, 'exit')
  const endMs = Math.round(performance.now() - killed)
  t.diagnostic(
    `grew by ${inMiB(after - slowed)} MiB in 1 s; stopped after ${stopMs} ms, grew by ${inMiB(growth)} MiB then; ` +
      `killed in state ${state}, ended after ${endMs} ms`,
  )
  assert.ok(after - slowed < 12 * MiB)
  assert.ok(growth < MiB)
  assert.equal(group.number('memory.events', 'oom_kill'), 0)
})
