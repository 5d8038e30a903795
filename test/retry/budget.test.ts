import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RetryBudget, retry } from '../../src/retry/retry.ts'
import { FakeClock } from '../fake-clock.ts'

const second = 1_000

/**
 * A herd: each caller asks once a second for 20 s, and tries each question three times. The server fails for the first
 * 10 s. How many requests it gets in that time, for each one that it would get from callers that never try again.
 */
async function loadOf(callers: number, budgets: readonly RetryBudget[]): Promise<number> {
  const clock = new FakeClock()
  let asked = 0
  let requests = 0
  const server = async (): Promise<string> => {
    if (clock.monotonic() >= 10 * second) return 'well'
    requests += 1
    throw Object.assign(new Error('overloaded'), { status: 503 })
  }
  const caller = async (index: number): Promise<void> => {
    const budget = budgets[index % Math.max(1, budgets.length)]
    for (let round = 0; round < 20; round += 1) {
      await clock.sleep(second)
      if (clock.monotonic() < 10 * second) asked += 1
      const config = { strategy: 'fixed', minDelayMs: 100, clock, ...(budget && { budget }) } as const
      await retry(server, config).catch(() => undefined)
    }
  }
  const all = Array.from({ length: callers }, (_, index) => caller(index))
  for (let passed = 0; passed < 60; passed += 1) await clock.pass(second)
  await Promise.all(all)
  return requests / asked
}

test('a herd of 1,000 clients asks a failing server less than 1.2 times as often with a budget, 3 times without', async (context) => {
  const without = await loadOf(1_000, [])
  const shared = await loadOf(1_000, [new RetryBudget()])
  const inTwentyProcesses = await loadOf(
    1_000,
    Array.from({ length: 20 }, () => new RetryBudget()),
  )
  context.diagnostic(
    `load: ${without.toFixed(2)} without, ${shared.toFixed(3)} with one budget, ${inTwentyProcesses.toFixed(3)} with one in each of 20 processes`,
  )
  assert.ok(without > 2.9)
  assert.ok(shared < 1.2)
  assert.ok(inTwentyProcesses < 1.2)
})

test('a few failures are retried all the same, and success fills the budget again', async () => {
  const budget = new RetryBudget({ tokens: 30, cost: 10, refund: 1 })
  let calls = 0
  const flaky = async (): Promise<void> => {
    calls += 1
    if (calls % 2 === 1) throw new Error('once')
  }
  for (let round = 0; round < 100; round += 1) await retry(flaky, { minDelayMs: 0, budget })
  assert.equal(budget.tokens, 30)
  const broken = (): Promise<never> => Promise.reject(new Error('down'))
  await assert.rejects(retry(broken, { minDelayMs: 0, maxAttempts: 9, budget }))
  assert.equal(budget.tokens, 0)
  for (let round = 0; round < 10; round += 1) await retry(async () => undefined, { budget })
  assert.equal(budget.tokens, 10)
})

test('an answer that asks for fewer requests costs less than an error', () => {
  const budget = new RetryBudget()
  budget.take({ error: new Error('down') })
  budget.take({ value: new Response(null, { status: 429 }) })
  assert.equal(budget.tokens, 500 - 14 - 5)
})

test('whatever happens, a budget holds from nothing to all it can', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1_000, noNaN: true }),
      fc.double({ min: 0.1, max: 50, noNaN: true }),
      fc.array(fc.boolean(), { maxLength: 200 }),
      (tokens, cost, steps) => {
        const budget = new RetryBudget({ tokens, cost })
        let spent = 0
        for (const isRetry of steps) {
          if (isRetry) spent = budget.take({ error: null }) ?? 0
          else budget.give(spent)
          assert.ok(budget.tokens >= 0 && budget.tokens <= budget.capacity)
        }
      },
    ),
  )
})
