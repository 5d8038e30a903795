import type { Clock } from '../clock.ts'

/** Between asking a worker to end and ending it. */
export class Patience {
  readonly #clock: Clock
  readonly #graceMs: number
  readonly #onEnd: () => void
  #over: AbortController | undefined

  constructor({ clock, graceMs }: { readonly clock: Clock; readonly graceMs: number }, onEnd: () => void) {
    this.#clock = clock
    this.#graceMs = graceMs
    this.#onEnd = onEnd
  }

  /** None is left at once when `killSignal` aborts. */
  begin(killSignal: AbortSignal | undefined): void {
    if (this.#over) return
    const over = new AbortController()
    this.#over = over
    const signal = killSignal ? AbortSignal.any([killSignal, over.signal]) : over.signal
    const lost = (): void => {
      if (!over.signal.aborted) this.#onEnd()
    }
    this.#clock.sleep(this.#graceMs, signal).then(lost, lost)
  }

  /** It has ended by itself. */
  end(): void {
    this.#over?.abort()
    this.#over = undefined
  }
}
