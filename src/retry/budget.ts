import { checkNames } from '../option-names.ts'
import { statusOf } from './answers.ts'
import { refused } from './delays.ts'
import type { AttemptEnd } from './words.ts'

export type RetryBudgetOptions = {
  /** What it holds when it is full, and at the beginning. 0: nothing is ever tried again. Default 500. */
  readonly tokens?: number
  /** What a retry takes out. Default 14. */
  readonly cost?: number
  /** The same after an answer that asks for fewer requests (429). Default 5. */
  readonly throttledCost?: number
  /** What an operation that needs no retry puts in. Default 1. */
  readonly refund?: number
}

/**
 * A bucket of tokens that all callers of one server share: a retry takes some out, a success puts some in, and while
 * there are too few, nothing is tried again. A few failures are retried, an outage is not multiplied. An operation that
 * succeeds after a retry puts in what that has cost. The numbers are those of the AWS SDKs.
 */
export class RetryBudget {
  readonly capacity: number
  readonly #cost: number
  readonly #throttledCost: number
  readonly #refund: number
  #tokens: number

  constructor(options: RetryBudgetOptions = {}) {
    checkNames('RetryBudget', options, ['tokens', 'cost', 'throttledCost', 'refund'])
    const { tokens = 500, cost = 14, throttledCost = 5, refund = 1 } = options
    if (!(Number.isFinite(tokens) && tokens >= 0)) throw refused('tokens', tokens, 'a number from 0')
    for (const [name, value] of Object.entries({ cost, throttledCost })) {
      if (!(Number.isFinite(value) && value > 0)) throw refused(name, value, 'a number above 0')
    }
    if (!(Number.isFinite(refund) && refund >= 0)) throw refused('refund', refund, 'a number from 0')
    this.capacity = tokens
    this.#tokens = tokens
    this.#cost = cost
    this.#throttledCost = throttledCost
    this.#refund = refund
  }

  /** Left in it now. */
  get tokens(): number {
    return this.#tokens
  }

  /** Takes what a retry after this end costs; null when there is too little, and then nothing is taken. */
  take(end: AttemptEnd): number | null {
    const cost = statusOf('error' in end ? end.error : end.value) === 429 ? this.#throttledCost : this.#cost
    if (this.#tokens < cost) return null
    this.#tokens -= cost
    return cost
  }

  /** After a success: what its last retry has cost, 0 when it needed none. */
  give(cost: number): void {
    this.#tokens = Math.min(this.capacity, this.#tokens + (cost === 0 ? this.#refund : cost))
  }
}
