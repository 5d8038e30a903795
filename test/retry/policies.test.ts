import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  Bulkhead,
  CircuitBreaker,
  type CircuitState,
  fallback,
  type OpensAt,
  type Policy,
  retries,
  retryCounters,
  timeout,
  wrap,
} from '../../src/retry/retry.ts'
import { FakeClock, settle } from '../fake-clock.ts'

const down = (): Promise<never> => Promise.reject(new Error('down'))
const well = (): Promise<string> => Promise.resolve('well')
const forever = (): Promise<never> => new Promise(() => undefined)

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'well',
    (error: { readonly code?: string; readonly message: string }) => error.code ?? error.message,
  )
}

test('a breaker opens after failures in a row, lets one call try after its time, and closes when that succeeds', async () => {
  const clock = new FakeClock()
  const states: CircuitState[] = []
  const breaker = new CircuitBreaker({
    opensAt: { consecutive: 3 },
    resetAfterMs: 1_000,
    clock,
    onChange: (state) => {
      states.push(state)
      throw new Error('telling is not part of the call')
    },
  })
  assert.equal(await codeOf(breaker.run(down)), 'down')
  assert.equal(await codeOf(breaker.run(down)), 'down')
  assert.equal(await codeOf(breaker.run(well)), 'well')
  for (let call = 0; call < 3; call += 1) assert.equal(await codeOf(breaker.run(down)), 'down')
  assert.equal(breaker.state, 'open')
  assert.equal(await codeOf(breaker.run(well)), 'RETRY_CIRCUIT_OPEN')
  await clock.pass(999)
  await assert.rejects(
    breaker.run(well),
    /the call was not made: the circuit is open, it tries again in 1 ms/,
  )
  await clock.pass(1)
  assert.equal(await codeOf(breaker.run(down)), 'down')
  assert.equal(await codeOf(breaker.run(well)), 'RETRY_CIRCUIT_OPEN')
  await clock.pass(1_000)
  assert.equal(await codeOf(breaker.run(well)), 'well')
  assert.deepEqual(states, ['open', 'half-open', 'open', 'half-open', 'closed'])
})

test('of a hundred callers at the half-open moment exactly one goes through', async () => {
  const clock = new FakeClock()
  const breaker = new CircuitBreaker({ opensAt: { consecutive: 1 }, resetAfterMs: 50, clock })
  await codeOf(breaker.run(down))
  await clock.pass(50)
  let calls = 0
  const probe = async (): Promise<string> => {
    calls += 1
    await settle()
    return 'well'
  }
  const codes = await Promise.all(Array.from({ length: 100 }, () => codeOf(breaker.run(probe))))
  assert.equal(calls, 1)
  assert.equal(codes.filter((code) => code === 'well').length, 1)
  assert.equal(codes.filter((code) => code === 'RETRY_CIRCUIT_OPEN').length, 99)
  assert.equal(breaker.state, 'closed')
})

test('a probe whose caller has left says nothing, one without an end is followed by another', async () => {
  const clock = new FakeClock()
  const breaker = new CircuitBreaker({ opensAt: { consecutive: 1 }, resetAfterMs: 50, clock })
  await codeOf(breaker.run(down))
  await clock.pass(50)
  const stop = new AbortController()
  const left = codeOf(
    breaker.run(
      ({ signal }) => {
        stop.abort(new Error('left'))
        throw signal.reason
      },
      { signal: stop.signal },
    ),
  )
  assert.equal(await left, 'left')
  assert.equal(breaker.state, 'open')
  breaker.run(forever).catch(() => undefined)
  assert.equal(breaker.state, 'half-open')
  assert.equal(await codeOf(breaker.run(well)), 'RETRY_CIRCUIT_OPEN')
  await clock.pass(50)
  assert.equal(await codeOf(breaker.run(well)), 'well')
  assert.equal(breaker.state, 'closed')
})

test('the end of a call that began before the breaker opened does not close it', async () => {
  const clock = new FakeClock()
  const breaker = new CircuitBreaker({ opensAt: { consecutive: 1 }, resetAfterMs: 50, clock })
  const slow = Promise.withResolvers<string>()
  const late = breaker.run(() => slow.promise)
  await codeOf(breaker.run(down))
  await clock.pass(50)
  const probe = Promise.withResolvers<string>()
  const probing = codeOf(breaker.run(() => probe.promise))
  slow.resolve('well')
  assert.equal(await late, 'well')
  assert.equal(breaker.state, 'half-open')
  probe.reject(new Error('still down'))
  await probing
  assert.equal(breaker.state, 'open')
})

test('a breaker isolated by hand refuses until everybody who isolated it has let go', async () => {
  const breaker = new CircuitBreaker()
  const one = breaker.isolate()
  {
    using _other = breaker.isolate()
    one[Symbol.dispose]()
    one[Symbol.dispose]()
    assert.equal(breaker.state, 'isolated')
    assert.equal(await codeOf(breaker.run(well)), 'RETRY_CIRCUIT_OPEN')
  }
  assert.equal(breaker.state, 'closed')
  assert.equal(await breaker.run(well), 'well')
})

test('what is no fault of the other side does not open a breaker, an answer of 503 does', async () => {
  const breaker = new CircuitBreaker({ opensAt: { consecutive: 1 } })
  await codeOf(breaker.run(() => Promise.reject(new TypeError('ours'))))
  await codeOf(breaker.run(() => Promise.reject(Object.assign(new Error('missing'), { status: 404 }))))
  await codeOf(breaker.run(() => Promise.reject(new DOMException('left', 'AbortError'))))
  assert.equal(breaker.state, 'closed')
  await breaker.run(async () => new Response(null, { status: 503 }))
  assert.equal(breaker.state, 'open')
})

/** Whether each of these ends opens a breaker, one call every `everyMs`. */
async function opensAfter(opensAt: OpensAt, ends: readonly boolean[], everyMs = 0): Promise<number | null> {
  const clock = new FakeClock()
  const breaker = new CircuitBreaker({ opensAt, clock })
  for (const [index, isFailure] of ends.entries()) {
    await codeOf(breaker.run(isFailure ? down : well))
    if (breaker.state === 'open') return index + 1
    if (everyMs > 0) await clock.pass(everyMs)
  }
  return null
}

test('windows of calls open when enough of the last ones failed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.boolean(), { maxLength: 60 }),
      async (one, other, ends) => {
        const [failures, of] = [Math.min(one, other), Math.max(one, other)]
        const expected = ends.findIndex(
          (_, index) => ends.slice(Math.max(0, index + 1 - of), index + 1).filter(Boolean).length >= failures,
        )
        assert.equal(await opensAfter({ failures, of }, ends), expected < 0 ? null : expected + 1)
      },
    ),
  )
})

test('windows of time open at their share of at least so many calls, and forget what is long ago', async () => {
  const opensAt = { share: 0.5, withinMs: 1_000, atLeast: 4 }
  assert.equal(await opensAfter(opensAt, [true, true, true]), null)
  assert.equal(await opensAfter(opensAt, [true, true, false, false]), 4)
  assert.equal(await opensAfter(opensAt, [true, false, false, false, false]), null)
  assert.equal(await opensAfter(opensAt, Array(50).fill(true), 400), null)
  assert.equal(await opensAfter(opensAt, Array(50).fill(true), 200), 4)
})

const wrongBreakers: readonly object[] = [
  { opensAt: { consecutive: 0 } },
  { opensAt: { failures: 3, of: 2 } },
  { opensAt: { failures: 1, of: 1e9 } },
  { opensAt: { share: 0, withinMs: 1, atLeast: 1 } },
  { opensAt: { share: 0.5, withinMs: Number.NaN, atLeast: 1 } },
  { opensAt: { share: 0.5, withinMs: 1, atLeast: 0.5 } },
  { opensAt: {} },
  { resetAfterMs: -1 },
  { resetAfterMs: Number.POSITIVE_INFINITY },
]
for (const options of wrongBreakers) {
  test(`a breaker of ${JSON.stringify(options)} is refused`, () => {
    assert.throws(() => new CircuitBreaker(options), { code: 'OPTION_INVALID' })
  })
}

test('a bulkhead runs so many at once, queues so many in order, and refuses the rest', async () => {
  const bulkhead = new Bulkhead({ concurrency: 2, queue: 2 })
  const order: number[] = []
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>())
  const calls = gates.map((gate, index) =>
    codeOf(
      bulkhead.run(async () => {
        order.push(index)
        await gate.promise
      }),
    ),
  )
  assert.equal(await calls[4], 'RETRY_BULKHEAD_FULL')
  assert.deepEqual([bulkhead.running, bulkhead.waiting], [2, 2])
  assert.deepEqual(order, [0, 1])
  for (const { resolve } of gates) resolve()
  await Promise.all(calls)
  assert.deepEqual(order, [0, 1, 2, 3])
  assert.deepEqual([bulkhead.running, bulkhead.waiting], [0, 0])
})

test('an abort leaves the queue at once and frees its place in it', async () => {
  const bulkhead = new Bulkhead({ concurrency: 1, queue: 1 })
  const gate = Promise.withResolvers<void>()
  const first = bulkhead.run(() => gate.promise)
  const stop = new AbortController()
  const waiting = codeOf(bulkhead.run(well, { signal: stop.signal }))
  stop.abort(new Error('left'))
  assert.equal(await waiting, 'left')
  assert.equal(bulkhead.waiting, 0)
  const next = bulkhead.run(well)
  gate.resolve()
  await first
  assert.equal(await next, 'well')
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
})

test('whatever ends how and when, no more than so many calls run and none is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.record({ turns: fc.nat(3), fails: fc.boolean(), aborts: fc.boolean() }), { maxLength: 30 }),
      async (concurrency, plan) => {
        const bulkhead = new Bulkhead({ concurrency, queue: Number.POSITIVE_INFINITY })
        let running = 0
        let most = 0
        const calls = plan.map(({ turns, fails, aborts }) => {
          const stop = new AbortController()
          const call = bulkhead.run(
            async () => {
              running += 1
              most = Math.max(most, running)
              for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
              running -= 1
              if (fails) throw new Error('down')
            },
            { signal: stop.signal },
          )
          if (aborts) stop.abort(new Error('left'))
          return call
        })
        await Promise.allSettled(calls)
        assert.ok(most <= concurrency)
        assert.deepEqual([bulkhead.running, bulkhead.waiting, running], [0, 0, 0])
      },
    ),
  )
})

for (const options of [
  { concurrency: 0 },
  { concurrency: 1.5 },
  { concurrency: 1, queue: -1 },
  { concurrency: 1, queue: Number.NaN },
]) {
  test(`a bulkhead of ${JSON.stringify(options)} is refused`, () => {
    assert.throws(() => new Bulkhead(options), { code: 'OPTION_INVALID' })
  })
}

test('a timeout ends a call that does not listen, with a code, and leaves nothing behind', async () => {
  const clock = new FakeClock()
  const outer = new AbortController()
  const late = codeOf(timeout(100, { clock }).run(forever, { signal: outer.signal }))
  await clock.pass(100)
  assert.equal(await late, 'RETRY_TIMEOUT')
  assert.equal(await timeout(100, { clock }).run(well, { signal: outer.signal }), 'well')
  const left = codeOf(timeout(100, { clock }).run(forever, { signal: outer.signal }))
  outer.abort(new Error('left'))
  assert.equal(await left, 'left')
  assert.equal(clock.sleeping, 0)
  assert.equal(getEventListeners(outer.signal, 'abort').length, 0)
  for (const ms of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => timeout(ms), { code: 'OPTION_INVALID' })
  }
})

test('a fallback answers for errors, not for aborts, and its own error keeps the first', async () => {
  const policy = fallback((error) => `instead of ${(error as Error).message}`)
  assert.equal(await policy.run(down), 'instead of down')
  assert.equal(await policy.run(well), 'well')
  const stop = AbortSignal.abort(new Error('left'))
  assert.equal(await codeOf(policy.run(down, { signal: stop })), 'left')
  assert.equal(await codeOf(fallback(well, { when: () => false }).run(down)), 'down')
  const wrong = fallback(() => {
    throw new Error('wrong')
  })
  await assert.rejects(wrong.run(down), (error: Error & { code: string }) => {
    assert.equal(error.code, 'RETRY_HOOK_FAILED')
    const { error: own, suppressed } = error.cause as SuppressedError
    assert.deepEqual([own.message, suppressed.message], ['wrong', 'down'])
    return true
  })
})

test('wrapped policies work from the outside in, and the function gets what each of them gives', async () => {
  const clock = new FakeClock()
  const breaker = new CircuitBreaker({ opensAt: { consecutive: 2 }, clock })
  const policy = wrap(
    fallback(() => 'instead'),
    timeout(10_000, { clock }),
    retries({ maxAttempts: 5, strategy: 'fixed', minDelayMs: 100, clock }),
    breaker,
    new Bulkhead({ concurrency: 1 }),
  )
  const seen: unknown[] = []
  const keys = new Set<unknown>()
  const ended = policy.run(({ attempt, idempotencyKey, signal }) => {
    seen.push(attempt, signal instanceof AbortSignal)
    keys.add(idempotencyKey)
    return down()
  })
  await clock.pass(5_000)
  assert.equal(await ended, 'instead')
  // The breaker opened after two, and what it refuses is not tried again.
  assert.deepEqual(seen, [1, true, 2, true])
  assert.equal(keys.size, 1)
  assert.equal(typeof [...keys][0], 'string')
  assert.equal(breaker.state, 'open')
})

test('an abort goes through all layers', async () => {
  const stop = new AbortController()
  const policy = wrap(timeout(60_000), retries(), new CircuitBreaker(), new Bulkhead({ concurrency: 1 }))
  const ended = codeOf(
    policy.run(
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      { signal: stop.signal },
    ),
  )
  await settle()
  stop.abort(new Error('left'))
  assert.equal(await ended, 'left')
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
})

test('two retries in one another are refused, also when one is hidden in a composition', () => {
  assert.throws(() => wrap(retries(), retries()), { code: 'OPTION_INVALID' })
  assert.throws(() => wrap(wrap(retries(), timeout(5)), retries()), /the attempts of two multiply/)
  assert.throws(() => retries({ maxAttempts: 0 }), { code: 'OPTION_INVALID' })
})

test('a composition of nothing calls the function, and a policy of one’s own may be part of one', async () => {
  assert.equal(await wrap().run(({ attempt }) => attempt), 1)
  const own: Policy = {
    run: async (fn, options) =>
      await fn({ attempt: 7, idempotencyKey: undefined, signal: AbortSignal.abort(), ...options }),
  }
  assert.equal(await wrap(own).run(({ attempt }) => attempt), 7)
})

test('a policy has the settings that it was made with, whatever becomes of the object', async () => {
  const config = { maxAttempts: 2, minDelayMs: 0 }
  const policy = retries(config)
  config.maxAttempts = 5
  let calls = 0
  const always = async (): Promise<never> => {
    calls += 1
    throw new Error('not today')
  }
  await assert.rejects(policy.run(always), /not today/)
  assert.equal(calls, 2)
})

test('the settings of a policy are those of its beginning, whatever becomes of the object', async () => {
  const config = { maxAttempts: 2, minDelayMs: 0 }
  const policy = retries(config)
  config.maxAttempts = 5
  let calls = 0
  const fn = (): Promise<never> => {
    calls += 1
    return down()
  }
  assert.equal(await codeOf(policy.run(fn)), 'down')
  assert.equal(await codeOf(policy.run(fn, { signal: new AbortController().signal })), 'down')
  assert.equal(calls, 4)
  await assert.rejects(policy.run(5 as never), { code: 'OPTION_INVALID' })
})

test('refusals of breakers and bulkheads are counted', async () => {
  const before = retryCounters()
  const breaker = new CircuitBreaker()
  breaker.isolate()
  assert.equal(await codeOf(breaker.run(well)), 'RETRY_CIRCUIT_OPEN')
  const bulkhead = new Bulkhead({ concurrency: 1 })
  void bulkhead.run(forever)
  assert.equal(await codeOf(bulkhead.run(well)), 'RETRY_BULKHEAD_FULL')
  const after = retryCounters()
  assert.equal(after.refusedByBreaker - before.refusedByBreaker, 1)
  assert.equal(after.refusedByBulkhead - before.refusedByBulkhead, 1)
})

test('a breaker that has closed again counts its calls anew', async () => {
  const clock = new FakeClock()
  const breaker = new CircuitBreaker({ opensAt: { failures: 2, of: 4 }, resetAfterMs: 100, clock })
  for (const fn of [down, down]) await codeOf(breaker.run(fn))
  await clock.pass(100)
  await breaker.run(well)
  await codeOf(breaker.run(down))
  assert.equal(breaker.state, 'closed')
})

test('a breaker that is isolated by two is told of once, and once when both have let go', () => {
  const told: CircuitState[] = []
  const breaker = new CircuitBreaker({ onChange: (state) => void told.push(state) })
  const both = [breaker.isolate(), breaker.isolate()]
  for (const one of both) one[Symbol.dispose]()
  assert.deepEqual(told, ['isolated', 'closed'])
})

test('what happens to a breaker while it is isolated is told of when it no longer is', async () => {
  const told: CircuitState[] = []
  const breaker = new CircuitBreaker({
    opensAt: { consecutive: 1 },
    onChange: (state) => void told.push(state),
  })
  const { promise, reject } = Promise.withResolvers<never>()
  const call = codeOf(breaker.run(() => promise))
  const isolation = breaker.isolate()
  reject(new Error('down'))
  await call
  assert.deepEqual(told, ['isolated'])
  isolation[Symbol.dispose]()
  assert.deepEqual(told, ['isolated', 'open'])
})
