import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { retry } from '../../src/retry/retry.ts'
import { FakeClock, settle } from '../fake-clock.ts'

const failing =
  (times: number) =>
  async ({ attempt }: { readonly attempt: number }) => {
    if (attempt <= times) throw new Error(`attempt ${attempt} failed`)
    return attempt
  }

test('a function that succeeds is called once', async () => {
  assert.equal(await retry(failing(0)), 1)
})

test('the error of the last attempt is thrown as it is', async () => {
  const errors: Error[] = []
  const attempt = async (): Promise<never> => {
    const error = new Error('again')
    errors.push(error)
    throw error
  }
  await assert.rejects(retry(attempt, { minDelayMs: 0 }), (error) => error === errors[2])
  assert.equal(errors.length, 3)
})

const waits = {
  fixed: [100, 100, 100, 100],
  linear: [100, 200, 300, 350],
  exponential: [100, 200, 350, 350],
  randomExponential: [50, 100, 175, 175],
} as const

for (const [strategy, expected] of Object.entries(waits)) {
  test(`${strategy} waits ${expected.join(', ')} ms, capped at 350`, async () => {
    const clock = new FakeClock()
    const ended = retry(failing(4), {
      strategy: strategy as keyof typeof waits,
      maxAttempts: 5,
      minDelayMs: 100,
      maxDelayMs: 350,
      clock,
      random: () => 0.5,
    })
    await clock.pass(10_000)
    assert.equal(await ended, 5)
    assert.deepEqual(clock.sleeps, expected)
  })
}

test('a zero wait does not sleep', async () => {
  const clock = new FakeClock()
  assert.equal(await retry(failing(2), { minDelayMs: 0, strategy: 'fixed', clock }), 3)
  assert.deepEqual(clock.sleeps, [])
})

test('an abort ends a wait at once with its reason and starts no attempt', async () => {
  const clock = new FakeClock()
  const stop = new AbortController()
  let calls = 0
  const ended = retry(
    async () => {
      calls += 1
      throw new Error('no')
    },
    { clock, signal: stop.signal },
  )
  const reason = new Error('stopped by hand')
  await settle()
  stop.abort(reason)
  await assert.rejects(ended, reason)
  assert.equal(calls, 1)
  assert.equal(clock.sleeping, 0)
})

test('a wait that would end after the total time is not begun', async () => {
  const clock = new FakeClock()
  const ended = assert.rejects(
    retry(failing(9), { strategy: 'fixed', minDelayMs: 400, maxAttempts: 9, totalTimeoutMs: 1_000, clock }),
    /attempt 3 failed/,
  )
  await clock.pass(5_000)
  await ended
  // The others are the limits of the attempts.
  assert.deepEqual(
    clock.sleeps.filter((ms) => ms === 400),
    [400, 400],
  )
})

test('values can ask for another attempt, and the last one is returned', async () => {
  const told: (number | null)[] = []
  const value = await retry(async ({ attempt }) => attempt * 10, {
    minDelayMs: 0,
    shouldRetry: (end) => 'value' in end && end.value < 100,
    onEvent: (event) => {
      if (event.type === 'attempt-ended') told.push(event.nextInMs)
    },
  })
  assert.equal(value, 30)
  assert.deepEqual(told, [0, 0, null])
})

test('settings that could not be meant are refused before the first attempt', async () => {
  const wrong = [
    { maxAttempts: 0 },
    { maxAttempts: 1.5 },
    { maxAttempts: Number.POSITIVE_INFINITY },
    { minDelayMs: -1 },
    { minDelayMs: Number.NaN },
    { maxDelayMs: Number.POSITIVE_INFINITY },
    { minDelayMs: 10, maxDelayMs: 5 },
    { totalTimeoutMs: -1 },
    { strategy: 'sometimes' as 'fixed' },
  ]
  for (const config of wrong) {
    let called = false
    const attempt = async (): Promise<void> => {
      called = true
    }
    await assert.rejects(retry(attempt, config), { code: 'OPTION_INVALID' }, JSON.stringify(config))
    assert.equal(called, false)
  }
})

test('no wait is longer than its cap, whatever the strategy and the number of failures', async () => {
  const strategy = fc.constantFrom('fixed', 'linear', 'exponential', 'randomExponential' as const)
  await fc.assert(
    fc.asyncProperty(
      strategy,
      fc.nat(1_000),
      fc.nat(5_000),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      async (kind, min, extra, chance) => {
        const clock = new FakeClock()
        const config = {
          strategy: kind,
          minDelayMs: min,
          maxDelayMs: min + extra,
          maxAttempts: 12,
          clock,
          random: () => chance,
        }
        const ended = retry(failing(11), config as Parameters<typeof retry>[1])
        await clock.pass(12 * 6_000)
        await ended
        assert.ok(clock.sleeps.every((ms) => ms >= 0 && ms <= min + extra))
      },
    ),
    { numRuns: 30 },
  )
})
