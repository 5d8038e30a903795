import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { attemptsOf, RetryBudget, type RetryConfig, retry } from '../../src/retry/retry.ts'
import { FakeClock } from '../fake-clock.ts'

const numbers = [-1, Number.NaN, Number.NEGATIVE_INFINITY, '5', null, {}, 5n]
const of = (option: string, values: readonly unknown[]) => values.map((value) => ({ [option]: value }))

const refusedConfigs: readonly Record<string, unknown>[] = [
  ...of(
    'maxAttempts',
    [0, 1.5, Number.POSITIVE_INFINITY, ...numbers].filter((value) => value !== null),
  ),
  ...of(
    'minDelayMs',
    numbers.filter((value) => value !== null),
  ),
  ...of('maxDelayMs', [Number.POSITIVE_INFINITY, ...numbers.filter((value) => value !== null)]),
  ...of('attemptTimeoutMs', [0, -1, Number.NaN]),
  ...of('totalTimeoutMs', [-1, Number.NaN]),
  ...of('memoryLimitMb', [0, -1, Number.NaN]),
  ...of('maxPayloadSizeMb', [0, -1, Number.NaN]),
  ...of('strategy', ['sometimes', 'constructor', 5, {}, true]),
  ...of('jitter', ['some', 'toString', 5, {}]),
  ...of('signal', ['no', {}]),
  ...of('budget', [{}, 5, 'none']),
  ...of('shouldRetry', [true, 'yes']),
  ...of('cleanup', [true]),
  ...of('onEvent', [{}]),
  ...of('memory', [{}, 85]),
  ...of('idempotencyKey', [5]),
  { minDelayMs: 10, maxDelayMs: 5 },
  { attemptTimeoutMs: 100, totalTimeoutMs: 50 },
  { strategy: 'decorrelated', jitter: 'full' },
  { strategy: 'randomExponential', jitter: 'equal' },
  { maxAttempt: 3 },
]

for (const config of refusedConfigs) {
  const [[option, value] = []] = Object.entries(config)
  test(`${option} ${typeof value} ${String(value)} is refused with its name before the first attempt`, async () => {
    let calls = 0
    const fn = (): void => {
      calls += 1
    }
    await assert.rejects(retry(fn, config as RetryConfig), (error: { code?: string; message: string }) => {
      assert.equal(error.code, 'OPTION_INVALID')
      assert.ok(error.message.includes(option ?? '?'), error.message)
      return true
    })
    assert.equal(calls, 0)
  })
}

test('a name that was nearly meant is told', async () => {
  await assert.rejects(
    retry(() => 1, { maxAttempt: 3 } as RetryConfig<number>),
    /retry has no option "maxAttempt"; did you mean "maxAttempts"\?/,
  )
})

test('options that are undefined are as good as absent', async () => {
  const config = { maxAttempts: undefined, strategy: undefined, signal: undefined, memory: undefined }
  assert.equal(await retry(() => 1, config as unknown as RetryConfig<number>), 1)
})

test('whatever is passed as settings, it is refused with a code or the function runs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(
        fc.constantFrom(
          'maxAttempts',
          'strategy',
          'minDelayMs',
          'maxDelayMs',
          'jitter',
          'memory',
          'signal',
          'other',
        ),
        fc.anything(),
      ),
      async (config) => {
        try {
          assert.equal(await retry(() => 1, config as RetryConfig<number>), 1)
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'OPTION_INVALID', String(error))
        }
      },
    ),
    { numRuns: 500 },
  )
})

const thrown: readonly unknown[] = [
  undefined,
  null,
  0,
  '',
  'text',
  Symbol('s'),
  5n,
  Object.freeze(new Error('frozen')),
]

for (const value of thrown) {
  test(`${typeof value} ${String(value)} that a function throws is thrown as it is after all attempts`, async () => {
    let calls = 0
    const seen = await retry(
      () => {
        calls += 1
        throw value
      },
      { minDelayMs: 0 },
    ).then(
      () => assert.fail('it was resolved'),
      (error: unknown) => ({ error }),
    )
    assert.equal(seen.error, value)
    assert.equal(calls, 3)
    assert.equal(
      attemptsOf(seen.error)?.attempts,
      typeof value === 'object' && value !== null ? 3 : undefined,
    )
  })
}

test('a revoked proxy can be thrown', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const seen = await retry(() => Promise.reject(proxy), { minDelayMs: 0 }).catch((error: unknown) => ({
    error,
  }))
  assert.equal((seen as { error: unknown }).error, proxy)
})

const hooks: Readonly<Record<string, RetryConfig>> = {
  cleanup: {
    cleanup: () => {
      throw new Error('the hook is wrong')
    },
  },
  'a cleanup that rejects': { cleanup: () => Promise.reject(new Error('the hook is wrong')) },
  shouldRetry: {
    shouldRetry: () => {
      throw new Error('the hook is wrong')
    },
  },
  strategy: {
    strategy: () => {
      throw new Error('the hook is wrong')
    },
  },
  'an iterable': {
    strategy: {
      [Symbol.iterator]: () => {
        throw new Error('the hook is wrong')
      },
    },
  },
  onEvent: { onEvent: () => Promise.reject(new Error('the hook is wrong')) },
}

for (const [name, config] of Object.entries(hooks)) {
  test(`when ${name} throws, both its error and the attempt’s are kept`, async () => {
    const original = new Error('the original')
    await assert.rejects(
      retry(() => Promise.reject(original), { minDelayMs: 0, ...config }),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'RETRY_HOOK_FAILED')
        assert.match(error.message, /the hook is wrong.*the original/)
        const cause = error.cause as SuppressedError
        assert.equal(cause.error.message, 'the hook is wrong')
        assert.equal(cause.suppressed, original)
        assert.equal(attemptsOf(error)?.attempts, 1)
        return true
      },
    )
  })
}

for (const answer of [-1, Number.NaN, '5', undefined, {}]) {
  test(`a strategy that answers ${String(answer)} (${typeof answer}) is told, and the original error kept`, async () => {
    const strategy = (() => answer) as unknown as () => number
    await assert.rejects(
      retry(() => Promise.reject(new Error('first')), { strategy }),
      (error: Error) => {
        assert.match(error.message, /the strategy answered .*expected 0 or more milliseconds.*first/)
        return true
      },
    )
  })
}

test('a wait without end is a wait of maxDelayMs', async () => {
  const clock = new FakeClock()
  const ended = retry(() => Promise.reject(new Error('no')), {
    strategy: () => Number.POSITIVE_INFINITY,
    maxDelayMs: 70,
    clock,
  }).catch(() => undefined)
  await clock.pass(1_000)
  await ended
  assert.deepEqual(clock.sleeps, [70, 70])
})

test('a budget of zero allows the first attempt and no other', async () => {
  let calls = 0
  const fn = (): Promise<never> => {
    calls += 1
    return Promise.reject(new Error('down'))
  }
  await assert.rejects(retry(fn, { minDelayMs: 0, budget: new RetryBudget({ tokens: 0 }) }), /down/)
  assert.equal(calls, 1)
})

for (const options of [
  { tokens: -1 },
  { tokens: Number.NaN },
  { cost: 0 },
  { throttledCost: -1 },
  { refund: Number.NaN },
]) {
  test(`a budget of ${JSON.stringify(options)} is refused`, () => {
    assert.throws(() => new RetryBudget(options), { code: 'OPTION_INVALID' })
  })
}

test('a function that fails at once without a wait does not hold the event loop for ever', async () => {
  const stop = new AbortController()
  setImmediate(() => stop.abort(new Error('enough')))
  const config = { minDelayMs: 0, maxAttempts: Number.POSITIVE_INFINITY, signal: stop.signal }
  await assert.rejects(
    retry(() => {
      throw new Error('no')
    }, config),
    /enough/,
  )
})

for (const answer of [Promise.resolve(false), undefined, 1]) {
  test(`shouldRetry that answers ${String(answer)} is told: it must say true or false at once`, async () => {
    const shouldRetry = (() => answer) as unknown as () => boolean
    await assert.rejects(
      retry(() => Promise.reject(new Error('first')), { shouldRetry }),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'RETRY_HOOK_FAILED')
        assert.match(
          error.message,
          /the answer of shouldRetry is .*, expected true or false, at once.*first/s,
        )
        return true
      },
    )
  })
}

test('what only has the prototype of an answer, of headers or of a promise does no harm', async () => {
  const fakes: readonly object[] = [
    { status: 503, headers: Object.create(Headers.prototype) },
    Object.create(Response.prototype),
    Object.create(ReadableStream.prototype),
  ]
  for (const fake of fakes) {
    const thrown = await retry(() => Promise.reject(fake), { minDelayMs: 0 }).catch((error: unknown) => error)
    assert.equal(thrown, fake)
    await retry(() => fake, { minDelayMs: 0 })
  }
  const thenable = {
    // biome-ignore lint/suspicious/noThenProperty: this is what is tried
    then: () => {
      throw new Error('no promise')
    },
  }
  await assert.rejects(
    retry(() => thenable as unknown as Promise<void>, { minDelayMs: 0 }),
    /no promise/,
  )
})
