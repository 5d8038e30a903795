import assert from 'node:assert/strict'
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { PlimsollError } from '../../src/errors.ts'
import { collectGarbage, MemoryMonitor } from '../../src/memory/memory.ts'
import { payloadBytes, type RetryConfig, type RetryEvent, retry } from '../../src/retry/retry.ts'
import { formatSize } from '../../src/units.ts'
import { realRun } from './real-run.ts'
import { rowsOf } from './row.ts'

const mebibyte = 2 ** 20

/** In this process: errors with causes and buffers. Outside: processes that a shell leaves behind. */
async function nothingOfTheLastAttemptIsAlive(): Promise<string> {
  return `${await nothingIsKept()}; ${await noProcessIsLeft()}`
}

async function nothingIsKept(): Promise<string> {
  const refs: WeakRef<object>[] = []
  let alive = 0
  const attempt = async (): Promise<never> => {
    await sleep(1) // a WeakRef keeps what it was made with until the turn has ended
    collectGarbage()
    alive += refs.filter((ref) => ref.deref() !== undefined).length
    const body = Buffer.alloc(mebibyte, 1)
    const error = new Error('down', { cause: Object.assign(new Error('inner'), { body }) })
    refs.push(new WeakRef(body), new WeakRef(error))
    throw error
  }
  await assert.rejects(retry(attempt, { minDelayMs: 0, maxAttempts: 50 }), /down/)
  assert.equal(alive, 0)
  return '50 attempts with an error and 1 MiB each: 0 of them alive in any later attempt'
}

async function noProcessIsLeft(): Promise<string> {
  // The shell's own children survive it; one of them even leaves its process group.
  const plan = `
name: again
tasks:
  stubborn:
    retry: { attempts: 3, delay: 1ms }
    run: |
      for pid in $(cat pids 2>/dev/null); do
        case "$(ps -o stat= -p "$pid")" in ""|Z*) ;; *) echo "alive=$pid" >> "$PLIMSOLL_OUTPUT" ;; esac
      done
      sleep 300 & echo $! >> pids
      setsid sleep 300 & echo $! >> pids
      (trap '' TERM; sleep 300) & echo $! >> pids
      test "$PLIMSOLL_ATTEMPT" = 3
`
  return realRun(plan, ({ report }) => {
    const { stubborn } = report.tasks
    assert.equal(stubborn?.status, 'succeeded')
    assert.equal(stubborn.attempts, 3)
    assert.deepEqual(stubborn.outputs, {})
    return '3 attempts left 3 processes each, none alive when the next one looked'
  })
}

const wrong: readonly (readonly [RetryConfig, RegExp])[] = [
  [{ maxAttempts: 0 }, /maxAttempts is 0/],
  [{ maxAttempts: 1.5 }, /maxAttempts is 1.5/],
  [{ maxAttempts: Number.NaN }, /maxAttempts is NaN/],
  [{ maxAttempts: Number.POSITIVE_INFINITY }, /maxAttempts is Infinity/],
  [{ minDelayMs: -1 }, /minDelayMs is -1/],
  [{ maxDelayMs: Number.NaN }, /maxDelayMs is NaN/],
  [{ minDelayMs: 10, maxDelayMs: 5 }, /minDelayMs is 10, more than maxDelayMs/],
  [{ totalTimeoutMs: -1 }, /totalTimeoutMs is -1/],
  [JSON.parse('{"strategy":"fibonacci"}'), /strategy is "fibonacci", expected one of/],
]

async function wrongConfigurationsAreRefused(): Promise<string> {
  let attempts = 0
  const fn = async (): Promise<void> => {
    attempts += 1
  }
  for (const [config, reason] of wrong) {
    await assert.rejects(retry(fn, config), (error) => {
      assert.ok(error instanceof PlimsollError && error.code === 'OPTION_INVALID')
      assert.match(error.message, reason)
      return true
    })
  }
  assert.equal(attempts, 0)
  return `${wrong.length} wrong configurations refused, each with its reason and before the first attempt`
}

function heldBytes(): number {
  using monitor = new MemoryMonitor()
  return monitor.read().usedBytes
}

/** The line is at half of what is really in use; a quarter of a second after that was told it is at the limit. */
async function underPressureAnAttemptWaits(): Promise<string> {
  using tight = new MemoryMonitor({ budgetBytes: Math.floor(heldBytes() / 2) })
  using roomy = new MemoryMonitor({ threshold: 1 })
  const startMs = performance.now()
  let roomyFromMs = Number.POSITIVE_INFINITY
  const memory = { read: () => (performance.now() < roomyFromMs ? tight : roomy).read() }
  const told: string[] = []
  const onEvent = (event: RetryEvent): void => {
    if (event.type !== 'waiting-for-memory') return
    told.push(event.message)
    roomyFromMs = performance.now() + 250
  }
  const waitedMs = await retry(() => performance.now() - startMs, { memory, onEvent, maxAttempts: 1 })
  assert.equal(told.length, 1)
  assert.ok(waitedMs >= 250)
  return `${told[0]}; it was called after ${Math.round(waitedMs)} ms, when there was room, and succeeded`
}

async function aLargePayloadIsRefused(): Promise<string> {
  let calls = 0
  const form = new FormData()
  form.set('file', new Blob([new Uint8Array(2 * mebibyte)]), 'file')
  const payloads: readonly unknown[] = [
    Buffer.alloc(2 * mebibyte),
    new Float64Array(mebibyte / 4),
    'ä'.repeat(mebibyte),
    form,
    { list: Array.from({ length: 500_000 }, (_, index) => index) },
  ]
  for (const payload of payloads) {
    const fn = (): void => {
      calls += 1
    }
    await assert.rejects(retry(fn, { payload, maxPayloadSizeMb: 1 }), { code: 'RETRY_PAYLOAD_TOO_LARGE' })
    await retry(() => undefined, { payload, maxPayloadSizeMb: 5 })
  }
  assert.equal(calls, 0)
  const sizes = payloads.map((payload) => formatSize(payloadBytes(payload) ?? 0)).join(', ')
  return `a buffer, an array, a text, a form and an object of ${sizes} refused at 1 MiB with 0 calls, sent at 5 MiB`
}

async function growthEndsTheOperation(): Promise<string> {
  const kept: Buffer[] = []
  let calls = 0
  const attempt = (): never => {
    calls += 1
    kept.push(Buffer.alloc(30 * mebibyte, 1))
    throw new Error('down')
  }
  let message = ''
  const seen = (error: unknown): boolean => {
    message = error instanceof Error ? error.message : ''
    return error instanceof PlimsollError && error.code === 'RETRY_MEMORY_EXCEEDED'
  }
  collectGarbage()
  await assert.rejects(retry(attempt, { minDelayMs: 0, maxAttempts: 20, memoryLimitMb: 100 }), seen)
  assert.ok(calls < 6)
  return `30 MiB kept by each attempt: ${message}`
}

async function theHookRunsBetweenAttempts(): Promise<string> {
  const order: string[] = []
  const attempt = ({ attempt: number }: { readonly attempt: number }): never => {
    order.push(`attempt ${number}`)
    throw new Error('down')
  }
  const cleanup = (): void => {
    order.push('cleanup')
  }
  const config = { minDelayMs: 0, cleanup }
  await assert.rejects(retry(attempt, config))
  const on = order.splice(0).join(', ')
  assert.equal(on, 'attempt 1, cleanup, attempt 2, cleanup, attempt 3')
  await assert.rejects(retry(attempt, { ...config, cleanupBetweenRetries: false }))
  assert.equal(order.join(', '), 'attempt 1, attempt 2, attempt 3')
  return `${on}; with cleanupBetweenRetries: false: ${order.join(', ')}`
}

type GarbageEntry = { readonly detail: { readonly flags: number; readonly kind: number } }

/** Forced major collections while `work` runs, as V8 tells of them. */
async function forcedCollections(work: () => Promise<unknown>): Promise<number> {
  let forced = 0
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { flags, kind } = (entry as unknown as GarbageEntry).detail
      const isForced = (flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0
      if (kind === constants.NODE_PERFORMANCE_GC_MAJOR && isForced) forced += 1
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  await work()
  await sleep(20)
  observer.disconnect()
  return forced
}

async function collectionOnlyUnderPressure(): Promise<string> {
  const down = (): Promise<never> => Promise.reject(new Error('down'))
  const config = { minDelayMs: 0, maxAttempts: 5_000, memory: null }
  const calm = await forcedCollections(() => retry(down, config).catch(() => undefined))
  assert.equal(calm, 0)
  using memory = new MemoryMonitor({ budgetBytes: 1 })
  const under = { ...config, maxDelayMs: 50, maxAttempts: 5, memory }
  const tight = await forcedCollections(() => retry(down, under).catch(() => undefined))
  assert.equal(tight, 1)
  return `5000 attempts with clean-up asked for ${calm} collections, 5 attempts above the load line for ${tight}`
}

export const retryRows = rowsOf('retry', [
  ['nothing of attempt n is alive in attempt n+1', nothingOfTheLastAttemptIsAlive],
  ['under pressure an attempt waits instead of failing', underPressureAnAttemptWaits],
  ['a payload over the limit is refused before the first attempt', aLargePayloadIsRefused],
  ['memory growth over the limit ends the operation', growthEndsTheOperation],
  ['the clean-up hook runs between attempts and can be turned off', theHookRunsBetweenAttempts],
  ['wrong configurations are refused with the reason', wrongConfigurationsAreRefused],
  ['collection is asked for only under pressure', collectionOnlyUnderPressure],
])
