/** What all operations of this thread add up to since it began: numbers to sample, nothing that grows. */
export type RetryCounters = {
  readonly operations: number
  readonly succeeded: number
  readonly failed: number
  readonly attempts: number
  /** Attempts after the first one. */
  readonly retries: number
  /** Milliseconds between attempts. */
  readonly waitedMs: number
  readonly timeouts: number
  /** Operations that an empty budget ended. */
  readonly refusedByBudget: number
  readonly refusedByBreaker: number
  readonly refusedByBulkhead: number
  readonly refusedPayloads: number
  readonly memoryWaits: number
  readonly memoryExceeded: number
  /** Collections that were asked for. */
  readonly collections: number
}

export const counters: { -readonly [Name in keyof RetryCounters]: number } = {
  operations: 0,
  succeeded: 0,
  failed: 0,
  attempts: 0,
  retries: 0,
  waitedMs: 0,
  timeouts: 0,
  refusedByBudget: 0,
  refusedByBreaker: 0,
  refusedByBulkhead: 0,
  refusedPayloads: 0,
  memoryWaits: 0,
  memoryExceeded: 0,
  collections: 0,
}

/** Of this thread, as they are now. */
export const retryCounters = (): RetryCounters => ({ ...counters })
