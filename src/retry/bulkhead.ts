import { PlimsollError } from '../errors.ts'
import { checkNames } from '../option-names.ts'
import { counters } from './counters.ts'
import { refused } from './delays.ts'
import { contextOf, type Policy, type PolicyFunction, type PolicyOptions } from './policy.ts'

export type BulkheadOptions = {
  /** Calls at once, from 1. */
  readonly concurrency: number
  /** So many more wait for their turn, in order; what comes then is refused. Default 0; `Infinity` is allowed. */
  readonly queue?: number
}

/** Keeps one part from taking everything: at most so many calls at once, and a queue with a bound. */
export class Bulkhead implements Policy {
  readonly #concurrency: number
  readonly #queue: number
  /** In the order in which they came. */
  readonly #waiting = new Set<() => void>()
  #running = 0

  constructor(options: BulkheadOptions) {
    checkNames('Bulkhead', options, ['concurrency', 'queue'])
    const { concurrency, queue = 0 } = options
    if (!(Number.isSafeInteger(concurrency) && concurrency >= 1)) {
      throw refused('concurrency', concurrency, 'a whole number from 1')
    }
    if (!(queue === Number.POSITIVE_INFINITY || (Number.isSafeInteger(queue) && queue >= 0))) {
      throw refused('queue', queue, 'a whole number from 0, or Infinity')
    }
    this.#concurrency = concurrency
    this.#queue = queue
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** @throws RETRY_BULKHEAD_FULL at once; the signal's reason while it waits. */
  async run<T>(fn: PolicyFunction<T>, options: PolicyOptions = {}): Promise<T> {
    options.signal?.throwIfAborted()
    if (this.#running < this.#concurrency) this.#running += 1
    else await this.#turn(options.signal)
    try {
      return await fn(contextOf(options))
    } finally {
      this.#handOn()
    }
  }

  /** The place of one that has ended is handed on: nobody can come between. */
  #handOn(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next)
      next()
      return
    }
    this.#running -= 1
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#queue) {
      counters.refusedByBulkhead += 1
      const message = `${this.#running} calls run and ${this.#waiting.size} wait, which is as many as may`
      return Promise.reject(new PlimsollError('RETRY_BULKHEAD_FULL', message))
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onAbort = (): void => {
      this.#waiting.delete(go)
      reject(signal?.reason)
    }
    const go = (): void => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }
    this.#waiting.add(go)
    signal?.addEventListener('abort', onAbort, { once: true })
    return promise
  }
}
