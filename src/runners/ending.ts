import type { Clock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import { formatDuration } from '../units.ts'

/**
 * Why an attempt is brought to its end before its time: interrupted, out of time, over its memory limit. The first
 * reason counts. The signal aborts with it.
 */
export class Ending implements Disposable {
  readonly #controller = new AbortController()
  readonly #source: AbortSignal
  readonly #timer = new AbortController()

  constructor(source: AbortSignal) {
    this.#source = source
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

  /** From now on the attempt has `ms` milliseconds. */
  limit(ms: number, clock: Clock): void {
    clock.sleep(ms, this.#timer.signal).then(
      () =>
        this.because(
          new PlimsollError('TASK_TIMEOUT', `it was stopped after its timeout of ${formatDuration(ms)}`),
        ),
      () => undefined,
    )
  }

  [Symbol.dispose](): void {
    this.#source.removeEventListener('abort', this.#interrupt)
    this.#timer.abort()
  }

  readonly #interrupt = (): void =>
    this.because(new PlimsollError('TASK_CANCELLED', 'it was stopped because the run was interrupted'))
}
