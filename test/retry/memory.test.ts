import assert from 'node:assert/strict'
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import {
  type AttemptEnd,
  attemptsOf,
  type MemoryGauge,
  type RetryEvent,
  retry,
  retryCounters,
} from '../../src/retry/retry.ts'
import { collectGarbage } from '../collect-garbage.ts'
import { FakeClock } from '../fake-clock.ts'

const mebibyte = 2 ** 20
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Things of earlier attempts that are alive after a full collection. */
async function aliveOf(refs: readonly WeakRef<object>[]): Promise<number> {
  await turn()
  collectGarbage()
  return refs.filter((ref) => ref.deref() !== undefined).length
}

test('nothing of attempt n is alive in attempt n+1: neither its error with all its causes, nor its context and signal', async () => {
  const refs: WeakRef<object>[] = []
  const alive: number[] = []
  await assert.rejects(
    retry(
      async (context) => {
        alive.push(await aliveOf(refs))
        const body = { bytes: new Uint8Array(mebibyte) }
        const cause = Object.assign(new Error('inner'), { body })
        const error = new Error('outer', { cause })
        refs.push(...[context, context.signal, body, cause, error].map((one) => new WeakRef<object>(one)))
        throw error
      },
      { minDelayMs: 0, maxAttempts: 6, cleanup: () => undefined },
    ),
    /outer/,
  )
  assert.deepEqual(alive, [0, 0, 0, 0, 0, 0])
})

test('the same for values that were not good enough, with and without a wait', async () => {
  for (const minDelayMs of [0, 1]) {
    const refs: WeakRef<object>[] = []
    const alive: number[] = []
    await retry(
      async () => {
        alive.push(await aliveOf(refs))
        const value = { buffer: Buffer.alloc(mebibyte, 1) }
        refs.push(new WeakRef(value))
        return value
      },
      { strategy: 'fixed', minDelayMs, maxAttempts: 5, shouldRetry: () => true, onEvent: () => undefined },
    )
    assert.deepEqual(alive, [0, 0, 0, 0, 0])
  }
})

test('without clean-up the next attempt gets the end of the one before, and the hook does not run', async () => {
  let cleanups = 0
  const previous: unknown[] = []
  const ended = retry(
    ({ attempt, previous: before }) => {
      previous.push(before && 'error' in before && (before.error as Error).message)
      throw new Error(`attempt ${attempt}`)
    },
    {
      minDelayMs: 0,
      cleanupBetweenRetries: false,
      cleanup: () => {
        cleanups += 1
      },
    },
  )
  await assert.rejects(ended, /attempt 3/)
  assert.deepEqual(previous, [undefined, 'attempt 1', 'attempt 2'])
  assert.equal(cleanups, 0)
})

test('the hook runs between two attempts only, with the end that it is to clean up after', async () => {
  const order: string[] = []
  const fn = ({ attempt, previous }: { readonly attempt: number; readonly previous: unknown }): never => {
    order.push(`attempt ${attempt}`)
    assert.equal(previous, undefined)
    throw new Error(`error ${attempt}`)
  }
  const cleanup = async ({
    attempt,
    end,
  }: {
    readonly attempt: number
    readonly end: AttemptEnd
  }): Promise<void> => {
    await turn()
    order.push(`cleanup ${attempt} after ${'error' in end && (end.error as Error).message}`)
  }
  const onEvent = (event: RetryEvent): void => void order.push(event.type)
  await assert.rejects(retry(fn, { minDelayMs: 0, maxAttempts: 2, cleanup, onEvent }), /error 2/)
  assert.deepEqual(order, [
    'attempt 1',
    'attempt-ended',
    'cleanup 1 after error 1',
    'cleaned',
    'attempt 2',
    'attempt-ended',
  ])
})

test('a body that nobody read is cancelled before the next attempt, and a stream destroyed', async () => {
  const cancelled: number[] = []
  const answers: Response[] = []
  const last = await retry(
    ({ attempt }) => {
      const body = new ReadableStream({ cancel: () => void cancelled.push(attempt) }, { highWaterMark: 0 })
      const answer = new Response(body, { status: 503 })
      answers.push(answer)
      return answer
    },
    { minDelayMs: 0 },
  )
  assert.equal(last, answers[2])
  assert.deepEqual(cancelled, [1, 2])
  const streams: Readable[] = []
  await retry(
    () => {
      const body = new Readable({ read: () => undefined })
      streams.push(body)
      return { statusCode: 503, headers: {}, body }
    },
    { minDelayMs: 0 },
  )
  assert.deepEqual(
    streams.map(({ destroyed }) => destroyed),
    [true, true, false],
  )
  streams[2]?.destroy()
})

test('the body of the answer that an error carries is let go, too', async () => {
  const bodies: Readable[] = []
  const fn = (): never => {
    const body = new Readable({ read: () => undefined })
    bodies.push(body)
    throw Object.assign(new Error('HTTP 503'), { response: { status: 503, headers: {}, body } })
  }
  await assert.rejects(retry(fn, { minDelayMs: 0, maxAttempts: 2 }), /HTTP 503/)
  assert.deepEqual(
    bodies.map(({ destroyed }) => destroyed),
    [true, false],
  )
  bodies[1]?.destroy()
})

/** Full of memory until it is told that it is not. */
class Gauge implements MemoryGauge {
  usedBytes = 90
  reads = 0

  read(): { readonly usedBytes: number; readonly loadLineBytes: number } {
    this.reads += 1
    return { usedBytes: this.usedBytes, loadLineBytes: 85 }
  }
}

test('under pressure the first attempt waits for room and is made when there is some', async () => {
  const clock = new FakeClock()
  const memory = new Gauge()
  const told: string[] = []
  const onEvent = (event: RetryEvent): void => {
    if (event.type === 'waiting-for-memory') told.push(event.message)
  }
  let calls = 0
  const fn = (): number => {
    calls += 1
    return calls
  }
  const ended = retry(fn, { clock, memory, onEvent })
  await clock.pass(3_000)
  assert.equal(calls, 0)
  memory.usedBytes = 80
  await clock.pass(200)
  assert.equal(await ended, 1)
  assert.deepEqual(told, ['waiting for memory: 90 B in use, the load line is at 85 B'])
})

test('pressure that does not end delays an attempt, by maxDelayMs or half of the time that is left, and fails none', async () => {
  for (const [config, atMs] of [
    [{ minDelayMs: 0, maxDelayMs: 2_000 }, 2_000],
    [{ totalTimeoutMs: 3_000 }, 1_500],
  ] as const) {
    const clock = new FakeClock()
    const ended = retry(() => clock.monotonic(), { ...config, clock, memory: new Gauge() })
    await clock.pass(10_000)
    assert.equal(await ended, atMs)
  }
})

test('an abort ends the wait for room at once', async () => {
  const clock = new FakeClock()
  const stop = new AbortController()
  const ended = assert.rejects(
    retry(() => 1, { clock, memory: new Gauge(), signal: stop.signal }),
    /enough/,
  )
  await clock.pass(500)
  stop.abort(new Error('enough'))
  await ended
  assert.equal(clock.sleeping, 0)
})

test('with room a gauge is looked at no more than ten times a second, whatever is called', async () => {
  const memory = new Gauge()
  memory.usedBytes = 1
  const clock = new FakeClock()
  for (let call = 0; call < 1_000; call += 1) await retry(() => 1, { clock, memory })
  assert.equal(memory.reads, 1)
  await clock.pass(100)
  await retry(() => 1, { clock, memory })
  assert.equal(memory.reads, 2)
})

type GarbageEntry = { readonly detail: { readonly flags: number; readonly kind: number } }

/** Collections that somebody asked for while `work` ran, as V8 itself tells. */
async function forcedCollections(work: () => Promise<unknown>): Promise<number> {
  let forced = 0
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { flags, kind } = (entry as unknown as GarbageEntry).detail
      if (kind === constants.NODE_PERFORMANCE_GC_MAJOR && flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED)
        forced += 1
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  await work()
  for (let round = 0; round < 5; round += 1) await turn()
  observer.disconnect()
  return forced
}

test('no collection is asked for between attempts, and one under pressure', async () => {
  const fail = (): Promise<never> => Promise.reject(new Error('down'))
  const calm = { minDelayMs: 0, maxAttempts: 1_000, memory: null, cleanup: () => undefined } as const
  assert.equal(await forcedCollections(() => retry(fail, calm).catch(() => undefined)), 0)
  const tight = { minDelayMs: 0, maxDelayMs: 150, maxAttempts: 5, memory: new Gauge() } as const
  assert.equal(await forcedCollections(() => retry(fail, tight).catch(() => undefined)), 1)
})

test('an operation that keeps more than it may ends with the numbers, also when it succeeds', async () => {
  const kept: Buffer[] = []
  for (const isGood of [true, false]) {
    await aliveOf([]) // what is garbage at the beginning may hide as much of the growth
    let calls = 0
    const before = retryCounters().memoryExceeded
    await assert.rejects(
      retry(
        () => {
          calls += 1
          kept.push(Buffer.alloc(30 * mebibyte, 1))
          if (!isGood) throw new Error('down')
        },
        { minDelayMs: 0, maxAttempts: 9, memoryLimitMb: isGood ? 20 : 100 },
      ),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'RETRY_MEMORY_EXCEEDED')
        assert.match(
          error.message,
          isGood
            ? /^memory grew by (?:29|3\d)[.\d]* MiB in attempt 1, .* 20 MiB$/
            : /in attempt [45], .* 100 MiB$/,
        )
        if (!isGood) assert.equal((error.cause as Error).message, 'down')
        assert.equal(attemptsOf(error)?.attempts, calls)
        return true
      },
    )
    assert.equal(retryCounters().memoryExceeded, before + 1)
    kept.length = 0
  }
})

test('a stream that cannot be closed does not end the process', async () => {
  const fn = (): Readable =>
    Object.assign(
      new Readable({ read: () => undefined, destroy: (_error, done) => done(new Error('cannot be closed')) }),
      { statusCode: 503, headers: {} },
    )
  assert.ok(await retry(fn, { minDelayMs: 0, maxAttempts: 2 }))
  await new Promise((resolve) => setImmediate(resolve))
})

test('an attempt that goes on taking memory is told to end while it runs', async () => {
  const kept: Buffer[] = []
  const ended = retry(
    async ({ signal }) => {
      for (let count = 0; count < 60 && !signal.aborted; count += 1) {
        kept.push(Buffer.alloc(4 * mebibyte, 1))
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      signal.throwIfAborted()
    },
    { memoryLimitMb: 50, waitForAttempt: true },
  )
  await assert.rejects(ended, { code: 'RETRY_MEMORY_EXCEEDED' })
})

test('garbage does not count: 200 attempts of 10 MB each stay below a limit of 50 MiB', async () => {
  let calls = 0
  const fn = (): never => {
    calls += 1
    throw Object.assign(new Error('down'), { body: Buffer.alloc(10 * mebibyte, 1) })
  }
  await assert.rejects(retry(fn, { minDelayMs: 0, maxAttempts: 200, memoryLimitMb: 50 }), /down/)
  assert.equal(calls, 200)
})

test('an idle neighbour is not blamed for what another operation may take', async () => {
  const kept: Buffer[] = []
  const idle = Promise.withResolvers<string>()
  const neighbour = retry(() => idle.promise, { memoryLimitMb: 20 })
  await retry(
    async () => {
      kept.push(Buffer.alloc(60 * mebibyte, 1))
      await new Promise((resolve) => setTimeout(resolve, 250))
    },
    { memoryLimitMb: 100 },
  )
  kept.length = 0
  idle.resolve('well')
  assert.equal(await neighbour, 'well')
})

test('1,000 attempts of 10 MB: never more than 2 of the buffers are alive after a collection', async () => {
  const refs: WeakRef<object>[] = []
  let most = 0
  await assert.rejects(
    retry(
      async ({ attempt }) => {
        await turn() // until then a WeakRef keeps what it was made with
        if (attempt % 50 === 0) most = Math.max(most, await aliveOf(refs.splice(0)))
        const body = Buffer.allocUnsafeSlow(10 * mebibyte)
        refs.push(new WeakRef(body))
        throw Object.assign(new Error('down'), { body })
      },
      { minDelayMs: 0, maxAttempts: 1_000, memoryLimitMb: 200 },
    ),
    /down/,
  )
  assert.ok(most <= 2, `${most} alive`)
})
