import { dirname, resolve } from 'node:path'
import type { Options } from '../spine.ts'
import { checkSound } from './check.ts'
import { circleSchema, type ExpertSource, lowerCircle } from './circle.ts'
import { keys, maybe } from './leaf.ts'
import { type OptionLayer, sectionKeys } from './option-keys.ts'
import { layerOfVariables, layerOptions } from './options.ts'
import { PlanInvalidError, Problems, type Report, show } from './problems.ts'
import { decode, readStart } from './read.ts'
import { isTreeMap, readYaml, type TreeMap } from './yaml.ts'

export type Circle = {
  readonly experts: readonly ExpertSource[]
  /** Of the manager that asks them. */
  readonly limits: Options['experts']
  /** Of the handler that keeps what they are asked. */
  readonly queries: Options['queries']
}

export type CircleOptions = {
  /** In the order of weight: an expert or a limit of a later file wins. */
  readonly files: readonly { readonly file: string; readonly isPlan: boolean }[]
  readonly variables?: NodeJS.ProcessEnv
}

const { experts, queries } = sectionKeys
const limitsSchema = keys({ experts, queries })
const limitKeys: ReadonlySet<string> = new Set(['experts', 'queries'])
const configSchema = keys({ circle: maybe(circleSchema), experts, queries })

/** @throws PLAN_UNREADABLE, PlanInvalidError with every problem of a file, OPTION_INVALID for variables */
export async function readCircle({ files, variables = process.env }: CircleOptions): Promise<Circle> {
  const experts = new Map<string, ExpertSource>()
  const layers: OptionLayer[] = []
  for (const { file, isPlan } of files) {
    const text = decode(await readStart(file), file)
    const read = parseCircle(text, { file, isPlan })
    for (const expert of read.experts) experts.set(expert.name, expert)
    layers.push(read.limits)
  }
  const { experts: limits, queries } = layerOptions([...layers, layerOfVariables(variables)])
  return { experts: [...experts.values()], limits, queries }
}

function parseCircle(text: string, { file, isPlan }: { readonly file: string; readonly isPlan: boolean }) {
  const problems = new Problems(file)
  const yaml = readYaml(text.replace(/^\uFEFF/, ''), problems)
  if (yaml === undefined) {
    problems.throwIfAny()
    const whole = { file, line: 1, column: 1, path: '', message: 'the file is not YAML' }
    throw new PlanInvalidError(file, [whole], 0)
  }
  const report: Report = (path, message, at) =>
    problems.add(path, message, () => yaml.placeOf(path, at), at?.offset)
  const { root } = yaml
  if (!isTreeMap(root)) {
    if (root !== null) report([], `found ${show(root)}, expected a map with circle, experts`)
    problems.throwIfAny()
    return { experts: [], limits: {} }
  }
  const experts = lowerCircle(root.circle, dirname(resolve(file)), report)
  const rest: TreeMap = Object.create(null)
  for (const [key, value] of Object.entries(root)) {
    if (key !== 'circle' && (limitKeys.has(key) || !isPlan)) rest[key] = value
  }
  const limits: OptionLayer =
    checkSound(isPlan ? limitsSchema : configSchema, rest, { path: [], report }) ?? {}
  problems.throwIfAny()
  return { experts, limits }
}
