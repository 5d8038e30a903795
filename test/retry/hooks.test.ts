import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import {
  Bulkhead,
  CircuitBreaker,
  fallback,
  payloadBytes,
  RetryBudget,
  type RetryConfig,
  retries,
  retry,
  retryCounters,
  timeout,
  wrap,
} from '../../src/retry/retry.ts'
import { FakeClock, settle } from '../fake-clock.ts'

const forever = (): Promise<never> => new Promise(() => undefined)
const failing = (): Promise<never> => Promise.reject(new Error('down'))
const wrong = (): never => {
  throw new Error('wrong')
}

/** Both errors are there. */
const bothErrors =
  (hook: string) =>
  (error: Error & { code: string }): true => {
    assert.equal(error.code, 'RETRY_HOOK_FAILED')
    assert.ok(error.message.startsWith(hook), error.message)
    const { error: own, suppressed } = error.cause as SuppressedError
    assert.deepEqual([own.message, suppressed.message], ['wrong', 'down'])
    return true
  }

for (const hook of ['cleanup', 'onEvent'] as const) {
  test(`a ${hook} without an end is left behind when the operation is aborted`, async () => {
    const stop = new AbortController()
    const ended = assert.rejects(retry(failing, { [hook]: forever, signal: stop.signal }), /stopped by hand/)
    await settle()
    stop.abort(new Error('stopped by hand'))
    await ended
    assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
  })

  test(`a ${hook} without an end is left behind when the time is up, and the error before is told`, async () => {
    const clock = new FakeClock()
    const config = { [hook]: forever, minDelayMs: 0, totalTimeoutMs: 500, clock }
    const ended = assert.rejects(retry(failing, config), (error: Error & { code: string }) => {
      assert.equal(error.code, 'RETRY_TIMEOUT')
      assert.match(error.message, /attempt 1 had ended with: down/)
      return true
    })
    await clock.pass(500)
    await ended
    assert.equal(clock.sleeping, 0)
  })
}

test('a hook that ends leaves no timer and no listener behind', async () => {
  const clock = new FakeClock()
  const { signal } = new AbortController()
  const config = { cleanup: settle, minDelayMs: 0, totalTimeoutMs: 500, signal, clock }
  await assert.rejects(retry(failing, config), /down/)
  assert.equal(clock.sleeping, 0)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('a patient operation waits for its hooks, too', async () => {
  const stop = new AbortController()
  let isOver = false
  const { promise, resolve } = Promise.withResolvers<void>()
  const config = { cleanup: () => promise, signal: stop.signal, waitForAttempt: true }
  const ended = assert.rejects(retry(failing, config), /stopped by hand/).then(() => {
    isOver = true
  })
  await settle()
  stop.abort(new Error('stopped by hand'))
  await settle()
  assert.equal(isOver, false)
  resolve()
  await ended
})

test('what a listener throws has the same code, whatever it was told of', async () => {
  await assert.rejects(
    retry(() => 1, { onEvent: wrong }),
    { code: 'RETRY_HOOK_FAILED', message: 'onEvent threw: wrong' },
  )
  await assert.rejects(retry(failing, { onEvent: wrong }), bothErrors('onEvent'))
})

test('no attempt is begun after the total time, when a hook or a timer took longer', async () => {
  const clock = new FakeClock()
  let calls = 0
  const fn = (): Promise<never> => {
    calls += 1
    return failing()
  }
  const config = {
    cleanup: () => clock.sleep(600),
    waitForAttempt: true,
    minDelayMs: 0,
    totalTimeoutMs: 500,
    clock,
  }
  const ended = assert.rejects(retry(fn, config), { code: 'RETRY_TIMEOUT' })
  await clock.pass(1_000)
  await ended
  assert.equal(calls, 1)
})

for (const chance of [Number.NaN, -0.1, 1, '0.5', undefined]) {
  test(`chance that answers ${String(chance)} is refused, and the numbers stay numbers`, async () => {
    const config = { minDelayMs: 10, random: () => chance } as RetryConfig
    await assert.rejects(retry(failing, config), /the strategy threw: the answer of random is .*: down/)
    assert.ok(Number.isFinite(retryCounters().waitedMs))
  })
}

test('what is no function, no settings or no policy is refused with a code', async () => {
  const code = { code: 'OPTION_INVALID' }
  await assert.rejects(retry(5 as never), code)
  for (const config of [null, 5, 'fast'])
    await assert.rejects(
      retry(() => 1, config as never),
      code,
    )
  for (const policy of [5, null, {}]) assert.throws(() => wrap(policy as never), code)
  for (const opensAt of [null, 5]) assert.throws(() => new CircuitBreaker({ opensAt } as never), code)
  assert.throws(() => new Bulkhead(undefined as never), code)
})

test('a misspelt option of a policy is no default', () => {
  assert.throws(() => new RetryBudget({ token: 5 } as never), /RetryBudget has no option "token".*"tokens"/)
  assert.throws(
    () => new CircuitBreaker({ resetAfter: 5 } as never),
    /no option "resetAfter".*"resetAfterMs"/,
  )
  assert.throws(() => new Bulkhead({ concurrency: 1, queu: 5 } as never), /no option "queu".*"queue"/)
})

test('a judge of a breaker that throws loses no error and ends a probe', async () => {
  const clock = new FakeClock()
  let isFailure: () => boolean = () => true
  const breaker = new CircuitBreaker({
    opensAt: { consecutive: 1 },
    resetAfterMs: 100,
    isFailure: () => isFailure(),
    clock,
  })
  await assert.rejects(breaker.run(failing), /^Error: down$/)
  await clock.pass(100)
  isFailure = wrong
  await assert.rejects(breaker.run(failing), bothErrors('isFailure'))
  assert.equal(breaker.state, 'open')
})

test('a fallback whose question throws keeps the error, and one without an end ends with the signal', async () => {
  await assert.rejects(fallback(() => 1, { when: wrong }).run(failing), bothErrors('when'))
  const stop = new AbortController()
  const ended = assert.rejects(fallback(forever).run(failing, { signal: stop.signal }), /stopped by hand/)
  await settle()
  stop.abort(new Error('stopped by hand'))
  await ended
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
})

test('an object with a JSON form of its own has the size of that', () => {
  for (const value of [
    { toJSON: () => 'x'.repeat(100) },
    new Date(0),
    { at: new URL('http://127.0.0.1/a') },
  ]) {
    assert.equal(payloadBytes(value), JSON.stringify(value).length)
  }
  const self = { name: 'abc', toJSON: (): unknown => self }
  const hostile = { toJSON: wrong }
  assert.ok((payloadBytes(self) ?? 0) >= 14)
  assert.equal(payloadBytes(hostile), 0)
})

test('the answer of an operation that keeps too much is let go: nobody gets it', async () => {
  const kept: Buffer[] = []
  const body = new Readable({ read: () => undefined })
  await settle()
  const fn = (): Readable => {
    kept.push(Buffer.alloc(80 * 2 ** 20, 1))
    return body
  }
  await assert.rejects(retry(fn, { memoryLimitMb: 1 }), { code: 'RETRY_MEMORY_EXCEEDED' })
  assert.equal(body.destroyed, true)
  assert.equal(kept.length, 1)
})

test('refused payloads and calls that are out of time are counted', async () => {
  const before = retryCounters()
  await assert.rejects(retry(() => 1, { payload: Buffer.alloc(2 ** 20 + 1), maxPayloadSizeMb: 1 }))
  const clock = new FakeClock()
  const late = assert.rejects(timeout(100, { clock }).run(forever), { code: 'RETRY_TIMEOUT' })
  await clock.pass(100)
  await late
  const after = retryCounters()
  assert.equal(after.refusedPayloads - before.refusedPayloads, 1)
  assert.equal(after.timeouts - before.timeouts, 1)
})

test('a policy listens to the signal of its settings and to that of the call', async () => {
  for (const which of [0, 1]) {
    const stops = [new AbortController(), new AbortController()] as const
    const policy = retries({ signal: stops[0].signal })
    const ended = assert.rejects(policy.run(forever, { signal: stops[1].signal }), /stopped by hand/)
    stops[which as 0 | 1].abort(new Error('stopped by hand'))
    await ended
  }
})

test('a signal that is asked for after the abort is aborted', async () => {
  const stop = new AbortController()
  const fn = async (context: { readonly signal: AbortSignal }): Promise<boolean> => {
    await settle()
    return context.signal.aborted
  }
  const ended = retry(fn, { signal: stop.signal, waitForAttempt: true })
  stop.abort()
  assert.equal(await ended, true)
})
