import { type Clock, systemClock } from '../clock.ts'
import { defaultOptions } from '../default-options.ts'
import { PlimsollError } from '../errors.ts'
import { unknownOption } from '../option-names.ts'
import { RetryBudget } from './budget.ts'
import { checkDelayRule, type DelayRule, refused } from './delays.ts'
import { machineGauge } from './room.ts'
import type { MemoryGauge, RetryConfig } from './words.ts'

const mebibyte = 2 ** 20
const { retry: defaults } = defaultOptions

/** A `RetryConfig` known to be sound: every option has a value. */
export type Rules<T> = {
  readonly delay: DelayRule
  readonly maxAttempts: number
  readonly attemptTimeoutMs: number
  readonly totalTimeoutMs: number
  readonly memoryLimitBytes: number
  readonly maxPayloadBytes: number
  readonly isCleaned: boolean
  readonly isPatient: boolean
  readonly memory: MemoryGauge | null
  readonly clock: Clock
  readonly random: () => number
  /** For what has no default but to be absent. */
  readonly config: RetryConfig<T>
}

/** What `typeof` says of each option; `any` is looked at more closely below. Calls from JavaScript may pass anything. */
const optionKinds: Readonly<Record<keyof RetryConfig, 'number' | 'boolean' | 'string' | 'function' | 'any'>> =
  {
    maxAttempts: 'number',
    strategy: 'any',
    minDelayMs: 'number',
    maxDelayMs: 'number',
    jitter: 'any',
    attemptTimeoutMs: 'number',
    totalTimeoutMs: 'number',
    signal: 'any',
    shouldRetry: 'function',
    payload: 'any',
    maxPayloadSizeMb: 'number',
    memoryLimitMb: 'number',
    cleanupBetweenRetries: 'boolean',
    cleanup: 'function',
    budget: 'any',
    onEvent: 'function',
    idempotencyKey: 'string',
    waitForAttempt: 'boolean',
    memory: 'any',
    clock: 'any',
    random: 'function',
  }
const kindOf: ReadonlyMap<string, string> = new Map(Object.entries(optionKinds))

const defaultMinDelayMs = 1_000
const defaultMaxDelayMs = 30_000

const defaultDelay: DelayRule = {
  strategy: 'randomExponential',
  minDelayMs: defaultMinDelayMs,
  maxDelayMs: defaultMaxDelayMs,
  jitter: 'none',
}

/** @throws OPTION_INVALID, naming the option, its value and what is expected. */
export function rulesOf<T>(config: RetryConfig<T>): Rules<T> {
  checkKinds(config)
  const rules = {
    delay: delayOf(config),
    maxAttempts: config.maxAttempts ?? defaults.maxAttempts,
    attemptTimeoutMs: config.attemptTimeoutMs ?? Number.POSITIVE_INFINITY,
    totalTimeoutMs: config.totalTimeoutMs ?? Number.POSITIVE_INFINITY,
    memoryLimitBytes: (config.memoryLimitMb ?? defaults.memoryLimitMb) * mebibyte,
    maxPayloadBytes: (config.maxPayloadSizeMb ?? defaults.maxPayloadSizeMb) * mebibyte,
    isCleaned: config.cleanupBetweenRetries ?? defaults.cleanupBetweenRetries,
    isPatient: config.waitForAttempt ?? false,
    memory: config.memory === undefined ? machineGauge : config.memory,
    clock: config.clock ?? systemClock,
    random: config.random ?? Math.random,
    config,
  }
  checkDelayRule(rules.delay)
  checkAttempts(rules)
  checkTimes(rules)
  checkSizes(config)
  checkObjects(config)
  return rules
}

function delayOf(config: RetryConfig<never>): DelayRule {
  const { strategy, minDelayMs, maxDelayMs, jitter } = config
  if ((strategy ?? minDelayMs ?? maxDelayMs ?? jitter) === undefined) return defaultDelay
  const min = minDelayMs ?? Math.min(defaultMinDelayMs, maxDelayMs ?? defaultMinDelayMs)
  return {
    strategy: strategy ?? defaultDelay.strategy,
    minDelayMs: min,
    // NaN is told of where it was written.
    maxDelayMs: maxDelayMs ?? Math.max(defaultMaxDelayMs, min || 0),
    jitter: jitter ?? 'none',
  }
}

function checkAttempts({ maxAttempts, totalTimeoutMs, config }: Rules<never>): void {
  if (Number.isSafeInteger(maxAttempts) && maxAttempts >= 1) return
  const hasAnEnd = Number.isFinite(totalTimeoutMs) || config.signal !== undefined
  if (maxAttempts === Number.POSITIVE_INFINITY && hasAnEnd) return
  throw refused(
    'maxAttempts',
    maxAttempts,
    'a whole number from 1, or Infinity beside totalTimeoutMs or signal',
  )
}

function checkTimes({ attemptTimeoutMs, totalTimeoutMs, config }: Rules<never>): void {
  if (!(attemptTimeoutMs > 0)) throw refused('attemptTimeoutMs', attemptTimeoutMs, 'more than 0 milliseconds')
  if (!(totalTimeoutMs >= 0)) throw refused('totalTimeoutMs', totalTimeoutMs, '0 or more milliseconds')
  if (attemptTimeoutMs <= totalTimeoutMs || config.attemptTimeoutMs === undefined) return
  throw new PlimsollError(
    'OPTION_INVALID',
    `attemptTimeoutMs is ${attemptTimeoutMs}, more than totalTimeoutMs, which is ${totalTimeoutMs}`,
  )
}

function checkSizes({ memoryLimitMb = 1, maxPayloadSizeMb = 1 }: RetryConfig<never>): void {
  if (!(memoryLimitMb > 0)) throw refused('memoryLimitMb', memoryLimitMb, 'more than 0 MiB')
  if (!(maxPayloadSizeMb > 0)) throw refused('maxPayloadSizeMb', maxPayloadSizeMb, 'more than 0 MiB')
}

function checkKinds(config: object): void {
  if (typeof config !== 'object' || config === null) throw refused('the config of retry', config, 'an object')
  for (const name in config) {
    const kind = kindOf.get(name)
    if (kind === undefined) throw unknownOption('retry', name, kindOf.keys())
    const value: unknown = config[name as keyof typeof config]
    if (kind !== 'any' && value !== undefined && typeof value !== kind)
      throw refused(name, value, `a ${kind}`)
  }
}

function checkObjects({ signal, budget, memory, clock }: RetryConfig<never>): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw refused('signal', signal, 'an AbortSignal')
  if (budget !== undefined && !(budget instanceof RetryBudget))
    throw refused('budget', budget, 'a RetryBudget')
  if (memory !== undefined && memory !== null && typeof memory.read !== 'function') {
    throw refused('memory', memory, 'a MemoryMonitor or null')
  }
  if (clock !== undefined && typeof clock?.sleep !== 'function') throw refused('clock', clock, 'a Clock')
}
