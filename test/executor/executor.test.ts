import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { messageOf } from '../../src/errors.ts'
import {
  type ExecutorEvent,
  type ExecutorTask,
  ParallelExecutor,
  WantOfMemory,
} from '../../src/executor/executor.ts'
import { MemoryMonitor, type MemoryReading } from '../../src/memory/memory.ts'
import { collectGarbage } from '../collect-garbage.ts'
import { FakeClock, settle } from '../fake-clock.ts'

/** A machine whose memory in use is what the test says. */
class FakeMachine extends MemoryMonitor {
  usedBytes = 0
  override read(): MemoryReading {
    return { ...super.read(), capacityBytes: 1_000, loadLineBytes: 850, usedBytes: this.usedBytes }
  }
}

const machine = () => {
  const monitor = new FakeMachine()
  const clock = new FakeClock()
  return { monitor, clock, executor: new ParallelExecutor({ monitor, clock, maxConcurrentTasks: 4 }) }
}

/** Tasks that the test ends by hand. */
function handMade() {
  const running = new Map<string, PromiseWithResolvers<void>>()
  const started: string[] = []
  const task = (name: string, more: Partial<ExecutorTask> = {}): ExecutorTask => ({
    name,
    reserveBytes: 0,
    run: () => {
      const end = Promise.withResolvers<void>()
      running.set(name, end)
      started.push(name)
      return end.promise
    },
    ...more,
  })
  const end = async (name: string, error?: Error): Promise<void> => {
    const task = running.get(name)
    running.delete(name)
    if (error) task?.reject(error)
    else task?.resolve()
    await settle()
  }
  return { task, end, running, started }
}

test('a task starts only after all that it needs has ended', async () => {
  const { executor } = machine()
  const { task, end, started } = handMade()
  const done = executor.execute([task('c', { needs: ['a', 'b'] }), task('a'), task('b')])
  await settle()
  assert.deepEqual(started, ['a', 'b'])
  await end('a')
  assert.deepEqual(started, ['a', 'b'])
  await end('b')
  assert.deepEqual(started, ['a', 'b', 'c'])
  await end('c')
  assert.equal((await done).size, 3)
})

test('what is on the longest remaining path starts first', async () => {
  const { monitor, clock } = machine()
  const executor = new ParallelExecutor({ monitor, clock, maxConcurrentTasks: 1 })
  const { task, end, started } = handMade()
  const done = executor.execute([
    task('short', { expectedMs: 5 }),
    task('head', { expectedMs: 1 }),
    task('tail', { needs: ['head'], expectedMs: 10 }),
  ])
  await settle()
  for (const name of ['head', 'tail', 'short']) await end(name)
  await done
  assert.deepEqual(started, ['head', 'tail', 'short'])
})

test('of tasks that run equally long the larger starts first; a longer path comes before both', async () => {
  const { monitor, clock } = machine()
  const executor = new ParallelExecutor({ monitor, clock, maxConcurrentTasks: 1 })
  const { task, end, started } = handMade()
  const done = executor.execute([
    task('small', { expectedMs: 5, reserveBytes: 1 }),
    task('large', { expectedMs: 5, estimate: () => ({ bytes: 400 }) }),
    task('long', { expectedMs: 10, reserveBytes: 1 }),
  ])
  await settle()
  for (const name of ['long', 'large', 'small']) await end(name)
  await done
  assert.deepEqual(started, ['long', 'large', 'small'])
})

test('a failure cancels what needs it, with the reason, and leaves other branches alone', async () => {
  const { executor } = machine()
  const { task, end } = handMade()
  const done = executor.execute([
    task('a'),
    task('b', { needs: ['a'] }),
    task('c', { needs: ['b'] }),
    task('d'),
  ])
  await settle()
  await end('a', new Error('no'))
  await end('d')
  const ended = await done
  assert.equal(ended.get('a')?.status, 'failed')
  const c = ended.get('c')
  assert.equal(c?.status === 'cancelled' && c.because, 'it needs "b", which was cancelled')
  assert.equal(ended.get('d')?.status, 'succeeded')
})

test('twenty thousand functions that throw at once fail one after the other', async () => {
  const fail = (): never => {
    throw new Error('no')
  }
  const tasks = Array.from({ length: 20_000 }, (_, index) => ({ name: `t${index}`, run: fail }))
  const ended = await new ParallelExecutor({ maxConcurrentTasks: 1 }).execute(tasks)
  const messages = new Set(ended.values().map((end) => end.status === 'failed' && messageOf(end.error)))
  assert.deepEqual([ended.size, ...messages], [20_000, 'no'])
})

test('with failFast nothing starts after a failure and what runs may finish', async () => {
  const { executor } = machine()
  const { task, end, running } = handMade()
  const tasks = [task('a'), task('b'), task('c', { needs: ['b'] })]
  const done = executor.execute(tasks, { failFast: true })
  await settle()
  await end('a', new Error('no'))
  assert.deepEqual([...running.keys()], ['b'])
  await end('b')
  const ended = await done
  assert.equal(ended.get('b')?.status, 'succeeded')
  assert.equal(ended.get('c')?.status, 'cancelled')
})

test('an abort cancels what waits and reaches what runs', async () => {
  const { executor } = machine()
  const stop = new AbortController()
  const { task } = handMade()
  const listening: ExecutorTask = {
    name: 'a',
    run: ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  }
  const done = executor.execute([listening, task('b', { needs: ['a'] })], { signal: stop.signal })
  await settle()
  stop.abort(new Error('enough'))
  const ended = await done
  assert.equal(ended.get('a')?.status, 'failed')
  assert.equal(ended.get('b')?.status, 'cancelled')
})

test('a task that does not fit waits with the numbers, and starts when memory comes free elsewhere', async () => {
  const { executor, monitor, clock } = machine()
  const { task, end, started } = handMade()
  const events: ExecutorEvent[] = []
  monitor.usedBytes = 100
  const tasks = [task('a', { reserveBytes: 500 }), task('b', { reserveBytes: 400 })]
  const done = executor.execute(tasks, { onEvent: (event) => void events.push(event) })
  await settle()
  assert.deepEqual(started, ['a'])
  const waiting = events.find(({ type }) => type === 'waiting')
  assert.match(
    JSON.stringify(waiting),
    /needs 400 B, 250 B free .*used 100 B of 1000 B, line at 850 B, reserved 500 B/,
  )
  monitor.usedBytes = 0
  await clock.pass(200)
  assert.deepEqual(started, ['a'])
  await clock.pass(0)
  await end('a')
  assert.deepEqual(started, ['a', 'b'])
  await end('b')
  const ended = await done
  assert.equal(ended.get('b')?.waits.memory, 200)
})

test('what a running task turns out not to need comes free for others', async () => {
  const { executor } = machine()
  const { task, end, started } = handMade()
  let observe: ((bytes: number) => void) | undefined
  const first = task('first', {
    estimate: (seen) => ({ bytes: seen === null ? 800 : seen.peakBytes }),
    run: (context) => {
      observe = context.observe
      return task('first').run(context)
    },
  })
  const done = executor.execute([first, task('second', { reserveBytes: 600, needs: [] }), task('third')])
  await settle()
  assert.deepEqual(started, ['first', 'third'])
  observe?.(100)
  await end('third')
  assert.deepEqual(started, ['first', 'third', 'second'])
  await end('second')
  await end('first')
  await done
})

test('one task always runs, whatever the machine says', async () => {
  const { executor, monitor } = machine()
  const { task, end, started } = handMade()
  monitor.usedBytes = 999
  const done = executor.execute([task('huge', { reserveBytes: 5_000 })])
  await settle()
  assert.deepEqual(started, ['huge'])
  await end('huge')
  await done
})

test('a big task that waits is overtaken by smaller ones sixty-four times and then no more', async () => {
  const { executor } = machine()
  const { task, end, started } = handMade()
  const small = Array.from({ length: 90 }, (_, index) => task(`small ${index}`, { reserveBytes: 100 }))
  const tasks = [
    task('first', { reserveBytes: 500, expectedMs: 100 }),
    task('big', { reserveBytes: 800, expectedMs: 50 }),
    ...small,
  ]
  const done = executor.execute(tasks)
  await settle()
  let overtakings = 0
  while (!started.includes('big')) {
    const name = started.filter((candidate) => candidate.startsWith('small')).at(overtakings)
    if (name === undefined) break
    overtakings += 1
    await end(name)
  }
  assert.equal(overtakings, 64)
  await end('first')
  assert.equal(started.at(-1), 'big')
  await end('big')
  for (let next = 64; next < 90; next += 1) await end(`small ${next}`)
  assert.equal((await done).size, 92)
})

test('a listener that fails stops the run and its error is thrown after all tasks have ended', async () => {
  const { executor } = machine()
  const { task, end, started } = handMade()
  const full = new Error('the disk is full')
  const done = executor.execute([task('a'), task('b', { needs: ['a'] })], {
    onEvent: (event) => (event.type === 'ended' && event.task === 'a' ? Promise.reject(full) : undefined),
  })
  const rejected = assert.rejects(done, full)
  await settle()
  await end('a')
  await rejected
  assert.deepEqual(started, ['a'])
})

test('graphs that are not sound are refused with the names', async () => {
  const { executor } = machine()
  const { task } = handMade()
  const refused = (tasks: ExecutorTask[], message: RegExp) =>
    assert.rejects(executor.execute(tasks), { message })
  await refused([task('a'), task('a')], /two tasks are named "a"/)
  await refused([task('a', { needs: ['x'] })], /"a" needs "x", which does not exist/)
  await refused(
    [task('a', { needs: ['c'] }), task('b', { needs: ['a'] }), task('c', { needs: ['b'] })],
    /a -> c -> b -> a/,
  )
})

test('options that could not be meant are refused with the value and the range', () => {
  for (const options of [
    { maxConcurrentTasks: 0 },
    { memoryLimitMb: -1 },
    { memoryPressureThreshold: 2 },
    { memoryBudgetBytes: 0 },
    { ownBytes: Number.NaN },
    { ownBytes: -1 },
  ]) {
    assert.throws(() => new ParallelExecutor(options), { code: 'OPTION_INVALID' }, JSON.stringify(options))
  }
})

test('a reservation that is no number of bytes is refused before anything starts, and no slot is lost', async () => {
  const executor = new ParallelExecutor()
  const started: string[] = []
  const task = (name: string, reserveBytes: number) => ({ name, reserveBytes, run: () => started.push(name) })
  for (const bytes of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
    const message = `reserveBytes of task "bad" is ${bytes}, expected 0 or more bytes`
    await assert.rejects(executor.execute([task('good', 1), task('bad', bytes)]), { message })
  }
  assert.deepEqual(started, [])
  assert.equal(executor.report().running, 0)
})

const anyGraph = fc
  .array(
    fc.record({ needs: fc.array(fc.nat(30), { maxLength: 3 }), bytes: fc.nat(1_200), fails: fc.boolean() }),
    { maxLength: 30 },
  )
  .map((nodes) =>
    nodes.map((node, index) => ({ ...node, needs: [...new Set(node.needs.filter((need) => need < index))] })),
  )

test('no moment has more tasks than slots or more reserved than the line, and every task ends once', async () => {
  await fc.assert(
    fc.asyncProperty(anyGraph, async (nodes) => {
      const { executor } = machine()
      const ends: string[] = []
      let running = 0
      const tasks = nodes.map((node, index) => ({
        name: String(index),
        needs: node.needs.map(String),
        reserveBytes: node.bytes,
        run: async () => {
          running += 1
          assert.ok(running <= 4)
          assert.ok(running === 1 || executor.ledger.reservedBytes <= 850)
          await settle()
          running -= 1
          if (node.fails) throw new Error('no')
        },
      }))
      await executor.execute(tasks, {
        onEvent: (event) => void (event.type === 'ended' && ends.push(event.task)),
      })
      assert.equal(new Set(ends).size, nodes.length)
      assert.equal(ends.length, nodes.length)
      for (const [index, node] of nodes.entries()) {
        for (const need of node.needs) assert.ok(ends.indexOf(String(need)) < ends.indexOf(String(index)))
      }
      assert.equal(executor.ledger.reservedBytes, 0)
    }),
    { numRuns: 40 },
  )
})

test('a task that ended for want of memory starts again with more, whatever its own estimate says', async () => {
  const { executor } = machine()
  const reserved: number[] = []
  const told: string[] = []
  const hungry: ExecutorTask<void> = {
    name: 'hungry',
    estimate: () => ({ bytes: 100 }),
    run: ({ reservedBytes }) => {
      reserved.push(reservedBytes)
      if (reserved.length === 1) throw new WantOfMemory(400, { cause: new Error('killed by the kernel') })
    },
  }
  const onEvent = (event: ExecutorEvent): void => {
    told.push(event.type === 'guarded' ? `${event.action}: ${event.message}` : event.type)
  }
  const ended = (await executor.execute([hungry], { onEvent })).get('hungry')
  assert.deepEqual(reserved, [100, 500])
  assert.deepEqual(told, ['started', 'requeued: killed by the kernel', 'started', 'ended'])
  assert.equal(executor.report().requeued, 1)
  assert.equal(ended?.status === 'succeeded' && ended.requeues, 1)
})

test('memory of a task that has finished its work is free for others while it is still recorded', async () => {
  const { executor } = machine()
  const { task, end, started } = handMade()
  const recording = Promise.withResolvers<void>()
  const first = task('first', {
    reserveBytes: 800,
    run: ({ finished }) => {
      started.push('first')
      finished()
      return recording.promise
    },
  })
  const done = executor.execute([first, task('second', { reserveBytes: 800 })])
  await settle()
  assert.deepEqual(started, ['first', 'second'])
  recording.resolve()
  await end('second')
  assert.deepEqual(
    [...(await done).values()].map(({ status }) => status),
    ['succeeded', 'succeeded'],
  )
})

test('what a task held is let go when it has ended, while others still run', async () => {
  const executor = new ParallelExecutor({ maxConcurrentTasks: 2 })
  const last = Promise.withResolvers<void>()
  const held: WeakRef<object>[] = []
  const tasks = Array.from({ length: 50 }, (_, index): ExecutorTask<void> => {
    return {
      name: `t${index}`,
      run: async ({ observe }) => {
        const buffer = new Uint8Array(100_000)
        held.push(new WeakRef(buffer))
        observe(buffer.length)
        await settle()
      },
    }
  })
  const done = executor.execute([{ name: 'last', run: () => last.promise }, ...tasks])
  while (executor.report().succeeded < 50) await settle()
  collectGarbage()
  assert.equal(held.filter((reference) => reference.deref() !== undefined).length, 0)
  last.resolve()
  assert.equal((await done).size, 51)
})

test('a task whose rule takes its time holds back no other, no slot and no memory', async () => {
  const { executor } = machine()
  const { task, end, started } = handMade()
  const decided = Promise.withResolvers<{ readonly action: 'run' }>()
  const tasks = ['b', 'c', 'd', 'e'].map((name) => task(name))
  const done = executor.execute([task('slow', { decide: () => decided.promise }), ...tasks])
  await settle()
  assert.deepEqual(started, ['b', 'c', 'd', 'e'])
  for (const name of ['b', 'c', 'd', 'e']) await end(name)
  decided.resolve({ action: 'run' })
  await settle()
  assert.equal(started.at(-1), 'slow')
  await end('slow')
  assert.deepEqual((await done).get('slow')?.waits, {})
})

test('a rule that decides later may skip or fail, and after a stop nothing it says starts a task', async () => {
  const { executor } = machine()
  const { task, end, started } = handMade()
  const failFast = { failFast: true }
  const late = Promise.withResolvers<{ readonly action: 'run' }>()
  const done = executor.execute(
    [
      task('skipped', { decide: async () => ({ action: 'skip', because: 'it is done' }) }),
      task('after', { needs: ['skipped'] }),
      task('broken', { decide: () => Promise.reject(new Error('no disk')) }),
      task('late', { decide: () => late.promise }),
    ],
    failFast,
  )
  await settle()
  assert.deepEqual(started, ['after'])
  await end('after', new Error('failed'))
  late.resolve({ action: 'run' })
  const ended = await done
  const stories = [...ended].map(([name, end]) => [name, 'because' in end ? end.because : end.status])
  assert.deepEqual(Object.fromEntries(stories), {
    skipped: 'it is done',
    after: 'failed',
    broken: 'it could not be decided: no disk',
    late: '"after" failed',
  })
})
