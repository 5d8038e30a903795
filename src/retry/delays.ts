import { inspect } from 'node:util'
import { PlimsollError } from '../errors.ts'

export type Strategy = 'exponential' | 'linear' | 'fixed' | 'randomExponential' | 'decorrelated'

export type Jitter = 'none' | 'full' | 'equal' | 'decorrelated'

/** The wait in milliseconds after `attempt` has failed; null: no further attempt. */
export type DelayFunction = (attempt: number, error: unknown, elapsedMs: number) => number | null

export type DelayRule = {
  /**
   * How waits grow: `fixed` is always `minDelayMs`, `linear` grows by it each time, `exponential` doubles.
   * `randomExponential` (the default) is even between 0 and the exponential wait, so that many callers do not come
   * back at the same moment; `decorrelated` is even between `minDelayMs` and three times the wait before. Or the waits
   * themselves, in milliseconds: when they end, so do the attempts. Or a function.
   */
  readonly strategy: Strategy | Iterable<number> | DelayFunction
  /** The first wait, in milliseconds. Default 1,000. Waits of your own do not look at it. */
  readonly minDelayMs: number
  /** No single wait is longer, in milliseconds. Default 30,000, or `minDelayMs` when that is more. */
  readonly maxDelayMs: number
  /**
   * `full`: even between 0 and the wait; `equal`: half of it and an even share of the other half; `decorrelated`: even
   * between the wait and three times the one before. Default `none`: two strategies have one of their own.
   */
  readonly jitter: Jitter
}

/** 2^52 times a millisecond is beyond every cap. */
const mostDoublings = 52

type Growth = (minDelayMs: number, failures: number) => number

const growths: Readonly<Record<Strategy, Growth>> = {
  fixed: (min) => min,
  decorrelated: (min) => min,
  linear: (min, failures) => min * failures,
  exponential: (min, failures) => min * 2 ** Math.min(failures - 1, mostDoublings),
  randomExponential: (min, failures) => min * 2 ** Math.min(failures - 1, mostDoublings),
}

const ownJitters: Readonly<Partial<Record<Strategy, Jitter>>> = {
  decorrelated: 'decorrelated',
  randomExponential: 'full',
}

type Spread = (ms: number, beforeMs: number, random: () => number) => number

const spreads: Readonly<Record<Jitter, Spread>> = {
  none: (ms) => ms,
  full: (ms, _before, random) => ms * random(),
  equal: (ms, _before, random) => ms / 2 + (ms / 2) * random(),
  decorrelated: (ms, before, random) => ms + Math.max(0, 3 * before - ms) * random(),
}

/** The waits of one operation; it remembers the wait before and where its iterable is. */
export class Delays {
  readonly #rule: DelayRule
  readonly #random: () => number
  readonly #spread: Spread
  #iterator: Iterator<number> | undefined
  #beforeMs: number | undefined
  #failures = 0

  constructor(rule: DelayRule, random: () => number) {
    const { strategy, jitter } = rule
    this.#rule = rule
    this.#random = random
    const own = typeof strategy === 'string' ? ownJitters[strategy] : undefined
    this.#spread = spreads[own ?? jitter]
  }

  /** In milliseconds, at most `maxDelayMs`; null: no further attempt. @throws what its own function or iterable throws */
  next(error: unknown, elapsedMs: number): number | null {
    const { maxDelayMs } = this.#rule
    this.#failures += 1
    const grown = this.#grown(error, elapsedMs)
    if (grown === null) return null
    const ms = Math.min(grown, maxDelayMs)
    const spread = Math.min(this.#spread(ms, this.#beforeMs ?? ms, this.#chance), maxDelayMs)
    this.#beforeMs = spread
    return spread
  }

  readonly #chance = (): number => {
    const chance: unknown = this.#random()
    if (typeof chance === 'number' && chance >= 0 && chance < 1) return chance
    throw refused('the answer of random', chance, 'a number from 0 to below 1')
  }

  /** Closes an iterable that has not ended. */
  close(): void {
    const iterator = this.#iterator
    this.#iterator = undefined
    iterator?.return?.()
  }

  #grown(error: unknown, elapsedMs: number): number | null {
    const { strategy, minDelayMs } = this.#rule
    if (typeof strategy === 'string') return growths[strategy](minDelayMs, this.#failures)
    return checkedDelay(
      typeof strategy === 'function' ? strategy(this.#failures, error, elapsedMs) : this.#listed(strategy),
    )
  }

  #listed(strategy: Iterable<number>): number | null {
    this.#iterator ??= strategy[Symbol.iterator]()
    const { done, value } = this.#iterator.next()
    if (!done) return value
    this.#iterator = undefined
    return null
  }
}

function checkedDelay(ms: unknown): number | null {
  if (ms === null || (typeof ms === 'number' && ms >= 0)) return ms
  throw new PlimsollError(
    'OPTION_INVALID',
    `the strategy answered ${inspect(ms, { depth: 0 }).slice(0, 100)}, expected 0 or more milliseconds, or null`,
  )
}

/** Refuses a rule that could not be meant, with the value. */
export function checkDelayRule({ strategy, minDelayMs, maxDelayMs, jitter }: DelayRule): void {
  const isOwn =
    typeof strategy === 'function' ||
    (typeof strategy === 'object' && strategy !== null && Symbol.iterator in strategy)
  if (!isOwn && !(typeof strategy === 'string' && Object.hasOwn(growths, strategy))) {
    throw refused(
      'strategy',
      strategy,
      `one of ${Object.keys(growths).join(', ')}, an iterable or a function`,
    )
  }
  if (!Object.hasOwn(spreads, jitter))
    throw refused('jitter', jitter, `one of ${Object.keys(spreads).join(', ')}`)
  const own = typeof strategy === 'string' ? ownJitters[strategy] : undefined
  if (own !== undefined && jitter !== 'none' && jitter !== own) {
    throw new PlimsollError(
      'OPTION_INVALID',
      `jitter is "${jitter}" beside the strategy "${strategy as string}", which has a jitter of its own`,
    )
  }
  if (!(Number.isFinite(maxDelayMs) && maxDelayMs >= 0)) {
    throw refused('maxDelayMs', maxDelayMs, '0 or more milliseconds')
  }
  if (!(Number.isFinite(minDelayMs) && minDelayMs >= 0)) {
    throw refused('minDelayMs', minDelayMs, '0 or more milliseconds')
  }
  if (minDelayMs <= maxDelayMs) return
  throw new PlimsollError(
    'OPTION_INVALID',
    `minDelayMs is ${minDelayMs}, more than maxDelayMs, which is ${maxDelayMs}`,
  )
}

/** An option that could not be meant. */
export function refused(option: string, value: unknown, expected: string): PlimsollError {
  const shown =
    typeof value === 'string'
      ? JSON.stringify(value)
      : inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY })
  return new PlimsollError('OPTION_INVALID', `${option} is ${shown.slice(0, 100)}, expected ${expected}`)
}
