import type { TreeWatch } from '../memory/memory.ts'
import type { Bracket } from '../spine.ts'

/** An exported function to call, and its argument: anything that the structured clone algorithm can copy. */
export type Job = {
  /** A URL, `file:///...`. A worker loads each module once. */
  readonly module: string
  readonly exportName: string
  /** Must not change until the call has ended: it is copied when a worker is free, not before. */
  readonly argument?: unknown
}

/**
 * What a function spends its time with, when the caller does not name a place: `async` and `io` run on the engine's
 * own event loop, `cpu` in a thread, `mixed` by how busy earlier calls of the same function were seen to keep a
 * thread.
 */
export type JobKind = 'async' | 'io' | 'cpu' | 'mixed'

export type RunOptions = {
  /** Wins over `kind`; with neither, a thread. A job with `limitBytes` always gets a process. */
  readonly place?: 'thread' | 'process'
  readonly kind?: JobKind
  /** Resident memory of the worker process and all it started; over it, they are killed. */
  readonly limitBytes?: number
  /** Asks the function to end; its worker is ended when it has not done so after the pool's `graceMs`. */
  readonly signal?: AbortSignal
  /** Ends what was asked to end without any patience. */
  readonly killSignal?: AbortSignal
  /** What the function prints, in order; without it that is let go. The worker waits for the promise. */
  readonly onOutput?: (chunk: Uint8Array) => void | Promise<void>
  /** Called when the job is handed to a worker; the process where it has one of its own. */
  readonly onStart?: (process: WorkerProcess | null) => void
  /** Resident memory of the process tree in bytes, after each sample. */
  readonly onMemory?: (bytes: number) => void
  /** Told once at the end, whether the job succeeded or not. */
  readonly onMeasured?: (measured: Measured) => void
  /** Awaited when the job has ended in a process, before that process gets another. */
  readonly beforeReuse?: () => Promise<void>
  /** The whole environment that the function sees, and what it starts inherits. Default: that of the pool. */
  readonly environment?: Readonly<Record<string, string>>
  /** Where the function finds itself. Only in a process: threads share the engine's directory. */
  readonly directory?: string
  /** Parts of the argument that move to a thread instead of being copied; the caller cannot read them any more. */
  readonly transfer?: readonly ArrayBuffer[]
}

export type WorkerProcess = {
  readonly pid: number
  readonly watch: TreeWatch
  /** What the job prints, and nothing else, until the next job begins. */
  readonly spoolFile: string
}

export type Measured = {
  /** CPU time of the thread, or of the process without those it started; null on the event loop. */
  readonly cpuMs: number | null
  /** From the call of the function to its end, without the wait for a worker. */
  readonly durationMs: number
  /**
   * The part of its time for which a thread's event loop was busy with it, from 0 to 1: on the event loop of the
   * engine nothing else would have run then. Null elsewhere. Unlike `cpuMs` it does not shrink on a busy machine.
   */
  readonly busyShare: number | null
  /** Greatest memory of the worker process and what it started; null elsewhere. */
  readonly peakBytes: Bracket | null
  /** By how much the heap of a thread was larger at the end; information only: garbage counts. Null elsewhere. */
  readonly heapGrowthBytes: number | null
}

export type JobResult<Value = unknown> = Measured & { readonly value: Value }

/** What a function gets as its second argument. */
export type JobContext = {
  /** Aborts when the function is to end. */
  readonly signal: AbortSignal
  /** Writes a line into the output. */
  readonly log: (line: string) => void
  /** The variables of the job; the only way to them for a function that shares the engine's process. */
  readonly env: Readonly<Record<string, string>>
  /** Names parts of the result that move out of a thread instead of being copied; the module loses them. */
  readonly transfer: (...buffers: readonly ArrayBuffer[]) => void
}

export type JobFunction = (argument: unknown, context: JobContext) => unknown
