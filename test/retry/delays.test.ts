import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Jitter, type RetryConfig, retry } from '../../src/retry/retry.ts'
import { FakeClock } from '../fake-clock.ts'

/** The waits of an operation that fails six times. */
async function waitsOf(config: RetryConfig<number>): Promise<readonly number[]> {
  const clock = new FakeClock()
  const failing = async ({ attempt }: { readonly attempt: number }): Promise<number> => {
    if (attempt <= 6) throw new Error(`attempt ${attempt} failed`)
    return attempt
  }
  const ended = retry(failing, { maxAttempts: 7, random: () => 0.5, ...config, clock }).catch(() => 0)
  await clock.pass(10_000_000)
  await ended
  return clock.sleeps
}

const jitters: Readonly<Record<Jitter, readonly number[]>> = {
  none: [100, 200, 400, 800, 1_000, 1_000],
  full: [50, 100, 200, 400, 500, 500],
  equal: [75, 150, 300, 600, 750, 750],
  // Half way between the wait and three times the one before.
  decorrelated: [200, 400, 800, 1_000, 1_000, 1_000],
}

for (const [jitter, expected] of Object.entries(jitters)) {
  test(`exponential waits with the jitter "${jitter}" are ${expected.join(', ')} ms when chance is a half`, async () => {
    const config = { strategy: 'exponential', minDelayMs: 100, maxDelayMs: 1_000 } as const
    assert.deepEqual(await waitsOf({ ...config, jitter: jitter as Jitter }), expected)
  })
}

test('decorrelated waits are even between the first wait and three times the one before', async () => {
  const config = { strategy: 'decorrelated', minDelayMs: 100, maxDelayMs: 2_000 } as const
  assert.deepEqual(await waitsOf({ ...config, random: () => 0 }), [100, 100, 100, 100, 100, 100])
  assert.deepEqual(
    await waitsOf({ ...config, random: () => 0.999_999 }).then((all) => all.map(Math.round)),
    [300, 900, 2_000, 2_000, 2_000, 2_000],
  )
})

test('without settings waits are spread between 0 and 1 s, then 2 s', async () => {
  assert.deepEqual((await waitsOf({})).slice(0, 2), [500, 1_000])
})

test('waits of one’s own are used as they are, and their end is the end of the attempts', async () => {
  assert.deepEqual(await waitsOf({ strategy: [10, 20, 0, 30] }), [10, 20, 30])
  assert.deepEqual(await waitsOf({ strategy: new Set([7]) }), [7])
  assert.deepEqual(await waitsOf({ strategy: [] }), [])
})

test('waits of one’s own are capped and jittered as all others', async () => {
  assert.deepEqual(await waitsOf({ strategy: [40_000, 100], jitter: 'full', maxDelayMs: 1_000 }), [500, 50])
})

test('a generator of waits is closed when the operation ends before it', async () => {
  let isClosed = false
  function* waits(): Generator<number, void> {
    try {
      for (;;) yield 5
    } finally {
      isClosed = true
    }
  }
  assert.deepEqual(await waitsOf({ strategy: waits(), maxAttempts: 3 }), [5, 5])
  assert.equal(isClosed, true)
})

test('a function of waits gets the attempt, the error and the time since the beginning; null ends it', async () => {
  const seen: unknown[] = []
  const waits = await waitsOf({
    strategy: (attempt, error, elapsedMs) => {
      seen.push([attempt, (error as Error).message, elapsedMs])
      return attempt < 3 ? attempt * 100 : null
    },
  })
  assert.deepEqual(waits, [100, 200])
  assert.deepEqual(seen, [
    [1, 'attempt 1 failed', 0],
    [2, 'attempt 2 failed', 100],
    [3, 'attempt 3 failed', 300],
  ])
})

const anyRule = fc.record({
  strategy: fc.constantFrom('fixed', 'linear', 'exponential', 'randomExponential', 'decorrelated' as const),
  jitter: fc.constantFrom('none', 'full', 'equal', 'decorrelated' as const),
  minDelayMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
  extra: fc.double({ min: 0, max: 1e12, noNaN: true }),
})

test('whatever the rule and chance, every wait is a number from 0 to the cap', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyRule,
      fc.infiniteStream(fc.double({ min: 0, max: 0.999_999, noNaN: true })),
      async (rule, chances) => {
        const { strategy, minDelayMs, extra } = rule
        const hasOwn = strategy === 'decorrelated' || strategy === 'randomExponential'
        const jitter = hasOwn ? 'none' : rule.jitter
        const maxDelayMs = minDelayMs + extra
        const waits: (number | null)[] = []
        const clock = {
          ...new FakeClock(),
          now: () => 0,
          uptime: () => 0,
          monotonic: () => 0,
          every: new FakeClock().every,
          sleep: async () => undefined,
        }
        const config: RetryConfig = {
          strategy,
          jitter,
          minDelayMs,
          maxDelayMs,
          maxAttempts: 60,
          memoryLimitMb: Number.POSITIVE_INFINITY,
          memory: null,
          random: () => chances.next().value,
          clock,
          onEvent: (event) => void (event.type === 'attempt-ended' && waits.push(event.nextInMs)),
        }
        await assert.rejects(
          retry(() => Promise.reject(new Error('no')), config),
          /no/,
        )
        assert.equal(waits.pop(), null)
        assert.equal(waits.length, 59)
        assert.ok(waits.every((ms) => ms !== null && ms >= 0 && ms <= maxDelayMs))
      },
    ),
    { numRuns: 100 },
  )
})
