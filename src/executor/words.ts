import type { MemoryProfile, Reservation, Seen } from '../memory/memory.ts'
import type { Job, JobKind } from '../pool/pool.ts'
import type { TaskControl } from '../spine.ts'
import type { Waits } from './wait-clock.ts'

/** One task of a graph, for the executor. */
export type ExecutorTask<Value = unknown> = {
  readonly name: string
  /** Names of tasks that must have ended before. */
  readonly needs?: readonly string[]
  /** Throwing means that the task failed; throwing `WantOfMemory`, that it is to be started again. */
  readonly run: (context: TaskContext) => Value | Promise<Value>
  /** What is reserved before it starts, in bytes. Default: the smaller of its limit and an even share of the line. */
  readonly reserveBytes?: number
  /**
   * Instead of `reserveBytes`: asked before the start (null), and again while it runs with what was seen of it. Where it
   * throws, or answers with no number of bytes, the task has failed.
   */
  readonly estimate?: (seen: Seen | null) => Reservation
  /** Told when it was stopped, or ended, for want of memory while it used this much: the next estimate must be higher. */
  readonly raise?: (observedBytes: number) => void
  /** Expected duration in milliseconds; orders the tasks. Default 1. */
  readonly expectedMs?: number
  /** It runs already: it takes the next place, before all others, whatever memory there is. */
  readonly isRunning?: boolean
  /**
   * Asked once all needs have ended. Default: runs when all of them succeeded or were skipped, else is cancelled.
   * A promise holds back this task alone, and neither a slot nor memory; when it rejects, the task is cancelled.
   */
  readonly decide?: (ended: ReadonlyMap<string, Ended<Value>>) => Decision | Promise<Decision>
}

export type Decision =
  /** `waits`: what it has waited for until this was decided, in milliseconds; the rest counts as its needs. */
  | { readonly action: 'run'; readonly waits?: Waits }
  | { readonly action: 'skip' | 'cancel'; readonly because: string }

export type CallOptions = {
  /**
   * What the function spends its time with: `async` and `io` run on the event loop of this process, `cpu` in a thread,
   * `mixed` where earlier calls of it were seen to belong. Default `cpu`.
   */
  readonly kind?: JobKind
  /** Bounds its memory, in bytes: it runs in a process of its own kind, whatever its `kind`. */
  readonly limitBytes?: number
}

/**
 * Calls an exported function on the threads and processes of the executor, which it opens, uses again and closes.
 * @throws what the function threw as the cause of CALL_FAILED; CALL_NOT_FOUND, CALL_UNCLONABLE, WORKER_ENDED,
 * TASK_MEMORY_EXCEEDED.
 */
export type Call = (job: Job, options?: CallOptions) => Promise<unknown>

export type TaskContext = {
  readonly signal: AbortSignal
  readonly call: Call
  readonly reservedBytes: number
  /** How long it waited, by reason, in milliseconds. */
  readonly waits: Waits
  /** How often it was put back in the queue before. */
  readonly requeues: number
  /** Tells what the task really uses now, in bytes. */
  readonly observe: (bytes: number) => void
  /** Hands the guard what it may do with what runs now; null when that is over. Without it the guard leaves it alone. */
  readonly control: (control: TaskControl | null) => void
  /** Its work is over and its memory free, though it has more to do (to record it, say): others may start meanwhile. */
  readonly finished: () => void
}

/** Thrown by a task that ended for want of memory and may be started again with more. */
export class WantOfMemory extends Error {
  /** What it used, as far as is known. */
  readonly observedBytes: number
  constructor(observedBytes: number, options?: ErrorOptions) {
    super('it ended for want of memory', options)
    this.observedBytes = observedBytes
  }
}

export type Measured = {
  readonly waits: Waits
  readonly reservedBytes: number
  /** How often it was put back in the queue for want of memory. */
  readonly requeues: number
  readonly suspendedMs: number
  /** How its use developed, where it told. */
  readonly profile: MemoryProfile | null
}

/** Of a task that has never run. */
export const neverStarted: Measured = {
  waits: {},
  reservedBytes: 0,
  requeues: 0,
  suspendedMs: 0,
  profile: null,
}

export type Ended<Value = unknown> = Measured &
  (
    | { readonly status: 'succeeded'; readonly value: Value }
    | { readonly status: 'failed'; readonly error: unknown }
    | { readonly status: 'skipped' | 'cancelled'; readonly because: string }
  )

export type ExecutorEvent<Value = unknown> =
  /** Said once for each task that is held back by memory; `message` has the numbers. */
  | {
      readonly type: 'waiting'
      readonly task: string
      readonly reason: 'memory' | 'host'
      readonly message: string
    }
  | { readonly type: 'started'; readonly task: string; readonly reservedBytes: number }
  /** The guard has done something to it, or it ended for want of memory and is put back (`requeued`): said afterwards. */
  | {
      readonly type: 'guarded'
      readonly task: string
      readonly action: GuardAction
      readonly message: string
    }
  | { readonly type: 'ended'; readonly task: string; readonly ended: Ended<Value> }

export type GuardAction = 'suspended' | 'resumed' | 'requeued'
