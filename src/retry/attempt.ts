import type { Clock } from '../clock.ts'
import type { AttemptContext, AttemptEnd, RetryHistory, RetryStop } from './words.ts'

/** What an attempt needs of its operation. */
export type AttemptOwner = {
  readonly idempotencyKey: string
  readonly history: RetryHistory
  readonly previous: AttemptEnd | undefined
}

/** Why an attempt was told to end, and whether that is the end of the operation, too. */
export type Interruption = { readonly reason: unknown; readonly stop: RetryStop | null }

/** One attempt, as the function sees it. The signal is made when it is asked for: most functions never do. */
export class Attempt implements AttemptContext {
  readonly attempt: number
  readonly startMs: number
  readonly #owner: AttemptOwner
  #controller: AbortController | null = null
  #timer: AbortController | null = null
  #heard: AbortSignal | null = null
  #onAbort: (() => void) | null = null
  #interruption: Interruption | null = null

  constructor(attempt: number, startMs: number, owner: AttemptOwner) {
    this.attempt = attempt
    this.startMs = startMs
    this.#owner = owner
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.#interruption !== null) this.#controller.abort(this.#interruption.reason)
    }
    return this.#controller.signal
  }

  get idempotencyKey(): string {
    return this.#owner.idempotencyKey
  }

  get history(): RetryHistory {
    return this.#owner.history
  }

  get previous(): AttemptEnd | undefined {
    return this.#owner.previous
  }

  get interruption(): Interruption | null {
    return this.#interruption
  }

  /** Calls back after `ms`, unless the attempt is over by then. */
  limit(ms: number, clock: Clock, onLate: () => void): void {
    this.#timer = new AbortController()
    clock.sleep(ms, this.#timer.signal).then(onLate, () => undefined)
  }

  /** Calls back when the signal aborts, unless the attempt is over by then. */
  listen(signal: AbortSignal, onAbort: () => void): void {
    this.#heard = signal
    this.#onAbort = onAbort
    signal.addEventListener('abort', onAbort)
  }

  /** Tells the function to end; the first reason counts. */
  interrupt(interruption: Interruption): void {
    if (this.#interruption !== null) return
    this.#interruption = interruption
    this.#controller?.abort(interruption.reason)
  }

  /** What its end counts as: one that was interrupted has failed with the reason, unless it had a value all the same. */
  endOf<T>(ended: AttemptEnd<T>): AttemptEnd<T> {
    return this.#interruption === null || 'value' in ended ? ended : { error: this.#interruption.reason }
  }

  /** Nothing calls back any more. */
  close(): void {
    this.#timer?.abort()
    if (this.#onAbort !== null) this.#heard?.removeEventListener('abort', this.#onAbort)
  }
}
