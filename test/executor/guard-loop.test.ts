/** What the executor makes of the decisions of the guard. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ExecutorEvent, type ExecutorTask, ParallelExecutor } from '../../src/executor/executor.ts'
import { MemoryMonitor, type MemoryReading } from '../../src/memory/memory.ts'
import type { TaskControl } from '../../src/spine.ts'
import { FakeClock, settle } from '../fake-clock.ts'

const mib = 2 ** 20

/** A machine of 1,000 MiB with its line at 850, of which the test says how much is in use. */
class FakeMachine extends MemoryMonitor {
  usedMib = 0
  reads = 0
  override read(): MemoryReading {
    this.reads += 1
    const usedBytes = this.usedMib * mib
    const limits = { capacityBytes: 1_000 * mib, loadLineBytes: 850 * mib }
    const rooms = {
      roomBytes: limits.loadLineBytes - usedBytes,
      limitRoomBytes: limits.capacityBytes - usedBytes,
    }
    return { ...super.read(), ...limits, ...rooms, usedBytes }
  }
}

function open() {
  const monitor = new FakeMachine()
  const clock = new FakeClock()
  const executor = new ParallelExecutor({ monitor, clock, maxConcurrentTasks: 4 })
  const done: string[] = []
  const told: string[] = []
  const ends = new Map<string, PromiseWithResolvers<void>>()
  /** Uses so much, and may be acted on. */
  const task = (name: string, usedMib: number, needs: readonly string[] = []): ExecutorTask<void> => ({
    name,
    needs,
    reserveBytes: 0,
    run: ({ observe, control }) => {
      done.push(`${name} starts`)
      const end = Promise.withResolvers<void>()
      ends.set(name, end)
      const it: TaskControl = {
        currentBytes: () => {
          observe(usedMib * mib)
          return usedMib * mib
        },
        suspend: () => void done.push(`${name} is suspended`),
        resume: () => void done.push(`${name} goes on`),
        evict: () => {
          done.push(`${name} is stopped`)
          control(null)
          end.reject(new Error('stopped'))
        },
      }
      control(it)
      return end.promise
    },
  })
  const onEvent = (event: ExecutorEvent): void => {
    if (event.type === 'guarded') told.push(`${event.task} ${event.action}: ${event.message}`)
  }
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.resolve()
    await settle()
  }
  return { monitor, clock, executor, done, told, task, onEvent, end }
}

test('while a task is suspended nothing starts; what waited for that says so, and goes on after it', async () => {
  const { monitor, clock, executor, done, told, task, onEvent, end } = open()
  // The first is on the longest path: it starts first, and is never suspended.
  const tasks = [task('first', 0), task('second', 400), task('third', 400), task('late', 0, ['first'])]
  const run = executor.execute(tasks, { onEvent })
  await settle()
  monitor.usedMib = 930
  await clock.pass(20)
  assert.deepEqual(done.slice(3), ['third is suspended'])
  await clock.pass(20)
  assert.deepEqual(done.slice(4), ['second is suspended'], 'one at each look')
  monitor.usedMib = 700
  await clock.pass(100)
  assert.deepEqual(done.slice(5), ['second goes on', 'third goes on'], 'the oldest first')
  monitor.usedMib = 900
  await clock.pass(60)
  assert.deepEqual(done.slice(7), ['third is suspended', 'second is suspended'], 'as it grew so quickly')
  await end('first')
  await clock.pass(5)
  assert.ok(!done.includes('late starts'))
  monitor.usedMib = 700
  // Before the queue is looked at again by itself.
  await clock.pass(70)
  assert.deepEqual(done.slice(9), ['second goes on', 'third goes on', 'late starts'])
  for (const name of ['second', 'third', 'late']) await end(name)
  const late = (await run).get('late')
  assert.ok((late?.waits.suspended ?? 0) > 0, JSON.stringify(late?.waits))
  assert.equal(told[0], 'third suspended: 930 MiB in use, 70 MiB below the limit')
})

test('a suspended task is not looked at, and the time does not count as its own', async () => {
  const { monitor, clock, executor, task, end } = open()
  const looks: string[] = []
  const watched = (name: string): ExecutorTask<void> => {
    const one = task(name, 400)
    return {
      ...one,
      estimate: (seen) => {
        if (seen) looks.push(`${name} ${seen.activeMs}`)
        return { bytes: 0 }
      },
    }
  }
  const run = executor.execute([watched('old'), watched('new')])
  await settle()
  monitor.usedMib = 930
  await clock.pass(20)
  looks.length = 0
  await clock.pass(1_000)
  assert.ok(looks.length > 50 && looks.every((look) => look.startsWith('old ')))
  monitor.usedMib = 100
  await clock.pass(30)
  looks.length = 0
  await clock.pass(200)
  const [last = 0] = looks.filter((look) => look.startsWith('new ')).map((look) => Number(look.slice(4)))
  assert.ok(last > 0 && last < 500, `${last} ms were its own`)
  await end('old')
  await end('new')
  const ended = (await run).get('new')
  assert.ok((ended?.suspendedMs ?? 0) >= 1_000)
})

test('what is stopped is put back in the queue, and what it waited for before is not forgotten', async () => {
  const { monitor, clock, executor, done, told, task, onEvent, end } = open()
  const run = executor.execute([task('old', 300), task('gate', 0), task('new', 300, ['gate'])], { onEvent })
  await clock.pass(70)
  await end('gate')
  monitor.usedMib = 920
  await clock.pass(200)
  assert.deepEqual(done.slice(3), ['new is suspended'])
  monitor.usedMib = 990
  await clock.pass(20)
  assert.deepEqual(done.slice(4), ['new is stopped'])
  monitor.usedMib = 300
  await clock.pass(200)
  assert.deepEqual(done.slice(5), ['new starts'])
  assert.deepEqual(
    told.map((line) => line.split(':')[0]),
    ['new suspended', 'new requeued'],
  )
  await end('old')
  await end('new')
  const ended = (await run).get('new')
  assert.equal(ended?.requeues, 1)
  assert.equal(ended?.waits.needs, 70)
  assert.ok((ended?.waits.host ?? 0) > 0, JSON.stringify(ended?.waits))
})

test('the nearer the line, the more often it looks; when nothing runs it does not look at all', async () => {
  const { monitor, clock, executor, task, end } = open()
  const run = executor.execute([task('only', 10)])
  await settle()
  const looksIn = async (usedMib: number): Promise<number> => {
    monitor.usedMib = usedMib
    await clock.pass(200)
    const before = monitor.reads
    await clock.pass(1_000)
    return monitor.reads - before
  }
  assert.deepEqual(
    [await looksIn(100), await looksIn(500), await looksIn(700), await looksIn(900)],
    [10, 20, 50, 100],
  )
  await end('only')
  await run
  await clock.pass(200)
  assert.equal(await looksIn(900), 0)
})

const noControl: TaskControl = {
  currentBytes: () => 0,
  suspend: () => undefined,
  resume: () => undefined,
  evict: () => undefined,
}

test('a control that is handed over when the task is over is not acted on, nor looked at', async () => {
  const { monitor, clock, executor } = open()
  const late: (() => void)[] = []
  const task = (name: string, isEarly: boolean): ExecutorTask<void> => ({
    name,
    reserveBytes: 0,
    run: async ({ control, finished }) => {
      if (isEarly) finished()
      late.push(() => control(noControl))
      if (isEarly) control(noControl)
    },
  })
  await executor.execute([task('ended', false), task('finished', true)])
  for (const handOver of late) handOver()
  monitor.usedMib = 930
  const before = monitor.reads
  await clock.pass(1_000)
  assert.equal(monitor.reads, before)
})

test('the newest start is suspended first, whenever its control was handed over', async () => {
  const { monitor, clock, executor, end, done, task } = open()
  const older = Promise.withResolvers<void>()
  const slow: ExecutorTask<void> = {
    ...task('older', 400),
    run: async (context) => {
      await older.promise
      await task('older', 400).run(context)
    },
  }
  const run = executor.execute([slow, task('newer', 400), task('newest', 400)])
  await settle()
  older.resolve()
  await settle()
  assert.deepEqual(done, ['newer starts', 'newest starts', 'older starts'], 'so they came')
  monitor.usedMib = 930
  await clock.pass(20)
  await clock.pass(20)
  assert.deepEqual(done.slice(3), ['newest is suspended', 'newer is suspended'])
  monitor.usedMib = 100
  await clock.pass(500)
  for (const name of ['older', 'newer', 'newest']) await end(name)
  await run
})
