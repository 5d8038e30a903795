import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openPool, type Pool } from '../../src/pool/pool.ts'
import { job } from './pools.ts'

const kinds = ['echo', 'rest', 'fail', 'leave', 'returnFunction', 'unsendable', 'stopped', 'alone'] as const
type Kind = (typeof kinds)[number]

/** What becomes of a job, whatever runs beside it: a word for each. */
const expected: Readonly<Record<Kind, string>> = {
  echo: 'value',
  rest: 'value',
  fail: 'CALL_FAILED',
  leave: 'WORKER_ENDED',
  returnFunction: 'CALL_UNCLONABLE',
  unsendable: 'CALL_UNCLONABLE',
  stopped: 'stopped',
  alone: 'value',
}

async function endOf(pool: Pool, kind: Kind, index: number): Promise<string> {
  const { signal, stop } = stopper()
  if (kind === 'stopped') queueMicrotask(() => queueMicrotask(stop))
  const name = ['unsendable', 'stopped', 'alone'].includes(kind) ? 'echo' : kind
  const argument = kind === 'unsendable' ? () => undefined : kind === 'rest' ? 1 : index
  const options = kind === 'stopped' ? { signal } : kind === 'alone' ? { onOutput: () => undefined } : {}
  try {
    const { value } = await pool.run(job(name, argument), options)
    return kind === 'rest' || value === index ? 'value' : `another's value: ${value}`
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return code ?? message
  }
}

function stopper(): { readonly signal: AbortSignal; readonly stop: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, stop: () => controller.abort(new Error('stopped')) }
}

test('every job ends once and as itself, whatever the jobs around it do', async () => {
  const anyKinds = fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(anyKinds, fc.integer({ min: 1, max: 3 }), async (list, maxWorkersThread) => {
      await using pool = openPool({ maxWorkersThread, recycleAfterJobs: 50 })
      // Known to be short, so that they are sent ahead.
      await Promise.all(Array.from({ length: 40 }, () => pool.run(job('nothing'))))
      const ends = await Promise.all(list.map((kind, index) => endOf(pool, kind, index)))
      assert.deepEqual(
        ends,
        list.map((kind) => expected[kind]),
      )
    }),
    { numRuns: 12 },
  )
})
