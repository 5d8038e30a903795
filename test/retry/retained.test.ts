import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retry } from '../../src/retry/retry.ts'
import { collectGarbage } from '../collect-garbage.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a million successful calls leave less than 0.1 B each behind', async () => {
  const nothing = async (): Promise<void> => {}
  const config = { minDelayMs: 5, maxAttempts: 4 }
  const many = async (count: number): Promise<number> => {
    for (let call = 0; call < count; call += 1) await retry(nothing, config)
    for (let round = 0; round < 2; round += 1) {
      await turn()
      collectGarbage()
    }
    return process.memoryUsage().heapUsed
  }
  await many(300_000)
  const before = await many(100_000)
  const grown = (await many(1_000_000)) - before
  assert.ok(grown < 100_000, `${grown} B`)
})
