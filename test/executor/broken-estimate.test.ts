import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ExecutorTask, ParallelExecutor, WantOfMemory } from '../../src/executor/executor.ts'
import { FakeClock } from '../fake-clock.ts'

const one = () => new ParallelExecutor({ clock: new FakeClock(), maxConcurrentTasks: 1 })

const answers: readonly (readonly [how: string, estimate: () => unknown, message: RegExp])[] = [
  ['throws', () => assert.fail('no such record'), /no such record/],
  ['answers NaN', () => ({ bytes: Number.NaN }), /estimate of task "broken" has NaN as bytes/],
  ['answers a negative number', () => ({ bytes: -1 }), /estimate of task "broken" has -1 as bytes/],
  ['answers without bound', () => ({ bytes: Number.POSITIVE_INFINITY }), /has Infinity as bytes/],
  ['answers with a text', () => ({ bytes: '5' }), /has 5 as bytes, expected 0 or more/],
  ['answers nothing', () => undefined, /has undefined as bytes/],
  ['answers with a promise', async () => ({ bytes: 5 }), /has undefined as bytes/],
]

for (const [how, answer, message] of answers) {
  test(`a task whose estimate ${how} fails without its work, and the next gets its slot`, async () => {
    const executor = one()
    using _monitor = executor.monitor
    const ran: string[] = []
    const ended = await executor.execute([
      {
        name: 'broken',
        estimate: answer as ExecutorTask['estimate'] & {},
        expectedMs: 9,
        run: () => void ran.push('broken'),
      },
      { name: 'needs it', needs: ['broken'], reserveBytes: 0, run: () => void ran.push('needs it') },
      { name: 'other', reserveBytes: 0, run: () => void ran.push('other') },
    ])
    const end = ended.get('broken')
    assert.match(end?.status === 'failed' ? String(end.error) : 'not failed', message)
    assert.equal(ended.get('needs it')?.status, 'cancelled')
    assert.deepEqual(ran, ['other'])
    assert.equal(executor.report().running, 0)
    assert.equal(executor.ledger.reservedBytes, 0)
  })
}

test('an estimate that breaks while the task runs is told at the end of its work, and what was reserved stays', async () => {
  const executor = one()
  using _monitor = executor.monitor
  let reserved = 0
  const ended = await executor.execute<unknown>([
    {
      name: 'grows',
      estimate: (seen) => ({ bytes: seen === null ? 1_000 : Number.NaN }),
      run: ({ observe }) => {
        observe(10)
        observe(20)
        reserved = executor.ledger.reservedBytes
      },
    },
    { name: 'other', reserveBytes: 0, run: () => 'ran' },
  ])
  const end = ended.get('grows')
  assert.match(end?.status === 'failed' ? String(end.error) : 'not failed', /"grows" has NaN as bytes/)
  assert.equal(reserved, 1_000)
  assert.equal(ended.get('other')?.status, 'succeeded')
})

test('a task whose raise throws is not started again, and the run goes on', async () => {
  const executor = one()
  using _monitor = executor.monitor
  let starts = 0
  const ended = await executor.execute([
    {
      name: 'hungry',
      expectedMs: 9,
      reserveBytes: 0,
      raise: () => {
        throw new Error('the history is closed')
      },
      run: () => {
        starts += 1
        throw new WantOfMemory(2 ** 20)
      },
    },
    { name: 'other', reserveBytes: 0, run: () => 'ran' },
  ])
  const end = ended.get('hungry')
  assert.match(end?.status === 'failed' ? String(end.error) : 'not failed', /the history is closed/)
  assert.equal(starts, 1)
  assert.equal(ended.get('other')?.status, 'succeeded')
})

test('a task whose rule throws is cancelled with the reason, also when it becomes ready in the middle of a run', async () => {
  const executor = one()
  using _monitor = executor.monitor
  const rule = (): never => {
    throw new Error('no such output')
  }
  const run = () => 'ran'
  const ended = await executor.execute([
    { name: 'first', reserveBytes: 0, run },
    { name: 'at once', decide: rule, run },
    { name: 'later', needs: ['first'], decide: rule, run },
    { name: 'last', needs: ['first'], reserveBytes: 0, run },
  ])
  for (const name of ['at once', 'later']) {
    const end = ended.get(name)
    assert.match(end?.status === 'cancelled' ? end.because : 'not cancelled', /no such output/)
  }
  assert.equal(ended.get('last')?.status, 'succeeded')
})
