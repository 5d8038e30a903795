import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { ParallelExecutor } from '../../src/executor/executor.ts'
import { MemoryMonitor, type MemoryReading } from '../../src/memory/memory.ts'
import { collectGarbage } from '../collect-garbage.ts'
import { FakeClock, settle } from '../fake-clock.ts'

class FakeMachine extends MemoryMonitor {
  usedBytes = 0
  override read(): MemoryReading {
    return { ...super.read(), capacityBytes: 1_000, loadLineBytes: 850, usedBytes: this.usedBytes }
  }
}

/** Whatever is asked of it, in order and without end. */
function* endless(pulled: { count: number }): Iterable<number> {
  for (let next = 0; ; next += 1) {
    pulled.count += 1
    yield next
  }
}

async function* slowly<T>(items: Iterable<T>): AsyncIterable<T> {
  for (const item of items) {
    await turn()
    yield item
  }
}

test('every item is handed to the function once, at most so many at a time, and every result comes once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 8 }),
      fc.boolean(),
      fc.boolean(),
      async (turns, concurrency, ordered, isAsync) => {
        const executor = new ParallelExecutor({ maxConcurrentTasks: 8 })
        const items = turns.map((turnsNeeded, index) => ({ turnsNeeded, index }))
        let running = 0
        let most = 0
        const results = executor.map(
          isAsync ? slowly(items) : items,
          async ({ turnsNeeded, index }) => {
            running += 1
            most = Math.max(most, running)
            for (let passed = 0; passed < turnsNeeded; passed += 1) await turn()
            running -= 1
            return index
          },
          { concurrency, ordered },
        )
        const seen = await Array.fromAsync(results)
        const expected = items.map(({ index }) => index)
        assert.deepEqual(ordered ? seen : seen.toSorted((left, right) => left - right), expected)
        assert.ok(most <= concurrency)
      },
    ),
    { numRuns: 150 },
  )
})

test('an endless source is pulled only as far as somebody reads', async () => {
  const executor = new ParallelExecutor({ maxConcurrentTasks: 4 })
  const pulled = { count: 0 }
  const results = executor.map(endless(pulled), (item) => item * 2, { ordered: true })
  assert.equal(pulled.count, 0)
  assert.deepEqual(await results.next(), { value: 0, done: false })
  await settle()
  assert.ok(pulled.count <= 5, `${pulled.count} were pulled for one result`)
  for await (const value of results) if (value >= 1_000) break
  assert.ok(pulled.count <= 500 + 5)
  assert.deepEqual(await results.next(), { value: undefined, done: true })
})

test('what nobody reads is not pulled, also when slots come free elsewhere', async () => {
  const executor = new ParallelExecutor()
  const pulled = { count: 0 }
  const unread = executor.map(endless(pulled), (item) => item)
  await executor.execute([{ name: 'other', run: () => 'ran' }])
  await Array.fromAsync(executor.map([1, 2, 3], (item) => item))
  assert.equal(pulled.count, 0)
  assert.deepEqual(await unread.next(), { value: 0, done: false })
  await unread.return?.()
})

test('a function that fails ends the map: the rest sees the signal, the source is closed, the error is thrown once', async () => {
  const executor = new ParallelExecutor({ maxConcurrentTasks: 3 })
  let closed = false
  function* source(): Iterable<number> {
    try {
      for (let next = 0; ; next += 1) yield next
    } finally {
      closed = true
    }
  }
  const told: number[] = []
  const results = executor.map(source(), async (item, _index, { signal }) => {
    if (item === 1) throw new Error('the second is bad')
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    told.push(item)
  })
  await assert.rejects(results.next(), /the second is bad/)
  assert.deepEqual(told, [0, 2])
  assert.equal(closed, true)
  assert.deepEqual(await results.next(), { value: undefined, done: true })
  // Its slots are free again.
  assert.equal(
    (await executor.execute([{ name: 'after', run: () => 'ran' }])).get('after')?.status,
    'succeeded',
  )
})

test('a source that fails, or fails to close, is told to the reader', async () => {
  const executor = new ParallelExecutor()
  const failing = (async function* () {
    yield 1
    throw new Error('the source broke')
  })()
  await assert.rejects(Array.fromAsync(executor.map(failing, (item) => item)), /the source broke/)
  const throwing = {
    [Symbol.iterator]: () => ({
      next: (): IteratorResult<number> => {
        throw new Error('no first item')
      },
    }),
  }
  await assert.rejects(Array.fromAsync(executor.map(throwing, (item) => item)), /no first item/)
})

test('an abort reaches what runs and is thrown to the reader, also when it came before the start', async () => {
  const executor = new ParallelExecutor()
  const stop = new AbortController()
  const waiting = executor.map(
    [1, 2],
    (_item, _index, { signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
    { signal: stop.signal },
  )
  const first = waiting.next()
  await settle()
  stop.abort(new Error('enough'))
  await assert.rejects(first, /enough/)
  const called: number[] = []
  const late = executor.map([1], (item) => called.push(item), { signal: stop.signal })
  await assert.rejects(late.next(), /enough/)
  assert.deepEqual(called, [])
})

/** One item, and then nothing for as long as anybody asks. */
async function* falls(silent: { isClosed: boolean }): AsyncIterable<number> {
  try {
    yield 1
    await new Promise(() => undefined)
  } finally {
    silent.isClosed = true
  }
}

test('a source that says nothing any more holds up neither a break nor an abort', {
  timeout: 60_000,
}, async () => {
  const executor = new ParallelExecutor({ maxConcurrentTasks: 2 })
  const source = { isClosed: false }
  for await (const result of executor.map(falls(source), (item) => item)) {
    assert.equal(result, 1)
    break
  }
  const stop = new AbortController()
  const results = executor.map(falls(source), (item) => item, { signal: stop.signal })
  await results.next()
  const waiting = results.next()
  stop.abort(new Error('enough'))
  await assert.rejects(waiting, /enough/)
  assert.equal(executor.report().running, 0)
  assert.equal(source.isClosed, false)
})

test('a source that is asked at the moment of a break is closed before the break is over', async () => {
  const executor = new ParallelExecutor()
  let isClosed = false
  const source = (async function* () {
    try {
      for (let next = 0; ; next += 1) {
        yield next
        for (let passed = 0; passed < 10; passed += 1) await turn()
      }
    } finally {
      isClosed = true
    }
  })()
  for await (const _ of executor.map(source, (item) => item)) break
  assert.equal(isClosed, true)
})

test('who ends a map while a result is waited for ends that wait without an error, after what runs', async () => {
  const executor = new ParallelExecutor()
  let hasEnded = false
  const results = executor.map([1], async (_item, _index, { signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    for (let passed = 0; passed < 10; passed += 1) await turn()
    hasEnded = true
  })
  const waiting = results.next()
  await results.return?.()
  assert.equal(hasEnded, true)
  assert.deepEqual(await waiting, { value: undefined, done: true })
})

test('above the load line one item at a time goes on, and all of them when there is room again', async () => {
  const monitor = new FakeMachine()
  const clock = new FakeClock()
  const executor = new ParallelExecutor({ monitor, clock, maxConcurrentTasks: 4 })
  monitor.usedBytes = 900
  const ends: (() => void)[] = []
  const results = executor.map([1, 2, 3, 4], () => new Promise<void>((resolve) => ends.push(resolve)), {
    reserveBytes: 10,
  })
  const first = results.next()
  await clock.pass(500)
  assert.equal(ends.length, 1)
  monitor.usedBytes = 100
  await clock.pass(500)
  assert.equal(ends.length, 4)
  for (const end of ends) end()
  await first
  assert.equal((await Array.fromAsync(results)).length, 3)
  assert.equal(executor.ledger.reservedBytes, 0)
})

test('what items reserve together stays below the line', async () => {
  const monitor = new FakeMachine()
  const executor = new ParallelExecutor({ monitor, maxConcurrentTasks: 8 })
  let running = 0
  let most = 0
  const results = executor.map(
    Array.from({ length: 40 }),
    async () => {
      running += 1
      most = Math.max(most, running)
      await turn()
      running -= 1
    },
    { reserveBytes: 200 },
  )
  assert.equal((await Array.fromAsync(results)).length, 40)
  assert.equal(most, 4)
})

test('maps and graphs of one executor share its slots', async () => {
  const executor = new ParallelExecutor({ maxConcurrentTasks: 2 })
  let running = 0
  let most = 0
  const work = async (): Promise<void> => {
    running += 1
    most = Math.max(most, running)
    await turn()
    running -= 1
  }
  const graph = executor.execute(Array.from({ length: 20 }, (_, index) => ({ name: `t${index}`, run: work })))
  const mapped = Array.fromAsync(executor.map(Array.from({ length: 20 }), work))
  await Promise.all([graph, mapped])
  assert.equal(most, 2)
})

test('functions that never wait do not keep timers from firing', async () => {
  const executor = new ParallelExecutor()
  const stop = AbortSignal.timeout(1)
  const results = executor.map(endless({ count: 0 }), (item) => item, { signal: stop })
  await assert.rejects(
    async () => {
      for await (const _ of results);
    },
    { name: 'TimeoutError' },
  )
})

test('a result that was taken is let go', async () => {
  const executor = new ParallelExecutor({ maxConcurrentTasks: 2 })
  const references: WeakRef<object>[] = []
  const results = executor.map(endless({ count: 0 }), () => {
    const result = { bytes: new Uint8Array(1_000) }
    references.push(new WeakRef(result))
    return result
  })
  for (let taken = 0; taken < 50; taken += 1) await results.next()
  await turn()
  collectGarbage()
  const alive = references.filter((reference) => reference.deref() !== undefined).length
  assert.ok(alive <= 3, `${alive} of ${references.length} results are alive`)
  await results.return?.()
})

test('a concurrency or a reservation that could not be meant is refused', () => {
  const executor = new ParallelExecutor()
  for (const concurrency of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => executor.map([], (item) => item, { concurrency }), { code: 'OPTION_INVALID' })
  }
  for (const reserveBytes of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => executor.map([], (item) => item, { reserveBytes }), { code: 'OPTION_INVALID' })
  }
})

test('the report counts items, tasks, waits and the most at once, and keeps no result', async () => {
  const executor = new ParallelExecutor({ maxConcurrentTasks: 3 })
  await Array.fromAsync(executor.map(Array.from({ length: 10 }), () => turn()))
  await executor.execute([
    { name: 'good', run: () => turn() },
    { name: 'bad', run: () => Promise.reject(new Error('no')) },
    { name: 'never', needs: ['bad'], run: () => undefined },
  ])
  const { mapped, succeeded, failed, cancelled, skipped, running, mostAtOnce, reservedBytes } =
    executor.report()
  assert.deepEqual(
    { mapped, succeeded, failed, cancelled, skipped },
    { mapped: 10, succeeded: 1, failed: 1, cancelled: 1, skipped: 0 },
  )
  assert.deepEqual({ running, mostAtOnce, reservedBytes }, { running: 0, mostAtOnce: 3, reservedBytes: 0 })
})
