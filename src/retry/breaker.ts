import { type Clock, systemClock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import { checkNames } from '../option-names.ts'
import { formatDuration } from '../units.ts'
import { counters } from './counters.ts'
import { refused } from './delays.ts'
import { hookFault } from './faults.ts'
import { contextOf, type Policy, type PolicyFunction, type PolicyOptions } from './policy.ts'
import { isAbort, isTransient } from './transient.ts'
import { type OpensAt, type Trip, tripOf } from './trip.ts'
import type { AttemptEnd } from './words.ts'

export type CircuitState = 'closed' | 'open' | 'half-open' | 'isolated'

export type CircuitBreakerOptions = {
  /**
   * `{ consecutive: 5 }` failures in a row (the default); `{ failures: 5, of: 20 }` of the last calls; or
   * `{ share: 0.5, withinMs: 10_000, atLeast: 20 }` of the calls of the last time, when there were as many.
   */
  readonly opensAt?: OpensAt
  /** How long it stays open before one call may try, in milliseconds. Default 10,000. */
  readonly resetAfterMs?: number
  /** Which ends speak against the other side. Default `isTransient`: a 404 or a wrong argument does not. */
  readonly isFailure?: (end: AttemptEnd) => boolean
  /** Told of every change; what it throws is let go. */
  readonly onChange?: (state: CircuitState) => void
  readonly clock?: Clock
}

/**
 * Spares a server that is down: after too many failures calls are refused at once, until one call may try. Refusals are
 * errors of the code RETRY_CIRCUIT_OPEN, which `retry` does not try again.
 */
export class CircuitBreaker implements Policy {
  readonly #trip: Trip
  readonly #resetAfterMs: number
  readonly #isFailure: (end: AttemptEnd) => boolean
  readonly #onChange: ((state: CircuitState) => void) | undefined
  readonly #clock: Clock
  #state: 'closed' | 'open' | 'half-open' = 'closed'
  #isolations = 0
  /** When it was opened, or when the probe began. */
  #sinceMs = 0
  /** Counts changes: the end of a call that began before the last one says nothing any more. */
  #era = 0

  constructor(options: CircuitBreakerOptions = {}) {
    checkNames('CircuitBreaker', options, ['opensAt', 'resetAfterMs', 'isFailure', 'onChange', 'clock'])
    const { opensAt = { consecutive: 5 }, resetAfterMs = 10_000, isFailure, onChange, clock } = options
    if (!(Number.isFinite(resetAfterMs) && resetAfterMs >= 0)) {
      throw refused('resetAfterMs', resetAfterMs, '0 or more milliseconds')
    }
    this.#trip = tripOf(opensAt)
    this.#resetAfterMs = resetAfterMs
    this.#isFailure = isFailure ?? isTransient
    this.#onChange = onChange
    this.#clock = clock ?? systemClock
  }

  get state(): CircuitState {
    return this.#isolations > 0 ? 'isolated' : this.#state
  }

  /** Refuses every call until what it returns is disposed. */
  isolate(): Disposable {
    let isOver = false
    this.#isolations += 1
    if (this.#isolations === 1) this.#tell()
    return {
      [Symbol.dispose]: () => {
        if (isOver) return
        isOver = true
        this.#isolations -= 1
        if (this.#isolations === 0) this.#tell()
      },
    }
  }

  /** @throws RETRY_CIRCUIT_OPEN at once; what the function throws. */
  async run<T>(fn: PolicyFunction<T>, options: PolicyOptions = {}): Promise<T> {
    options.signal?.throwIfAborted()
    this.#admit()
    const era = this.#era
    let end: AttemptEnd<T>
    try {
      end = { value: await fn(contextOf(options)) }
    } catch (error) {
      end = { error }
    }
    this.#learn(era, end, options.signal?.aborted ?? false)
    if ('error' in end) throw end.error
    return end.value
  }

  /** When it has been open for long enough, this very call is the probe; all others wait for what it finds. */
  #admit(): void {
    if (this.#isolations > 0) throw this.#refusal('it is isolated by hand')
    if (this.#state === 'closed') return
    const leftMs = this.#sinceMs + this.#resetAfterMs - this.#clock.monotonic()
    // A probe that has no end is followed by another one after the same time.
    if (leftMs <= 0) this.#become('half-open')
    else if (this.#state === 'open') throw this.#refusal(`it tries again in ${formatDuration(leftMs)}`)
    else throw this.#refusal('a call is trying')
  }

  #learn(era: number, end: AttemptEnd, isAborted: boolean): void {
    if (era !== this.#era) return
    const isProbe = this.#state === 'half-open'
    if ('error' in end && (isAborted || isAbort(end.error))) {
      // Nobody waited for the answer, so that it says nothing: the next call may try.
      if (isProbe) this.#become('open', this.#clock.monotonic() - this.#resetAfterMs)
      return
    }
    const isFailure = this.#judge(end)
    if (isProbe) this.#become(isFailure ? 'open' : 'closed')
    else if (this.#trip.add(isFailure, this.#clock.monotonic())) this.#become('open')
  }

  #become(state: 'closed' | 'open' | 'half-open', sinceMs: number = this.#clock.monotonic()): void {
    this.#state = state
    this.#sinceMs = sinceMs
    this.#era += 1
    this.#trip.clear()
    if (this.#isolations === 0) this.#tell()
  }

  /** When it throws, a probe has an end all the same. */
  #judge(end: AttemptEnd): boolean {
    try {
      return this.#isFailure(end)
    } catch (error) {
      if (this.#state === 'half-open') this.#become('open')
      throw hookFault('isFailure', error, end)
    }
  }

  #tell(): void {
    try {
      this.#onChange?.(this.state)
    } catch {
      // Telling is not part of the call.
    }
  }

  #refusal(why: string): PlimsollError {
    counters.refusedByBreaker += 1
    return new PlimsollError(
      'RETRY_CIRCUIT_OPEN',
      `the call was not made: the circuit is ${this.state}, ${why}`,
    )
  }
}
