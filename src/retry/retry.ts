/**
 * Do it again, wisely. `retry` calls a function until its end is good enough, the attempts, the time or the budget are
 * used up, or the signal aborts. It is the only retry loop of the engine: task retries and http probes go through it.
 *
 * It promises: wrong settings and a payload that is too large are refused before the first attempt; the last error is
 * thrown as it is, with its history (`attemptsOf`); an abort ends waits and attempts at once and is never retried; a zero
 * wait sets no timer; under pressure an attempt waits for room instead of failing; nothing of attempt n is kept alive
 * in attempt n+1. It cannot stop a function that does not listen to its signal, and it measures the memory of a whole
 * thread: what else runs there counts, too.
 */
import { refused } from './delays.ts'
import { Operation } from './operation.ts'
import { type Policy, type PolicyFunction, type PolicyOptions, retrying, signalOf } from './policy.ts'
import { type Rules, rulesOf } from './rules.ts'
import type { RetriedFunction, RetryConfig } from './words.ts'

export { CircuitBreaker, type CircuitBreakerOptions, type CircuitState } from './breaker.ts'
export { RetryBudget, type RetryBudgetOptions } from './budget.ts'
export { Bulkhead, type BulkheadOptions } from './bulkhead.ts'
export { type RetryCounters, retryCounters } from './counters.ts'
export type { DelayFunction, Jitter, Strategy } from './delays.ts'
export { type FallbackOptions, fallback } from './fallback.ts'
export { attemptsOf } from './history.ts'
export { payloadBytes } from './payload.ts'
export { type Policy, type PolicyContext, type PolicyFunction, type PolicyOptions, wrap } from './policy.ts'
export { cleanupRetryState } from './release.ts'
export { timeout } from './timeout.ts'
export { isTransient } from './transient.ts'
export type { OpensAt } from './trip.ts'
export type {
  AttemptContext,
  AttemptEnd,
  AttemptRecord,
  Cleanup,
  MemoryGauge,
  RetriedFunction,
  RetryConfig,
  RetryEvent,
  RetryHistory,
  RetryStop,
} from './words.ts'

/**
 * Calls `fn` with `{ attempt, signal, idempotencyKey, history }`, again and again.
 * @returns the value of the last attempt, also when it was one that was wanted again.
 * @throws the error of the last attempt; the signal's reason; before the first attempt `OPTION_INVALID` and
 * `RETRY_PAYLOAD_TOO_LARGE`; `RETRY_TIMEOUT`, `RETRY_MEMORY_EXCEEDED`, and `RETRY_HOOK_FAILED` when a function of the
 * settings has thrown, with its error and the attempt's as causes.
 */
export function retry<T>(fn: RetriedFunction<T>, config: RetryConfig<T> = {}): Promise<T> {
  try {
    return begun(fn, rulesOf(config))
  } catch (error) {
    return Promise.reject(error)
  }
}

function begun<T>(fn: RetriedFunction<T>, rules: Rules<T>): Promise<T> {
  if (typeof fn !== 'function') throw refused('what retry calls', fn, 'a function')
  const operation = new Operation(fn, rules)
  const startMs = operation.open()
  if (startMs !== null) operation.begin(startMs)
  return operation.ended
}

/**
 * `retry` as a policy, to be composed with others by `wrap`. The settings are read once, so that a call costs less than
 * one of `retry`. @throws OPTION_INVALID at once.
 */
export function retries(config: RetryConfig = {}): Policy {
  const rules = rulesOf({ ...config })
  const policy: Policy = {
    run: <T>(fn: PolicyFunction<T>, options?: PolicyOptions): Promise<T> => {
      const hasOwn = options?.signal !== undefined || options?.idempotencyKey !== undefined
      if (hasOwn) return retry(fn, { ...(rules.config as RetryConfig<T>), ...ownOf(rules.config, options) })
      try {
        return begun(fn, rules as Rules<T>)
      } catch (error) {
        return Promise.reject(error)
      }
    },
  }
  retrying.add(policy)
  return policy
}

/** What a call has of its own. */
function ownOf(config: RetryConfig, options: PolicyOptions): Pick<RetryConfig, 'signal' | 'idempotencyKey'> {
  const signal = signalOf(config, options)
  return {
    ...(signal !== undefined && { signal }),
    ...(options.idempotencyKey !== undefined && { idempotencyKey: options.idempotencyKey }),
  }
}
