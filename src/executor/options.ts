/** What callers of the executor may ask for, and what they could not mean. */
import { type Clock, systemClock } from '../clock.ts'
import { defaultOptions } from '../default-options.ts'
import { PlimsollError } from '../errors.ts'
import type { MemoryMonitor } from '../memory/memory.ts'
import { checkNames, type Names, unknownOption } from '../option-names.ts'
import type { Options } from '../spine.ts'
import type { MapOptions } from './map-words.ts'
import type { ExecutorEvent, ExecutorTask } from './words.ts'

export type ExecutorOptions = Options['executor'] & {
  readonly monitor?: MemoryMonitor
  readonly clock?: Clock
  /** What this process itself is expected to use at most, in bytes: kept free for it. Default 0. */
  readonly ownBytes?: number
}

export type ExecuteOptions<Value> = {
  /** No task starts after it aborts; running ones see it in their context. */
  readonly signal?: AbortSignal
  /** After the first failure nothing new starts; what runs may finish. Default: independent branches go on. */
  readonly failFast?: boolean
  /** Awaited. Not called when `enableProgress` is off. */
  readonly onEvent?: (event: ExecutorEvent<Value>) => void | Promise<void>
}

const { executor: defaults } = defaultOptions

const others: Names<Omit<ExecutorOptions, keyof Options['executor']>> = {
  monitor: true,
  clock: true,
  ownBytes: true,
}
const ofExecute: Names<ExecuteOptions<unknown>> = { signal: true, failFast: true, onEvent: true }
const ofMap: Names<MapOptions> = { signal: true, concurrency: true, ordered: true, reserveBytes: true }

const ofTask: Names<ExecutorTask> = {
  name: true,
  needs: true,
  run: true,
  reserveBytes: true,
  estimate: true,
  raise: true,
  expectedMs: true,
  isRunning: true,
  decide: true,
}

const executorNames = Object.keys({ ...defaults, ...others })
const executeNames = Object.keys(ofExecute)
const mapNames = Object.keys(ofMap)
/** A set: there may be very many tasks. */
const taskNames: ReadonlySet<string> = new Set(Object.keys(ofTask))

type ReadOptions = Pick<ExecutorOptions, 'monitor'> &
  Required<Pick<ExecutorOptions, 'clock' | 'ownBytes'>> & { readonly options: Options['executor'] }

/** @throws OPTION_INVALID with the option, its value and its range. */
export function readOptions(all: Partial<ExecutorOptions>): ReadOptions {
  checkNames('ParallelExecutor', all, executorNames)
  const { monitor, clock = systemClock, ownBytes = 0, ...given } = all
  const options = { ...defaults, ...given }
  checkFrom1('maxConcurrentTasks', options.maxConcurrentTasks)
  checkFrom1('maxWorkersThread', options.maxWorkersThread)
  checkFrom1('maxWorkersProcess', options.maxWorkersProcess)
  checkFrom1('memoryLimitMb', options.memoryLimitMb)
  checkBytes('ownBytes', ownBytes)
  const { memoryPressureThreshold: threshold, memoryBudgetBytes: budget } = options
  if (!(threshold > 0 && threshold <= 1))
    throw invalid('memoryPressureThreshold', threshold, 'above 0 and at most 1')
  if (budget !== null && !(Number.isSafeInteger(budget) && budget >= 1))
    throw invalid('memoryBudgetBytes', budget, 'a whole number from 1 or null')
  return { options, clock, ownBytes, ...(monitor && { monitor }) }
}

/** @throws OPTION_INVALID */
export function checkExecution(tasks: unknown, options: object): void {
  checkNames('execute', options, executeNames)
  if (!Array.isArray(tasks)) throw invalid('the first argument of execute', tasks, 'a list of tasks')
}

/** @throws OPTION_INVALID */
export function checkTask(task: Pick<ExecutorTask, 'name' | 'reserveBytes'>): void {
  const { name, reserveBytes } = task
  for (const key in task) if (!taskNames.has(key)) throw unknownOption(`task "${name}"`, key, taskNames)
  if (reserveBytes !== undefined && !isBytes(reserveBytes))
    throw invalid(`reserveBytes of task "${name}"`, reserveBytes, bytesExpected)
}

/** @throws OPTION_INVALID */
export function checkMap(fn: unknown, options: MapOptions): void {
  checkNames('map', options, mapNames)
  if (typeof fn !== 'function') throw invalid('the second argument of map', fn, 'a function')
  if (options.concurrency !== undefined) checkFrom1('concurrency', options.concurrency)
  if (options.reserveBytes !== undefined) checkBytes('reserveBytes', options.reserveBytes)
}

function checkFrom1(name: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 1)) throw invalid(name, value, 'a whole number from 1')
}

function checkBytes(name: string, value: number): void {
  if (!isBytes(value)) throw invalid(name, value, bytesExpected)
}

const bytesExpected = '0 or more bytes'
const isBytes = (value: number): boolean => value >= 0 && value < Number.POSITIVE_INFINITY

const invalid = (name: string, value: unknown, expected: string): PlimsollError =>
  new PlimsollError('OPTION_INVALID', `${name} is ${String(value)}, expected ${expected}`)
