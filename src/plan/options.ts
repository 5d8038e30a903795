import { defaultOptions } from '../default-options.ts'
import { PlimsollError } from '../errors.ts'
import type { Options } from '../spine.ts'
import { budget, whole } from './leaf.ts'
import { layerSchema, type OptionLayer, sectionKeys } from './option-keys.ts'
import { type Path, type Report, show } from './problems.ts'
import type { HeadWritten } from './schema.ts'

/** The narrower place wins: each layer over the ones before it. */
export const layerOptions = (layers: readonly OptionLayer[]): Options =>
  layers.reduce(overlay, defaultOptions)

function overlay(options: Options, layer: OptionLayer): Options {
  // A share set in a narrower place replaces an absolute load line of a wider one.
  const share = layer.executor?.memoryPressureThreshold === undefined ? {} : { memoryBudgetBytes: null }
  return {
    executor: { ...options.executor, ...share, ...layer.executor },
    retry: { ...options.retry, ...layer.retry },
    queries: { ...options.queries, ...layer.queries },
    experts: { ...options.experts, ...layer.experts },
    metrics: { ...options.metrics, ...layer.metrics },
  }
}

type Limits = Pick<HeadWritten, 'concurrency' | 'memory' | keyof OptionLayer>

const mebibyte = 2 ** 20

/** The options of the top level or of an environment: sections, and the short forms of `executor`. */
export function layerOf(limits: Limits, path: Path, report: Report): OptionLayer {
  const { concurrency, memory, executor, retry, queries, experts, metrics } = limits
  const short: NonNullable<OptionLayer['executor']> = {
    ...(concurrency !== undefined && { maxConcurrentTasks: concurrency }),
    ...(memory?.perTask !== undefined && { memoryLimitMb: memory.perTask / mebibyte }),
    ...(memory?.budget !== undefined && budgetOption(memory.budget)),
  }
  for (const option of Object.keys(short)) {
    if (executor === undefined || !Object.hasOwn(executor, option)) continue
    report([...path, 'executor', option], '"concurrency" or "memory" above says the same, expected it once')
  }
  return {
    executor: { ...short, ...executor },
    ...(retry !== undefined && { retry }),
    ...(queries !== undefined && { queries }),
    ...(experts !== undefined && { experts }),
    ...(metrics !== undefined && { metrics }),
  }
}

const budgetOption = (load: { readonly share: number } | { readonly bytes: number }) =>
  'share' in load ? { memoryPressureThreshold: load.share } : { memoryBudgetBytes: load.bytes }

type OptionVariable = { readonly variable: string; readonly section: string; readonly option: string }

const upperSnake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()

/** PLIMSOLL_MAX_CONCURRENT_TASKS and so on; where two sections share a name, the later one is named as well. */
export const optionVariables: readonly OptionVariable[] = listVariables()

function listVariables(): readonly OptionVariable[] {
  const taken = new Set<string>()
  return Object.entries(sectionKeys).flatMap(([section, { _zod }]) =>
    Object.keys(_zod.def.innerType.shape).map((option) => {
      const short = `PLIMSOLL_${upperSnake(option)}`
      const variable = taken.has(short) ? `PLIMSOLL_${upperSnake(section)}_${upperSnake(option)}` : short
      taken.add(variable)
      return { variable, section, option }
    }),
  )
}

/** The layer of environment variables; an empty one counts as absent. @throws OPTION_INVALID, naming every wrong one. */
export function layerOfVariables(variables: NodeJS.ProcessEnv): OptionLayer {
  const written: Record<string, Record<string, string>> = {}
  for (const { variable, section, option } of optionVariables) {
    const value = variables[variable]
    if (value === undefined || value === '') continue
    written[section] = { ...written[section], [option]: value }
  }
  const result = layerSchema.safeParse(written)
  if (result.success) return result.data
  const wrong = result.error.issues.map(({ path: [section, option], message }) => {
    const known = optionVariables.find((entry) => entry.section === section && entry.option === option)
    return `${known?.variable} is ${show(variables[known?.variable ?? ''])}, expected ${message}`
  })
  throw new PlimsollError('OPTION_INVALID', wrong.join('; '))
}

/** The layer of the command line: `--concurrency` and `--memory`. @throws USAGE */
export function layerOfCommand(command: {
  concurrency?: number | undefined
  memoryBudget?: string | undefined
}): OptionLayer {
  const { concurrency, memoryBudget } = command
  const tasks = concurrency === undefined ? undefined : whole(1, 1_000, '').safeParse(String(concurrency))
  const load = memoryBudget === undefined ? undefined : budget('').safeParse(memoryBudget)
  if (tasks?.success === false) refuse('--concurrency', concurrency, tasks.error.issues[0]?.message)
  if (load?.success === false) refuse('--memory', memoryBudget, load.error.issues[0]?.message)
  return {
    executor: {
      ...(tasks?.data !== undefined && { maxConcurrentTasks: tasks.data }),
      ...(load?.data !== undefined && budgetOption(load.data)),
    },
  }
}

function refuse(flag: string, value: unknown, allowed: string | undefined): never {
  throw new PlimsollError('USAGE', `${flag} is ${show(value)}, expected ${allowed}`)
}
