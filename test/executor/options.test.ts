import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MapOptions, ParallelExecutor } from '../../src/executor/executor.ts'
import { FakeClock } from '../fake-clock.ts'

const open = () => new ParallelExecutor({ clock: new FakeClock() })
const invalid = (message: RegExp) => ({ code: 'OPTION_INVALID', message })
const given = (value: unknown): never => value as never

test('an option that does not exist is refused, with the one that was probably meant', async () => {
  assert.throws(
    () => new ParallelExecutor(given({ maxConcurentTasks: 4 })),
    invalid(/^ParallelExecutor has no option "maxConcurentTasks"; did you mean "maxConcurrentTasks"\?$/),
  )
  assert.throws(() => new ParallelExecutor(given(null)), invalid(/^the options of ParallelExecutor is null/))
  const executor = open()
  using _monitor = executor.monitor
  assert.throws(
    () => executor.map([1], (item) => item, given({ reservedBytes: 5 })),
    invalid(/^map has no option "reservedBytes"; did you mean "reserveBytes"\?$/),
  )
  await assert.rejects(
    executor.execute([], given({ failfast: true })),
    invalid(/^execute has no option "failfast"; did you mean "failFast"\?$/),
  )
  await assert.rejects(executor.execute([], given({ zebra: 1 })), invalid(/^execute has no option "zebra"$/))
  const task = given({ name: 'b', run: () => undefined, need: ['a'] })
  await assert.rejects(
    executor.execute([{ name: 'a', run: () => undefined }, task]),
    invalid(/^task "b" has no option "need"; did you mean "needs"\?$/),
  )
})

test('a call with an option that does not exist fails, and not without the bound that was meant', async () => {
  await using executor = open()
  const job = { module: 'data:text/javascript,export const f = () => 1', exportName: 'f', argument: null }
  const results = executor.map([1], (_, __, { call }) => call(job, given({ limitByte: 2 ** 20 })))
  await assert.rejects(
    Array.fromAsync(results),
    invalid(/^call has no option "limitByte"; did you mean "limitBytes"\?$/),
  )
})

test('what is no list of tasks, no source or no function is refused by name', async () => {
  const executor = open()
  using _monitor = executor.monitor
  await assert.rejects(executor.execute(given(null)), invalid(/^the first argument of execute is null/))
  const map = (source: unknown, fn: unknown, options?: MapOptions) => () =>
    executor.map(given(source), given(fn), options)
  const same = (item: unknown) => item
  assert.throws(map(null, same), invalid(/^the source of map is null, expected an array/))
  assert.throws(map(undefined, same), invalid(/^the source of map is undefined/))
  assert.throws(map(5, same), invalid(/^the source of map is 5/))
  assert.throws(map(Promise.resolve([1]), same), invalid(/^the source of map is an object that cannot be/))
  assert.throws(map([1], 'double'), invalid(/^the second argument of map is double, expected a function/))
  assert.deepEqual(await Array.fromAsync(map('ab', same)()), ['a', 'b'])
})

test('a map that is disposed of has ended: what ran was told and waited for, and its source is closed', async () => {
  const executor = open()
  using _monitor = executor.monitor
  const seen: string[] = []
  function* source(): Iterable<number> {
    try {
      for (let next = 0; ; next += 1) yield next
    } finally {
      seen.push('closed')
    }
  }
  {
    await using results = executor.map(
      source(),
      async (item, _, { signal }) => {
        if (item === 0) return item
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        seen.push(`told ${item}`)
        return item
      },
      { concurrency: 2 },
    )
    assert.deepEqual(await results.next(), { value: 0, done: false })
    assert.equal(executor.report().running, 2)
  }
  assert.deepEqual(seen, ['told 1', 'told 2', 'closed'])
  assert.equal(executor.report().running, 0)
})
