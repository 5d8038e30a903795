import { availableParallelism } from 'node:os'
import { type Clock, systemClock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import { TreeWatcher } from '../memory/memory.ts'
import { checkNames, namesIn } from '../option-names.ts'

export type PoolOptions = {
  /** Worker threads at once. Default 10. */
  readonly maxWorkersThread?: number
  /** Worker processes at once. Default: cores. */
  readonly maxWorkersProcess?: number
  readonly clock?: Clock
  /** Variables of the workers, where a job does not bring its own. Default: those of this process. */
  readonly environment?: Readonly<Record<string, string>>
  /** An idle worker ends after this time. Default 10 s. */
  readonly idleMs?: number
  /** Between asking a function to end and ending its worker. Default 10 s. */
  readonly graceMs?: number
  /** A worker that uses more than this after a job (heap and buffers of a thread, resident memory of a process) is
   * replaced. Default 256 MiB. */
  readonly recycleAboveBytes?: number
  /** A worker is replaced after as many jobs. Default 100,000. */
  readonly recycleAfterJobs?: number
  /** To be shared with whoever else watches processes. */
  readonly watcher?: TreeWatcher
  /** Where the output of processes is kept while they run. Default: a temporary folder of the pool. */
  readonly spoolDir?: string
}

const optionNames = namesIn<PoolOptions>({
  maxWorkersThread: true,
  maxWorkersProcess: true,
  clock: true,
  environment: true,
  idleMs: true,
  graceMs: true,
  recycleAboveBytes: true,
  recycleAfterJobs: true,
  watcher: true,
  spoolDir: true,
})

export type PoolRules = Required<Omit<PoolOptions, 'spoolDir'>> & { readonly spoolDir: string | null }

/** @throws OPTION_INVALID */
export function rulesOf(options: PoolOptions): PoolRules {
  checkNames('openPool', options, optionNames)
  const clock = options.clock ?? systemClock
  const rules: PoolRules = {
    maxWorkersThread: options.maxWorkersThread ?? 10,
    maxWorkersProcess: options.maxWorkersProcess ?? availableParallelism(),
    clock,
    environment: options.environment ?? ownEnvironment(),
    idleMs: options.idleMs ?? 10_000,
    graceMs: options.graceMs ?? 10_000,
    recycleAboveBytes: options.recycleAboveBytes ?? 256 * 2 ** 20,
    recycleAfterJobs: options.recycleAfterJobs ?? 100_000,
    watcher: options.watcher ?? new TreeWatcher({ clock }),
    spoolDir: options.spoolDir ?? null,
  }
  checkWhole(rules, 'maxWorkersThread', 1_000)
  checkWhole(rules, 'maxWorkersProcess', 1_000)
  checkWhole(rules, 'idleMs', 2 ** 31 - 1)
  checkWhole(rules, 'graceMs', 2 ** 31 - 1)
  checkWhole(rules, 'recycleAboveBytes', Number.MAX_SAFE_INTEGER)
  checkWhole(rules, 'recycleAfterJobs', Number.MAX_SAFE_INTEGER)
  return rules
}

type WholeRule = Exclude<keyof PoolRules, 'clock' | 'environment' | 'watcher' | 'spoolDir'>

function checkWhole(rules: PoolRules, name: WholeRule, most: number): void {
  const value = rules[name]
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return
  throw new PlimsollError(
    'OPTION_INVALID',
    `${name} is ${String(value)}, expected a whole number from 1 to ${most}`,
  )
}

function ownEnvironment(): Readonly<Record<string, string>> {
  const set = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return Object.fromEntries(set)
}
