import { counters } from './counters.ts'
import { Delays, refused } from './delays.ts'
import { hookFault } from './faults.ts'
import { hintOf } from './hints.ts'
import type { Rules } from './rules.ts'
import { isTransient } from './transient.ts'
import type { AttemptEnd, RetryStop } from './words.ts'

/** Whether there is another attempt, and after which wait. Made for one operation: it remembers the waits. */
export class Judge<T> {
  readonly #rules: Rules<T>
  #delays: Delays | null = null
  #cost = 0

  constructor(rules: Rules<T>) {
    this.#rules = rules
  }

  /** The wait in milliseconds, or why there is no further attempt. The budget is asked last: it pays for what is done. */
  verdict(attempt: number, end: AttemptEnd<T>, elapsedMs: number): number | RetryStop {
    const { maxAttempts, totalTimeoutMs, delay, clock } = this.#rules
    if (!this.#isWanted(attempt, end)) return 'value' in end ? 'succeeded' : 'unwanted'
    if (attempt >= maxAttempts) return 'attempts'
    const ownMs = this.#ownDelay(end, elapsedMs)
    if (ownMs === null) return 'delays'
    const hint = hintOf(end, clock)
    if (hint === 'never' || (hint !== null && hint > delay.maxDelayMs)) return 'server'
    const delayMs = Math.max(ownMs, hint ?? 0)
    if (elapsedMs + delayMs >= totalTimeoutMs) return 'time'
    return this.#isPaid(end) ? delayMs : 'budget'
  }

  /** What the last retry has taken out of the budget. */
  get cost(): number {
    return this.#cost
  }

  /** Closes an iterable of waits that has not ended. */
  close(): void {
    try {
      this.#delays?.close()
    } catch {
      // The waits are not needed any more; the end of the operation counts.
    }
  }

  #isWanted(attempt: number, end: AttemptEnd<T>): boolean {
    const { shouldRetry } = this.#rules.config
    if (shouldRetry === undefined) return isTransient(end)
    try {
      const answer: unknown = shouldRetry(end, attempt)
      // A promise would always mean yes.
      if (typeof answer === 'boolean') return answer
      throw refused('the answer of shouldRetry', answer, 'true or false, at once')
    } catch (error) {
      throw hookFault('shouldRetry', error, end)
    }
  }

  #ownDelay(end: AttemptEnd<T>, elapsedMs: number): number | null {
    this.#delays ??= new Delays(this.#rules.delay, this.#rules.random)
    try {
      return this.#delays.next('error' in end ? end.error : undefined, elapsedMs)
    } catch (error) {
      throw hookFault('the strategy', error, end)
    }
  }

  #isPaid(end: AttemptEnd<T>): boolean {
    const { budget } = this.#rules.config
    if (budget === undefined) return true
    const cost = budget.take(end)
    if (cost === null) counters.refusedByBudget += 1
    else this.#cost = cost
    return cost !== null
  }
}
