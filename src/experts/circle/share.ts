import { PlimsollError } from '../../errors.ts'

type Waiter = { readonly amount: number; readonly start: () => void }

/** A bounded amount of something, given out in the order in which it was asked for: nobody overtakes. */
export class FairShare {
  readonly capacity: number
  readonly #mostWaiting: number
  readonly #waiters = new Set<Waiter>()
  #taken = 0
  #peak = 0

  constructor(capacity: number, mostWaiting: number) {
    this.capacity = capacity
    this.#mostWaiting = mostWaiting
  }

  get taken(): number {
    return this.#taken
  }

  /** The most that was ever given out at once. */
  get peak(): number {
    return this.#peak
  }

  get waiting(): number {
    return this.#waiters.size
  }

  /** Dispose of what it gives. @throws EXPERTS_BUSY, or the reason of the signal while it waits */
  async take(amount: number, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted()
    if (this.#waiters.size === 0 && this.#taken + amount <= this.capacity) this.#give(amount)
    else await this.#wait(amount, signal)
    let isHeld = true
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return
        isHeld = false
        this.#taken -= amount
        this.#serve()
      },
    }
  }

  #give(amount: number): void {
    this.#taken += amount
    this.#peak = Math.max(this.#peak, this.#taken)
  }

  #wait(amount: number, signal: AbortSignal): Promise<void> {
    if (this.#waiters.size >= this.#mostWaiting)
      throw new PlimsollError('EXPERTS_BUSY', `${this.#waiters.size} wait already, no more are taken`)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const giveUp = (): void => {
      this.#waiters.delete(waiter)
      reject(signal.reason)
      this.#serve()
    }
    const start = (): void => {
      signal.removeEventListener('abort', giveUp)
      resolve()
    }
    const waiter: Waiter = { amount, start }
    this.#waiters.add(waiter)
    signal.addEventListener('abort', giveUp, { once: true })
    return promise
  }

  #serve(): void {
    for (const waiter of this.#waiters) {
      if (this.#taken + waiter.amount > this.capacity) return
      this.#waiters.delete(waiter)
      this.#give(waiter.amount)
      waiter.start()
    }
  }
}
