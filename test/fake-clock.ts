import type { Clock } from '../src/clock.ts'

/** A clock that stands still until it is told to go on; sleepers wake in the order of their times. */
export class FakeClock implements Clock {
  #nowMs = 0
  readonly #sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>()
  readonly #tickers = new Set<{ readonly ms: number; nextMs: number; readonly callback: () => void }>()
  readonly sleeps: number[] = []

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs
  }

  uptime(): number {
    return this.#nowMs
  }

  get sleeping(): number {
    return this.#sleepers.size
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.sleeps.push(ms)
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#sleepers.delete(sleeper)
        reject(signal?.reason)
      }
      const wake = (): void => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      const sleeper = { atMs: this.#nowMs + ms, wake }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  every(ms: number, callback: () => void): Disposable {
    const ticker = { ms, nextMs: this.#nowMs + ms, callback }
    this.#tickers.add(ticker)
    return { [Symbol.dispose]: () => void this.#tickers.delete(ticker) }
  }

  /** Moves on by `ms`, waking what is due in order, and lets promises settle after each. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await settle()
    for (;;) {
      const dueMs = Math.min(
        ...[...this.#sleepers].map(({ atMs }) => atMs),
        ...[...this.#tickers].map(({ nextMs }) => nextMs),
      )
      if (dueMs > endMs) break
      this.#nowMs = dueMs
      for (const sleeper of [...this.#sleepers].filter(({ atMs }) => atMs === dueMs)) {
        this.#sleepers.delete(sleeper)
        sleeper.wake()
      }
      for (const ticker of [...this.#tickers].filter(({ nextMs }) => nextMs === dueMs)) {
        ticker.nextMs += ticker.ms
        ticker.callback()
      }
      await settle()
    }
    this.#nowMs = endMs
  }
}

/** Lets everything run that waits for nothing but promises. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await new Promise((resolve) => setImmediate(resolve))
}
