import type { Waits } from './wait-clock.ts'

/** One task of a graph, for the executor. */
export type ExecutorTask<Value = unknown> = {
  readonly name: string
  /** Names of tasks that must have ended before. */
  readonly needs?: readonly string[]
  /** Throwing means that the task failed. */
  readonly run: (context: TaskContext) => Value | Promise<Value>
  /** What is reserved before it starts, in bytes. Default: the smaller of its limit and an even share of the line. */
  readonly reserveBytes?: number
  /** Expected duration in milliseconds; orders the tasks. Default 1. */
  readonly expectedMs?: number
  /** Asked once all needs have ended. Default: runs when all of them succeeded or were skipped, else is cancelled. */
  readonly decide?: (ended: ReadonlyMap<string, Ended<Value>>) => Decision
}

export type Decision =
  | { readonly action: 'run' }
  | { readonly action: 'skip' | 'cancel'; readonly because: string }

export type TaskContext = {
  readonly signal: AbortSignal
  readonly reservedBytes: number
  /** How long it waited, by reason, in milliseconds. */
  readonly waits: Waits
  /** Tells the ledger what the task really uses now, in bytes. */
  readonly observe: (bytes: number) => void
}

export type Ended<Value = unknown> = { readonly waits: Waits; readonly reservedBytes: number } & (
  | { readonly status: 'succeeded'; readonly value: Value }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'skipped' | 'cancelled'; readonly because: string }
)

export type ExecutorEvent<Value = unknown> =
  /** Said once for each task that is held back by memory; `message` has the numbers. */
  | { readonly type: 'waiting'; readonly task: string; readonly reason: 'memory'; readonly message: string }
  | { readonly type: 'started'; readonly task: string; readonly reservedBytes: number }
  | { readonly type: 'ended'; readonly task: string; readonly ended: Ended<Value> }
