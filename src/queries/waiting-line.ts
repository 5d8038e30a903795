/** Who waits for a consultation: the most urgent first, then the one whose deadline comes first, then the one that came first. */
import { PlimsollError } from '../errors.ts'
import { type Query, queryPriorities } from './words.ts'

type Waiter = {
  readonly urgency: number
  readonly deadlineMs: number
  readonly start: () => void
}

export class WaitingLine {
  readonly #mostAtOnce: number
  readonly #mostWaiting: number
  /** In order, the next one last. At most `mostWaiting`. */
  readonly #waiters: Waiter[] = []
  #running = 0

  constructor(mostAtOnce: number, mostWaiting: number) {
    this.#mostAtOnce = mostAtOnce
    this.#mostWaiting = mostWaiting
  }

  get waiting(): number {
    return this.#waiters.length
  }

  get running(): number {
    return this.#running
  }

  /**
   * Resolves when it is its turn; dispose what it gives when the turn is over.
   * @throws QUERY_QUEUE_FULL, or the reason of the signal; then it does not wait any more.
   */
  async turn({ priority, deadlineMs }: Query, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted()
    if (this.#running >= this.#mostAtOnce) {
      this.#refuseWhenFull()
      await this.#wait(
        { urgency: queryPriorities.indexOf(priority), deadlineMs: deadlineMs ?? Infinity },
        signal,
      )
    } else this.#running += 1
    return { [Symbol.dispose]: () => this.#leave() }
  }

  #refuseWhenFull(): void {
    if (this.#waiters.length < this.#mostWaiting) return
    throw new PlimsollError(
      'QUERY_QUEUE_FULL',
      `${this.#waiters.length} queries wait already, no more are taken`,
    )
  }

  #wait(place: Omit<Waiter, 'start'>, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const giveUp = (): void => {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
      reject(signal.reason)
    }
    const start = (): void => {
      signal.removeEventListener('abort', giveUp)
      resolve()
    }
    const waiter: Waiter = { ...place, start }
    this.#insert(waiter)
    signal.addEventListener('abort', giveUp, { once: true })
    return promise
  }

  /** Before the first that is to start earlier or as early: there are at least as many later ones that came before. */
  #insert(waiter: Waiter): void {
    let low = 0
    let high = this.#waiters.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#waiters[middle]
      if (other !== undefined && comesBefore(waiter, other)) low = middle + 1
      else high = middle
    }
    this.#waiters.splice(low, 0, waiter)
  }

  /** Its place goes to the next. */
  #leave(): void {
    const next = this.#waiters.pop()
    if (next === undefined) this.#running -= 1
    else next.start()
  }
}

/** Equal ones: who came first. */
const comesBefore = (waiter: Waiter, other: Waiter): boolean =>
  waiter.urgency === other.urgency ? waiter.deadlineMs < other.deadlineMs : waiter.urgency > other.urgency
