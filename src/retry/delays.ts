import { PlimsollError } from '../errors.ts'

export type Strategy = 'exponential' | 'linear' | 'fixed' | 'randomExponential'

export type DelayRule = {
  readonly strategy: Strategy
  /** The first wait, in milliseconds. */
  readonly minDelayMs: number
  /** No single wait is longer, in milliseconds. */
  readonly maxDelayMs: number
}

type Delay = (failures: number, rule: DelayRule, random: () => number) => number

/** `failures` counts from 1. `randomExponential` is "full jitter": even between 0 and the exponential wait. */
const delays: Readonly<Record<Strategy, Delay>> = {
  fixed: (_failures, rule) => rule.minDelayMs,
  linear: (failures, rule) => rule.minDelayMs * failures,
  exponential: (failures, rule) => rule.minDelayMs * 2 ** Math.min(failures - 1, 52),
  randomExponential: (failures, rule, random) =>
    random() * Math.min(rule.maxDelayMs, rule.minDelayMs * 2 ** Math.min(failures - 1, 52)),
}

/** The wait before the next attempt after `failures` failed ones, in milliseconds, at most `maxDelayMs`. */
export function delayAfter(failures: number, rule: DelayRule, random: () => number): number {
  return Math.min(rule.maxDelayMs, delays[rule.strategy](failures, rule, random))
}

/** Refuses a rule that could not be meant, with the value. */
export function checkDelayRule(rule: DelayRule): void {
  if (!Object.hasOwn(delays, rule.strategy)) {
    throw new PlimsollError(
      'OPTION_INVALID',
      `strategy is ${JSON.stringify(rule.strategy)}, expected one of ${Object.keys(delays).join(', ')}`,
    )
  }
  for (const option of ['minDelayMs', 'maxDelayMs'] as const) {
    if (!(Number.isFinite(rule[option]) && rule[option] >= 0)) {
      throw new PlimsollError(
        'OPTION_INVALID',
        `${option} is ${rule[option]}, expected 0 or more milliseconds`,
      )
    }
  }
  if (rule.minDelayMs > rule.maxDelayMs) {
    throw new PlimsollError(
      'OPTION_INVALID',
      `minDelayMs is ${rule.minDelayMs}, more than maxDelayMs, which is ${rule.maxDelayMs}`,
    )
  }
}
