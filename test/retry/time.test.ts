import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { attemptsOf, type RetryEvent, retry } from '../../src/retry/retry.ts'
import { FakeClock, settle } from '../fake-clock.ts'

const forever = (): Promise<never> => new Promise(() => undefined)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const failing = (): Promise<never> => Promise.reject(new Error('down'))

test('an attempt that is out of time is told, left behind and followed by the next', async () => {
  const clock = new FakeClock()
  const reasons: unknown[] = []
  const ended = retry(
    ({ attempt, signal }) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason.code))
      return attempt < 3 ? forever() : Promise.resolve(attempt)
    },
    { attemptTimeoutMs: 50, minDelayMs: 0, clock },
  )
  await clock.pass(1_000)
  assert.equal(await ended, 3)
  assert.deepEqual(reasons, ['RETRY_TIMEOUT', 'RETRY_TIMEOUT'])
  assert.equal(clock.sleeping, 0)
})

test('an attempt that ended in time leaves no timer behind', async () => {
  const clock = new FakeClock()
  assert.equal(
    await retry(({ attempt }) => attempt, { attemptTimeoutMs: 60_000, totalTimeoutMs: 90_000, clock }),
    1,
  )
  await assert.rejects(retry(failing, { minDelayMs: 0, attemptTimeoutMs: 60_000, clock }), /down/)
  assert.equal(clock.sleeping, 0)
})

test('the end of the whole time ends a running attempt, and says what failed before', async () => {
  const clock = new FakeClock()
  const ended = assert.rejects(
    retry(({ attempt }) => (attempt === 1 ? failing() : forever()), {
      strategy: 'fixed',
      minDelayMs: 100,
      totalTimeoutMs: 1_000,
      clock,
    }),
    (error: Error & { code: string }) => {
      assert.equal(error.code, 'RETRY_TIMEOUT')
      assert.equal(
        error.message,
        'no end within 1.0 s: attempt 2 was under way; attempt 1 had ended with: down',
      )
      assert.equal(attemptsOf(error)?.records.length, 2)
      return true
    },
  )
  await clock.pass(10_000)
  await ended
  assert.equal(clock.monotonic(), 10_000)
})

test('a wait that could not help is not begun: the last error comes at once', async () => {
  const clock = new FakeClock()
  const stops: unknown[] = []
  const onEvent = (event: RetryEvent): void => {
    if (event.type === 'attempt-ended') stops.push(event.stop)
  }
  const config = { strategy: 'fixed', minDelayMs: 100, totalTimeoutMs: 100, clock, onEvent } as const
  await assert.rejects(retry(failing, config), /down/)
  assert.deepEqual(stops, ['time'])
})

test('a function that does not listen to its signal is left behind when it is aborted', async () => {
  const stop = new AbortController()
  const ended = assert.rejects(retry(forever, { signal: stop.signal }), /stopped by hand/)
  stop.abort(new Error('stopped by hand'))
  await ended
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
})

test('a patient operation waits for the attempt that it has told to end, and keeps its value', async () => {
  const stop = new AbortController()
  const { promise, resolve } = Promise.withResolvers<string>()
  let isOver = false
  const ended = retry(
    ({ signal }) => {
      signal.addEventListener('abort', () => setImmediate(resolve, 'put away'))
      return promise
    },
    { signal: stop.signal, waitForAttempt: true },
  ).finally(() => {
    isOver = true
  })
  stop.abort()
  await Promise.resolve()
  assert.equal(isOver, false)
  assert.equal(await ended, 'put away')
})

test('an abort before the beginning calls nothing', async () => {
  let calls = 0
  const fn = (): void => {
    calls += 1
  }
  await assert.rejects(retry(fn, { signal: AbortSignal.abort(new Error('before')) }), /before/)
  assert.equal(calls, 0)
})

test('an abort between two attempts, from a hook, is heard before the next one', async () => {
  const stop = new AbortController()
  let calls = 0
  const fn = (): Promise<never> => {
    calls += 1
    return failing()
  }
  const config = { minDelayMs: 0, signal: stop.signal, cleanup: () => stop.abort(new Error('from the hook')) }
  await assert.rejects(retry(fn, config), /from the hook/)
  assert.equal(calls, 1)
})

test('10,000 aborts during a wait settle before the next setImmediate and leave no timer, listener or handle', async () => {
  const before = process.getActiveResourcesInfo().sort()
  let late = 0
  for (let round = 0; round < 10_000; round += 1) {
    const stop = new AbortController()
    let isSettled = false
    const ended = retry(failing, { signal: stop.signal, minDelayMs: 60_000 }).catch(() => {
      isSettled = true
    })
    await turn()
    stop.abort()
    await turn()
    if (!isSettled) late += 1
    await ended
    assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
  }
  assert.equal(late, 0)
  assert.deepEqual(process.getActiveResourcesInfo().sort(), before)
})

test('the key is the same for every attempt of an operation, and another for the next one', async () => {
  const keys: string[] = []
  const fn = ({ idempotencyKey }: { readonly idempotencyKey: string }): Promise<never> => {
    keys.push(idempotencyKey)
    return failing()
  }
  await assert.rejects(retry(fn, { minDelayMs: 0 }))
  await assert.rejects(retry(fn, { minDelayMs: 0 }))
  assert.equal(new Set(keys.slice(0, 3)).size, 1)
  assert.equal(new Set(keys).size, 2)
  assert.match(keys[0] ?? '', /^[0-9a-f]{8}-[0-9a-f-]{27}$/)
  await retry(({ idempotencyKey }) => assert.equal(idempotencyKey, 'mine'), { idempotencyKey: 'mine' })
})

test('the history on the final error has the first and the last nine of any number of attempts', async () => {
  const fn = ({ attempt }: { readonly attempt: number }): never => {
    throw Object.assign(new Error(`${attempt} ${'x'.repeat(10_000)}`), { code: 'ECONNRESET' })
  }
  const error: unknown = await retry(fn, { minDelayMs: 0, maxAttempts: 5_000 }).catch(
    (caught: unknown) => caught,
  )
  const history = attemptsOf(error)
  assert.equal(history?.attempts, 5_000)
  assert.deepEqual(
    history?.records.map(({ attempt }) => attempt),
    [1, 4_992, 4_993, 4_994, 4_995, 4_996, 4_997, 4_998, 4_999, 5_000],
  )
  assert.ok(history?.records.every(({ code, message }) => code === 'ECONNRESET' && message.length === 500))
})

test('the function sees what failed before', async () => {
  const seen = await retry(({ attempt, history }) => (attempt < 3 ? failing() : history), { minDelayMs: 0 })
  assert.deepEqual(
    seen.records.map(({ attempt, message }) => [attempt, message]),
    [
      [1, 'down'],
      [2, 'down'],
    ],
  )
})

test('an attempt that was left behind says nothing more when it ends, neither its value nor its error', async () => {
  const clock = new FakeClock()
  const late = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
  const last = Promise.withResolvers<string>()
  const told: number[] = []
  const ended = retry(({ attempt }) => (late[attempt - 1] ?? last).promise, {
    attemptTimeoutMs: 50,
    minDelayMs: 0,
    clock,
    onEvent: (event) => void (event.type === 'attempt-ended' && told.push(event.attempt)),
  })
  await clock.pass(110)
  late[0]?.resolve('of the first')
  late[1]?.reject(new Error('of the second'))
  await settle()
  last.resolve('of the third')
  assert.equal(await ended, 'of the third')
  assert.deepEqual(told, [1, 2, 3])
  assert.equal(clock.sleeping, 0)
})

test('of a code that is longer than 100 characters the history keeps so many', async () => {
  const long = Object.assign(new Error('down'), { code: 'x'.repeat(1_000), status: 503 })
  for (const error of [long, Object.assign(new Error('down'), { code: 'x'.repeat(1_000) })]) {
    await retry(() => Promise.reject(error), { minDelayMs: 0 }).catch(() => undefined)
    assert.ok(attemptsOf(error)?.records.every(({ code }) => code.length <= 100 && code.length > 0))
  }
})
