import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasEnded, readProcessStat } from '../../src/memory/process-stat.ts'
import type { TaskRun } from '../../src/runners/runners.ts'
import type { TaskControl } from '../../src/spine.ts'
import { until } from '../pool/pools.ts'
import { hasExitRecord } from './exit-record.ts'
import { counting, countsIn, openBench, pidsIn, shell } from './run-task.ts'

const isGone = (pid: number): boolean => {
  const stat = readProcessStat('/', pid)
  return stat === undefined || hasEnded(stat)
}

/** The control of the attempt that runs at this moment, as the guard would hold it. */
function guarded(): { readonly parts: Partial<TaskRun>; control: TaskControl | null; told: number } {
  const guard = {
    control: null as TaskControl | null,
    told: 0,
    parts: {
      onControl: (control: TaskControl | null) => {
        guard.control = control
        guard.told += 1
      },
    },
  }
  return guard
}

async function controlOf(guard: { readonly control: TaskControl | null }): Promise<TaskControl> {
  await until(() => guard.control !== null)
  assert.ok(guard.control)
  return guard.control
}

const isStopped = (pid: number): boolean => readProcessStat('/', pid)?.state === 'T'
const allCount = (dir: string, above: readonly number[]): boolean =>
  countsIn(dir).every((count, index) => count > (above[index] ?? 0))

test('no process of a suspended attempt moves, and it goes on to its end when it is resumed', async () => {
  await using bench = await openBench()
  const guard = guarded()
  const running = bench.run(shell(`${counting()}; wait`), {}, guard.parts)
  const control = await controlOf(guard)
  await until(() => allCount(bench.dir, [2, 2, 2, 2]))
  control.suspend()
  control.suspend()
  await until(() => pidsIn(bench.dir).every(isStopped))
  const before = countsIn(bench.dir)
  await sleep(300)
  assert.deepEqual(countsIn(bench.dir), before)
  control.resume()
  await until(() => allCount(bench.dir, before))
  writeFileSync(join(bench.dir, 'go'), '')
  const { report } = await running
  assert.equal(report.status, 'succeeded')
  assert.ok(report.suspendedMs >= 290, `${report.suspendedMs}`)
  assert.equal(guard.control, null)
  assert.equal(guard.told, 2)
})

test('the control reads memory freshly and tells it on; after the end every call is harmless', async () => {
  await using bench = await openBench()
  const guard = guarded()
  const heard: number[] = []
  const observe = (bytes: number): void => void heard.push(bytes)
  const held = shell('for i in $(seq 1200); do [ -e go ] && break; sleep 0.05; done')
  const running = bench.run(held, {}, { ...guard.parts, observe })
  const control = await controlOf(guard)
  const bytes = control.currentBytes()
  assert.ok(bytes > 0)
  assert.equal(heard.at(-1), bytes)
  writeFileSync(join(bench.dir, 'go'), '')
  assert.equal((await running).report.status, 'succeeded')
  control.suspend()
  control.resume()
  control.evict('too late')
  assert.equal(control.currentBytes(), 0)
})

test('an evicted attempt ends at once, suspended or not, and is not attempted again', async () => {
  for (const isSuspended of [true, false]) {
    await using bench = await openBench()
    const guard = guarded()
    const retry = { maxAttempts: 3, strategy: 'fixed', minDelayMs: 0, maxDelayMs: 0 } as const
    const stubborn = 'trap "" TERM; setsid sh -c "trap \\"\\" TERM; sleep 1000" & sleep 1000; wait'
    const running = bench.run(shell(stubborn), { retry }, guard.parts)
    const control = await controlOf(guard)
    if (isSuspended) control.suspend()
    control.evict('the machine is out of memory')
    const { report } = await running
    assert.equal(report.status, 'cancelled')
    // It does not count: another one is not used up by it.
    assert.equal(report.attempts, 0)
    assert.equal(bench.events.filter(({ type }) => type === 'attempt-opened').length, 1)
    assert.equal(report.error?.code, 'TASK_REQUEUED')
    assert.match(report.error?.message ?? '', /the machine is out of memory/)
    const opened = bench.events.find((event) => event.type === 'attempt-opened')
    assert.ok(opened?.type === 'attempt-opened')
    assert.deepEqual(bench.finder.findByToken(opened.token), [])
  }
})

test('a suspended attempt can be interrupted, and cleans up first', async () => {
  await using bench = await openBench()
  const guard = guarded()
  const gentle = new AbortController()
  const work = shell('trap "echo bye >bye; exit 3" TERM; echo up >up; while :; do sleep 0.02; done')
  const running = bench.run(work, {}, { ...guard.parts, signal: gentle.signal })
  const control = await controlOf(guard)
  await until(() => existsSync(join(bench.dir, 'up')))
  control.suspend()
  gentle.abort()
  assert.equal((await running).report.error?.code, 'TASK_CANCELLED')
  assert.ok(existsSync(join(bench.dir, 'bye')))
})

test('what is left of a suspended attempt that was killed from outside is stopped', async () => {
  await using bench = await openBench()
  const guard = guarded()
  const running = bench.run(shell('setsid sleep 1000 & echo $! >left; sleep 1000'), {}, guard.parts)
  const control = await controlOf(guard)
  await until(() => existsSync(join(bench.dir, 'left')))
  control.suspend()
  const identified = bench.events.find((event) => event.type === 'attempt-identified')
  assert.ok(identified?.type === 'attempt-identified')
  process.kill(-identified.identity.pid, 'SIGKILL')
  const { report } = await running
  assert.equal(report.status, 'failed')
  const left = Number(readFileSync(join(bench.dir, 'left'), 'utf8'))
  assert.ok(isGone(left))
})

/** Runs `suspending-engine.ts` until it says that its task is suspended; answers what it said. */
async function startEngine(dir: string, how: 'stay' | 'end'): Promise<SuspendingEngine> {
  const file = new URL('./suspending-engine.ts', import.meta.url).pathname
  const engine = spawn(process.execPath, [file, dir, how], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(engine, 'exit')
  const [said] = await once(engine.stdout, 'data')
  const [task = 0, helper = 0] = String(said).split(' ').map(Number)
  return { task, helper, exited, kill: () => engine.kill('SIGKILL') }
}
type SuspendingEngine = {
  readonly task: number
  readonly helper: number
  readonly exited: Promise<unknown>
  readonly kill: () => void
}

test('when the engine is killed a suspended task goes on and ends, and its helper with it', async () => {
  await using bench = await openBench()
  const engine = await startEngine(bench.dir, 'stay')
  await until(() => pidsIn(bench.dir).every(isStopped))
  const before = countsIn(bench.dir)
  engine.kill()
  await engine.exited
  await until(() => allCount(bench.dir, before))
  writeFileSync(join(bench.dir, 'go'), '')
  await until(() => hasExitRecord(join(bench.dir, 'runs/test/1.exit')))
  assert.equal(readFileSync(join(bench.dir, 'runs/test/1.exit'), 'utf8').split('\n')[0], '5')
  await until(() => isGone(engine.helper))
})

test('the helper keeps no engine alive and ends with it', async () => {
  await using bench = await openBench()
  const engine = await startEngine(bench.dir, 'end')
  assert.ok(engine.helper > 0)
  await engine.exited
  await until(() => isGone(engine.helper))
})
