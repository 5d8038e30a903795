import type { Clock } from '../clock.ts'
import { PlimsollError, whyStopped } from '../errors.ts'
import { formatDuration } from '../units.ts'

/**
 * Why an attempt is brought to its end before its time: interrupted, out of time, over its memory limit, or evicted.
 * The first reason counts. The signal aborts with it.
 */
export class Ending implements Disposable {
  readonly #controller = new AbortController()
  readonly #source: AbortSignal
  readonly #clock: Clock
  #timer = new AbortController()
  #limit: { readonly ms: number; readonly startMs: number } | null = null
  #pausedAtMs: number | null = null
  #pausedMs = 0

  constructor(source: AbortSignal, clock: Clock) {
    this.#source = source
    this.#clock = clock
    if (source.aborted) this.#interrupt()
    else source.addEventListener('abort', this.#interrupt)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get reason(): PlimsollError | null {
    return this.signal.aborted ? (this.signal.reason as PlimsollError) : null
  }

  because(reason: PlimsollError): void {
    if (!this.signal.aborted) this.#controller.abort(reason)
  }

  /**
   * From now on the attempt has `ms` milliseconds, not counting those for which it is paused, less those that it has
   * `spentMs` already.
   */
  limit(ms: number, spentMs = 0): void {
    this.#limit = { ms, startMs: this.#clock.monotonic() - this.#pausedMs - spentMs }
    this.#runOut(this.#limit)
  }

  /** The time limit counts from `begin`: what waits for its turn has not started. */
  holdBack(): void {
    this.#timer.abort()
  }

  begin(): void {
    if (this.#limit !== null) this.limit(this.#limit.ms)
  }

  /** The time limit stands still until `resume`. */
  pause(): void {
    if (this.#pausedAtMs !== null) return
    this.#pausedAtMs = this.#clock.monotonic()
    this.#timer.abort()
  }

  resume(): void {
    if (this.#pausedAtMs === null) return
    this.#pausedMs += this.#clock.monotonic() - this.#pausedAtMs
    this.#pausedAtMs = null
    if (this.#limit !== null) this.#runOut(this.#limit)
  }

  /** How long it was paused in all, in milliseconds. */
  get pausedMs(): number {
    return this.#pausedMs + (this.#pausedAtMs === null ? 0 : this.#clock.monotonic() - this.#pausedAtMs)
  }

  [Symbol.dispose](): void {
    this.#source.removeEventListener('abort', this.#interrupt)
    this.#timer.abort()
  }

  #runOut({ ms, startMs }: { readonly ms: number; readonly startMs: number }): void {
    this.#timer = new AbortController()
    const leftMs = startMs + ms + this.#pausedMs - this.#clock.monotonic()
    this.#clock.sleep(leftMs, this.#timer.signal).then(
      () =>
        this.because(
          new PlimsollError('TASK_TIMEOUT', `it was stopped after its timeout of ${formatDuration(ms)}`),
        ),
      () => undefined,
    )
  }

  readonly #interrupt = (): void =>
    this.because(new PlimsollError('TASK_CANCELLED', `it was stopped because ${whyStopped(this.#source)}`))
}
