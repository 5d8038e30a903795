import type { Hand } from './hand.ts'
import type { Job, JobResult, Measured, RunOptions } from './words.ts'

/** One job on its way: waiting in line, sent to a worker, or over. */
export class Ticket {
  readonly job: Job
  readonly options: RunOptions
  readonly result: Promise<JobResult>
  /** The worker that it was sent to; undefined while it waits. */
  hand: Hand | undefined
  /** The place of a thread's shared memory that it occupies. */
  slot = 0
  isOver = false
  /** Why it is brought to its end. */
  stopReason: { readonly error: unknown } | undefined
  #resolve: (result: JobResult) => void = () => undefined
  #reject: (error: unknown) => void = () => undefined
  readonly #onStop: (ticket: Ticket) => void

  constructor(job: Job, options: RunOptions, onStop: (ticket: Ticket) => void) {
    this.job = job
    this.options = options
    this.#onStop = onStop
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    options.signal?.addEventListener('abort', this)
  }

  /** It is the only job of its worker: what the worker prints and sees belongs to it. */
  get isAlone(): boolean {
    const { onOutput, onStart, environment, directory } = this.options
    return (onOutput ?? onStart ?? environment ?? directory) !== undefined
  }

  /** The signal has aborted. */
  handleEvent(): void {
    this.stop(this.options.signal?.reason)
  }

  stop(error: unknown): void {
    if (this.isOver || this.stopReason) return
    this.stopReason = { error }
    this.#onStop(this)
  }

  /** A job that was stopped fails with the reason, however its function ended. */
  succeed(value: unknown, measured: Measured): void {
    if (this.stopReason) {
      this.fail(this.stopReason.error, measured)
      return
    }
    this.#end(measured)
    this.#resolve({ ...measured, value })
  }

  fail(error: unknown, measured?: Measured): void {
    this.#end(measured)
    this.#reject(this.stopReason ? this.stopReason.error : error)
  }

  #end(measured: Measured | undefined): void {
    this.isOver = true
    this.options.signal?.removeEventListener('abort', this)
    if (measured) this.options.onMeasured?.(measured)
  }
}
