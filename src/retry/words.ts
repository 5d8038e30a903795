/** What goes in and out of `retry`: its settings, what an attempt gets, what is told of it. Times are milliseconds. */
import type { Clock } from '../clock.ts'
import type { MemoryReading } from '../memory/memory.ts'
import type { RetryBudget } from './budget.ts'
import type { DelayRule } from './delays.ts'

/** How one attempt ended. */
export type AttemptEnd<T = unknown> = { readonly error: unknown } | { readonly value: T }

/** What of an attempt is kept: words and numbers, never the error itself. */
export type AttemptRecord = {
  readonly attempt: number
  readonly durationMs: number
  /** The wait before it. */
  readonly waitedMs: number
  /** The `code` or the name of its error, or `HTTP 503` of an answer; at most 100 characters. */
  readonly code: string
  /** At most 500 characters. */
  readonly message: string
}

/** The first failed attempt and the last nine of them. */
export type RetryHistory = {
  /** All attempts, also those that are not listed. */
  readonly attempts: number
  readonly records: readonly AttemptRecord[]
}

/** What the function gets. */
export type AttemptContext = {
  /** Counts from 1. */
  readonly attempt: number
  /** Aborts when the attempt is to end: it is out of time, used too much memory, or nobody wants it any more. */
  readonly signal: AbortSignal
  /** The same for every attempt of one operation. */
  readonly idempotencyKey: string
  /** Of the attempts before this one. */
  readonly history: RetryHistory
  /** How the attempt before ended; only with `cleanupBetweenRetries: false`, because it keeps that alive. */
  readonly previous: AttemptEnd | undefined
}

export type RetriedFunction<T> = (context: AttemptContext) => T | PromiseLike<T>

/** Why there is no further attempt; null where there is one. */
export type RetryStop =
  | 'succeeded'
  | 'unwanted' // `shouldRetry`, or what is known of the error, says that another attempt is no use
  | 'attempts'
  | 'time' // the next wait would end after `totalTimeoutMs`
  | 'delays' // the strategy has no further wait
  | 'server' // it says not to come again, or later than `maxDelayMs`
  | 'budget'
  | 'aborted'
  | 'memory'

/** Told in order; the next step waits until the listener is done. */
export type RetryEvent<T = unknown> =
  | {
      readonly type: 'attempt-ended'
      readonly attempt: number
      readonly end: AttemptEnd<T>
      readonly durationMs: number
      /** The wait before the next attempt, or null when this was the last. */
      readonly nextInMs: number | null
      readonly stop: RetryStop | null
    }
  /** Before `attempt`, for want of memory: `message` has the numbers. */
  | { readonly type: 'waiting-for-memory'; readonly attempt: number; readonly message: string }
  /** What `attempt` left was let go and the hook has run. */
  | { readonly type: 'cleaned'; readonly attempt: number }

/** Where it is read whether memory is short: a `MemoryMonitor`, for one. */
export type MemoryGauge = { read(): Pick<MemoryReading, 'usedBytes' | 'loadLineBytes'> }

export type Cleanup<T = unknown> = (failed: {
  readonly attempt: number
  readonly end: AttemptEnd<T>
  readonly idempotencyKey: string
}) => void | Promise<void>

export type RetryConfig<T = unknown> = Partial<DelayRule> & {
  /** Attempts in all, the first one counted. Default 3; `Infinity` only with `totalTimeoutMs` or `signal`. */
  readonly maxAttempts?: number
  /** One attempt is ended after so long, and counts as failed. Default: no limit. */
  readonly attemptTimeoutMs?: number
  /** The whole is ended after so long; no wait is begun that would end later. Default: no limit. */
  readonly totalTimeoutMs?: number
  /** Ends a wait and an attempt at once; its reason is what is thrown. */
  readonly signal?: AbortSignal
  /** Whether an end is worth another attempt. Default: `isTransient`. */
  readonly shouldRetry?: (end: AttemptEnd<T>, attempt: number) => boolean
  /** What `fn` sends: its size is checked before the first attempt. */
  readonly payload?: unknown
  /** In MiB; `Infinity` for no limit. Default 50. */
  readonly maxPayloadSizeMb?: number
  /**
   * How much more memory of this thread may be alive than when the operation began, in MiB; `Infinity` for no limit.
   * Default 100.
   */
  readonly memoryLimitMb?: number
  /** Before the next attempt what the last one left is let go, and `cleanup` runs. Default true. */
  readonly cleanupBetweenRetries?: boolean
  /** Runs between two attempts; awaited. */
  readonly cleanup?: Cleanup<T>
  /** Shared by all that ask the same server: when it is empty, nothing is tried again. */
  readonly budget?: RetryBudget
  /** Told of every end, and more; awaited. What it throws ends the operation. */
  readonly onEvent?: (event: RetryEvent<T>) => void | Promise<void>
  /** Default: a random UUID for each operation, made when it is asked for. */
  readonly idempotencyKey?: string
  /**
   * An attempt that was told to end is waited for; by default it is left behind at once, because it may not listen
   * to its signal.
   */
  readonly waitForAttempt?: boolean
  /** Says when memory is short. Default: the machine and the control groups around us at 85 %; null: it never is. */
  readonly memory?: MemoryGauge | null
  readonly clock?: Clock
  /** From 0 to below 1. Default `Math.random`. */
  readonly random?: () => number
}
