/**
 * Do it again, wisely. `retry` calls a function until its end is good enough, the attempts or the time are used
 * up, or the signal aborts. It is the only retry loop of the engine: task retries and http probes go through it.
 *
 * It promises: wrong settings are refused before the first attempt; the last error is rethrown as it is; an abort
 * ends a wait at once and is never retried; a zero wait sets no timer. It does not look at memory or payloads yet.
 */
import { type Clock, systemClock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import { checkDelayRule, type DelayRule, delayAfter } from './delays.ts'

/** How one attempt ended. */
export type AttemptEnd<T> = { readonly error: unknown } | { readonly value: T }

export type RetryConfig<T = unknown> = Partial<DelayRule> & {
  /** Attempts in all, the first one counted. Default 3; `Infinity` only together with `totalTimeoutMs`. */
  readonly maxAttempts?: number
  /** No attempt starts later than this after the first one, in milliseconds. Default: no limit. */
  readonly totalTimeoutMs?: number
  /** Whether an end is worth another attempt. Default: every error is, every value is not. */
  readonly shouldRetry?: (end: AttemptEnd<T>, attempt: number) => boolean
  /** Told of every end, before the wait; awaited. `nextInMs` is null after the last attempt. */
  readonly onAttemptEnd?: (
    end: AttemptEnd<T>,
    attempt: number,
    nextInMs: number | null,
  ) => void | Promise<void>
  readonly signal?: AbortSignal
  readonly clock?: Clock
  readonly random?: () => number
}

const defaultRule: DelayRule = { strategy: 'exponential', minDelayMs: 1_000, maxDelayMs: 30_000 }

/**
 * Calls `fn` with the number of the attempt, from 1.
 * @returns the value of the last attempt, also when it was one that `shouldRetry` wanted again.
 * @throws the error of the last attempt; the signal's reason; `OPTION_INVALID` before the first attempt.
 */
export async function retry<T>(fn: (attempt: number) => Promise<T>, config: RetryConfig<T> = {}): Promise<T> {
  const { maxAttempts = 3, totalTimeoutMs = Number.POSITIVE_INFINITY, signal, clock = systemClock } = config
  const rule = { ...defaultRule, ...definedOf(config) }
  checkAttempts(maxAttempts, totalTimeoutMs)
  checkDelayRule(rule)

  const startMs = clock.monotonic()
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted()
    const end = await endOf(fn, attempt)
    const again = attempt < maxAttempts && !signal?.aborted && wanted(end, attempt, config.shouldRetry)
    const delayMs = again ? delayAfter(attempt, rule, config.random ?? Math.random) : 0
    const inTime = clock.monotonic() - startMs + delayMs < totalTimeoutMs
    await config.onAttemptEnd?.(end, attempt, again && inTime ? delayMs : null)
    if (!again || !inTime) return valueOrThrow(end)
    if (delayMs > 0) await clock.sleep(delayMs, signal)
  }
}

function definedOf<T>(config: RetryConfig<T>): Partial<DelayRule> {
  const { strategy, minDelayMs, maxDelayMs } = config
  return {
    ...(strategy !== undefined && { strategy }),
    ...(minDelayMs !== undefined && { minDelayMs, maxDelayMs: Math.max(defaultRule.maxDelayMs, minDelayMs) }),
    ...(maxDelayMs !== undefined && { maxDelayMs }),
  }
}

async function endOf<T>(fn: (attempt: number) => Promise<T>, attempt: number): Promise<AttemptEnd<T>> {
  try {
    return { value: await fn(attempt) }
  } catch (error) {
    return { error }
  }
}

function wanted<T>(end: AttemptEnd<T>, attempt: number, shouldRetry: RetryConfig<T>['shouldRetry']): boolean {
  return shouldRetry ? shouldRetry(end, attempt) : 'error' in end
}

function valueOrThrow<T>(end: AttemptEnd<T>): T {
  if ('error' in end) throw end.error
  return end.value
}

function checkAttempts(maxAttempts: number, totalTimeoutMs: number): void {
  const endless = maxAttempts === Number.POSITIVE_INFINITY && Number.isFinite(totalTimeoutMs)
  if (!endless && !(Number.isSafeInteger(maxAttempts) && maxAttempts >= 1)) {
    throw new PlimsollError('OPTION_INVALID', `maxAttempts is ${maxAttempts}, expected a whole number from 1`)
  }
  if (Number.isNaN(totalTimeoutMs) || totalTimeoutMs < 0) {
    throw new PlimsollError(
      'OPTION_INVALID',
      `totalTimeoutMs is ${totalTimeoutMs}, expected 0 or more milliseconds`,
    )
  }
}
