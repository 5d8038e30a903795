import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ParallelExecutor } from '../../src/executor/executor.ts'

const module = new URL('calls.ts', import.meta.url).href

test('functions go where their kind belongs: the event loop, a thread, or with a limit a process', async () => {
  await using executor = new ParallelExecutor()
  const job = { module, exportName: 'where' }
  const ended = await executor.execute<unknown>([
    { name: 'io', run: ({ call }) => call(job, { kind: 'io' }) },
    { name: 'cpu', run: ({ call }) => call(job) },
    { name: 'limited', run: ({ call }) => call(job, { limitBytes: 2 ** 30 }) },
  ])
  const [io, cpu, limited] = ['io', 'cpu', 'limited'].map((name) => {
    const one = ended.get(name)
    return one?.status === 'succeeded' ? String(one.value) : ''
  })
  assert.equal(io, `process ${process.pid}`)
  assert.match(cpu ?? '', /^thread \d+$/)
  assert.match(limited ?? '', /^process \d+$/)
  assert.notEqual(limited, io)
})

test('a map hands items to threads, and their results come back', async () => {
  await using executor = new ParallelExecutor({ maxWorkersThread: 2 })
  const results = executor.map(
    [1, 2, 3, 4, 5],
    (argument, _index, { call }) => call({ module, exportName: 'double', argument }),
    { ordered: true },
  )
  assert.deepEqual(await Array.fromAsync(results), [2, 4, 6, 8, 10])
})

test('a function over its limit fails with the numbers, and its neighbour goes on', async () => {
  await using executor = new ParallelExecutor({ maxWorkersProcess: 2 })
  const ended = await executor.execute<unknown>([
    {
      name: 'greedy',
      run: ({ call }) => call({ module, exportName: 'hold', argument: 300 }, { limitBytes: 150 * 2 ** 20 }),
    },
    {
      name: 'modest',
      run: ({ call }) => call({ module, exportName: 'double', argument: 21 }, { limitBytes: 150 * 2 ** 20 }),
    },
  ])
  const greedy = ended.get('greedy')
  const modest = ended.get('modest')
  assert.ok(greedy?.status === 'failed')
  assert.equal((greedy.error as { code?: string }).code, 'TASK_MEMORY_EXCEEDED')
  assert.ok((greedy.profile?.peakBytes ?? 0) > 150 * 2 ** 20)
  assert.equal(modest?.status === 'succeeded' && modest.value, 42)
})

test('an abort reaches a function in a thread', async () => {
  await using executor = new ParallelExecutor()
  const stop = new AbortController()
  const done = executor.execute(
    [
      {
        name: 'held',
        run: ({ call }) => call({ module, exportName: 'hold', argument: 1 }).then(() => undefined),
      },
    ],
    { signal: stop.signal, onEvent: () => stop.abort(new Error('enough')) },
  )
  assert.equal((await done).get('held')?.status, 'failed')
})
