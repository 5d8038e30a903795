/**
 * What stands around a call: anything with `run`. Policies are composed with `wrap`; each of them ends its waits, queues
 * and timers when the signal aborts.
 */
import { refused } from './delays.ts'
import type { RetryConfig } from './words.ts'

/** What the function gets. */
export type PolicyContext = {
  /** Aborts when nobody waits for the call any more, and when it is out of time. */
  readonly signal: AbortSignal
  /** Given by `retries`; 1 without it. */
  readonly attempt: number
  /** Given by `retries`; undefined without it. */
  readonly idempotencyKey: string | undefined
}

export type PolicyFunction<T> = (context: PolicyContext) => T | PromiseLike<T>

/** A `PolicyContext` of the policy around it, or a signal alone. */
export type PolicyOptions = Partial<PolicyContext>

/** `Instead` is what it may answer in place of the function. */
export type Policy<Instead = never> = {
  run<T>(fn: PolicyFunction<T>, options?: PolicyOptions): Promise<T | Instead>
}

/** The context of the policy around it, with a signal in any case. */
export function contextOf(options: PolicyOptions, signal = options.signal): PolicyContext {
  return {
    signal: signal ?? new AbortController().signal,
    attempt: options.attempt ?? 1,
    idempotencyKey: options.idempotencyKey,
  }
}

type InsteadOf<Policies extends readonly Policy<unknown>[]> =
  Policies[number] extends Policy<infer Instead> ? Instead : never

/**
 * The first policy is the outermost: `wrap(timeout(5_000), retries({ maxAttempts: 3 }), breaker)` tries three times
 * within five seconds, and each attempt goes through the breaker.
 * @throws OPTION_INVALID for two `retries`: their attempts would multiply.
 */
export function wrap<Policies extends readonly Policy<unknown>[]>(
  ...policies: Policies
): Policy<InsteadOf<Policies>> {
  for (const policy of policies) {
    if (typeof policy?.run !== 'function')
      throw refused('wrap', policy, 'policies: objects with a function `run`')
  }
  if (policies.filter((policy) => retrying.has(policy)).length > 1) {
    throw refused('wrap', policies.length, 'one "retries" at most: the attempts of two multiply')
  }
  const layered: Policy<unknown> = {
    run: async <T>(fn: PolicyFunction<T>, options: PolicyOptions = {}): Promise<unknown> => {
      const through = (layer: number, context: PolicyOptions): unknown => {
        const policy = policies[layer]
        if (policy === undefined) return fn(contextOf(context))
        return policy.run((inner) => through(layer + 1, inner), context)
      }
      return await through(0, options)
    },
  }
  if (policies.some((policy) => retrying.has(policy))) retrying.add(layered)
  return layered as Policy<InsteadOf<Policies>>
}

/** Policies that try again. */
export const retrying = new WeakSet<Policy<unknown>>()

/** Both signals, or the one that there is. */
export function signalOf(
  { signal: one }: RetryConfig<never>,
  { signal: other }: PolicyOptions,
): AbortSignal | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return AbortSignal.any([one, other])
}

/** Rejects with the signal's reason as soon as it aborts, whatever the work does. */
export function untilAborted<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const onAbort = (): void => reject(signal.reason)
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  const leave = (): void => signal.removeEventListener('abort', onAbort)
  work.then(
    (value) => {
      leave()
      resolve(value)
    },
    (error: unknown) => {
      leave()
      reject(error)
    },
  )
  return promise
}
