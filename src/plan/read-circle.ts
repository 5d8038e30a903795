import { dirname, resolve } from 'node:path'
import { PlimsollError } from '../errors.ts'
import { checkNames, namesIn } from '../option-names.ts'
import type { Options } from '../spine.ts'
import { checkSound } from './check.ts'
import { circleSchema, type ExpertSource, lowerCircle } from './circle.ts'
import { keys, maybe } from './leaf.ts'
import { type OptionLayer, sectionKeys } from './option-keys.ts'
import { layerOfVariables, layerOptions } from './options.ts'
import { PlanInvalidError, Problems, type Report, show } from './problems.ts'
import { checkEnvironment, decode, readStart } from './read.ts'
import { Scope } from './scope.ts'
import { substitute } from './substitute.ts'
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
  /** One of the environments of the plan among them, whose `experts` and `queries` win over those of its top level. */
  readonly environment?: string
  /** The environment of the process: `${NAME}`, PLIMSOLL_ options. Default `process.env`. */
  readonly variables?: NodeJS.ProcessEnv
}

const optionNames = namesIn<CircleOptions>({ files: true, environment: true, variables: true })
const fileNames = namesIn<CircleOptions['files'][number]>({ file: true, isPlan: true })

const { experts, queries } = sectionKeys
const limitsSchema = keys({ experts, queries })
const limitKeys: ReadonlySet<string> = new Set(['experts', 'queries'])
const configSchema = keys({ circle: maybe(circleSchema), experts, queries })

/** @throws PLAN_UNREADABLE, PlanInvalidError with every problem of a file, OPTION_INVALID for options and variables, USAGE (`environment`) */
export async function readCircle(options: CircleOptions): Promise<Circle> {
  checkNames('readCircle', options, optionNames)
  const { files, environment = null, variables = process.env } = options
  for (const file of files) checkNames('a file of readCircle', file, fileNames)
  if (environment !== null && !files.some(({ isPlan }) => isPlan))
    throw new PlimsollError('USAGE', `asked for the environment ${show(environment)}, but there is no plan`)
  const experts = new Map<string, ExpertSource>()
  const layers: OptionLayer[] = []
  for (const { file, isPlan } of files) {
    const text = decode(await readStart(file), file)
    const read = parseCircle(text, { file, isPlan, environment: isPlan ? environment : null, variables })
    for (const expert of read.experts) experts.set(expert.name, expert)
    layers.push(...read.layers)
  }
  const { experts: limits, queries } = layerOptions([...layers, layerOfVariables(variables)])
  return { experts: [...experts.values()], limits, queries }
}

type CircleFile = {
  readonly file: string
  readonly isPlan: boolean
  readonly environment: string | null
  readonly variables: NodeJS.ProcessEnv
}

type Read = { readonly experts: readonly ExpertSource[]; readonly layers: readonly OptionLayer[] }

function parseCircle(text: string, { file, isPlan, environment, variables }: CircleFile): Read {
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
    return { experts: [], layers: [] }
  }
  checkEnvironment(root, environment, report)
  const scope = new Scope({
    ...{ environment, version: undefined, given: {}, variables, report },
    root: isPlan ? root : Object.create(null),
  })
  // The rest of a plan may need variables that only a deployment is given.
  const part = isPlan ? pick(root, new Set(['circle', ...limitKeys])) : root
  const { circle, ...rest } = substitute(part, scope, environment)
  const limits = checkSound(isPlan ? limitsSchema : configSchema, Object.assign(Object.create(null), rest), {
    ...{ path: [], report },
  })
  const layers = [limits ?? {}, environmentLayer(root, { environment, scope, report })]
  const experts = lowerCircle(circle, dirname(resolve(file)), report)
  problems.throwIfAny()
  return { experts, layers }
}

type Choice = { readonly environment: string | null; readonly scope: Scope; readonly report: Report }

/** What the chosen environment of a plan says of the experts. */
function environmentLayer({ environments }: TreeMap, { environment, scope, report }: Choice): OptionLayer {
  if (environment === null || !isTreeMap(environments)) return {}
  const written = environments[environment]
  if (!isTreeMap(written)) return {}
  const path = ['environments', environment]
  const chosen: TreeMap = Object.create(null)
  chosen[environment] = pick(written, limitKeys)
  const filled: TreeMap = Object.create(null)
  filled.environments = chosen
  const { environments: all } = substitute(filled, scope, environment)
  const tree = isTreeMap(all) ? (all[environment] ?? null) : null
  return checkSound(limitsSchema, tree, { path, report }) ?? {}
}

function pick(tree: TreeMap, keys: ReadonlySet<string>): TreeMap {
  const picked: TreeMap = Object.create(null)
  for (const [key, value] of Object.entries(tree)) if (keys.has(key)) picked[key] = value
  return picked
}
