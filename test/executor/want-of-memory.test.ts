import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ExecutorTask, ParallelExecutor, WantOfMemory } from '../../src/executor/executor.ts'
import { Estimates, raiseFactor } from '../../src/memory/memory.ts'
import { FakeClock } from '../fake-clock.ts'

const mib = 2 ** 20

test('a task that ended for want of memory starts again with more than it had used, as often as it takes', async () => {
  const estimates = new Estimates()
  const executor = new ParallelExecutor({ clock: new FakeClock() })
  using _monitor = executor.monitor
  const known = {
    key: 'build',
    group: 'run npm',
    expectBytes: null,
    limitBytes: 8_192 * mib,
    guessBytes: mib,
  }
  const reserved: number[] = []
  const raised: number[] = []
  const ended = await executor.execute([
    {
      name: 'build',
      estimate: (seen) => estimates.estimate(known, seen),
      raise: (bytes) => {
        raised.push(bytes)
        estimates.raise(known.key, bytes)
      },
      run: ({ reservedBytes }) => {
        reserved.push(reservedBytes)
        if (reserved.length < 4) throw new WantOfMemory(Math.max(40 * mib, reservedBytes))
        return 'fits'
      },
    },
  ])
  assert.equal(ended.get('build')?.status, 'succeeded')
  assert.equal(ended.get('build')?.requeues, 3)
  assert.equal(raised.length, 3)
  const [first = 0, ...later] = reserved
  assert.equal(first, mib)
  for (const [index, bytes] of later.entries()) {
    const used = Math.max(40 * mib, reserved[index] ?? 0)
    assert.ok(bytes >= used * raiseFactor, `${bytes} after ${used}`)
  }
})

/** Ends for want of memory each time; what was told of its starts. */
function hungry(more: Partial<ExecutorTask<void>> = {}) {
  const starts: number[] = []
  const task: ExecutorTask<void> = {
    name: 'hungry',
    reserveBytes: 0,
    run: ({ requeues }) => {
      starts.push(requeues)
      throw new WantOfMemory(mib)
    },
    ...more,
  }
  return { starts, task }
}

test('a task that the kernel kills whenever it is started has failed at the sixth time', async () => {
  const executor = new ParallelExecutor({ clock: new FakeClock() })
  using _monitor = executor.monitor
  const { starts, task } = hungry()
  const ended = (await executor.execute([task])).get('hungry')
  assert.equal(ended?.status, 'failed')
  assert.deepEqual(starts, [0, 1, 2, 3, 4, 5])
  assert.equal(ended?.requeues, 5)
})

test('a task that ends for want of memory in a run that was stopped is not started again', async () => {
  const executor = new ParallelExecutor({ clock: new FakeClock() })
  using _monitor = executor.monitor
  const stop = new AbortController()
  const { starts, task } = hungry()
  const run = task.run
  const stopped = hungry({
    run: (context) => {
      stop.abort()
      return run(context)
    },
  })
  const ended = (await executor.execute([stopped.task], { signal: stop.signal })).get('hungry')
  assert.deepEqual(starts, [0])
  assert.equal(ended?.status, 'failed')
})
