import { createHash } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { messageOf, PlimsollError, systemCodeOf } from '../errors.ts'
import { didYouMean } from '../nearest.ts'
import { checkNames, namesIn } from '../option-names.ts'
import type { Plan } from '../spine.ts'
import { formatSize } from '../units.ts'
import { checkSound } from './check.ts'
import { lowerCircle } from './circle.ts'
import { sealed } from './filled-from.ts'
import { lineProblem, nameForms } from './leaf.ts'
import { lowerNotify } from './notify.ts'
import { layerOf, layerOfCommand, layerOfVariables, layerOptions } from './options.ts'
import { PlanInvalidError, Problems, type Report, show } from './problems.ts'
import { type HeadWritten, headSchema } from './schema.ts'
import { Scope } from './scope.ts'
import { lowerSecrets } from './secret-sources.ts'
import { lowerSections } from './sections.ts'
import { substitute } from './substitute.ts'
import { checkValues, type DefaultsLayer, type TaskDefaults } from './task.ts'
import { variableProblem } from './variable-names.ts'
import { isTreeMap, readYaml, type TreeMap } from './yaml.ts'

export type PlanOptions = {
  /** One of the plan's environments. Default: none. */
  readonly environment?: string
  /** Wins over `version` of the file. */
  readonly version?: string
  /** Win over all `vars` of the file. */
  readonly vars?: Readonly<Record<string, string>>
  /** The environment of the process: `${NAME}`, PLIMSOLL_ options. Default `process.env`. */
  readonly variables?: NodeJS.ProcessEnv
  readonly concurrency?: number
  /** "2GiB" or "85%". */
  readonly memoryBudget?: string
}

const optionNames = namesIn<PlanOptions>({
  environment: true,
  version: true,
  vars: true,
  variables: true,
  concurrency: true,
  memoryBudget: true,
})

const longestFile = 4 * 1024 ** 2

/** @throws PLAN_UNREADABLE; PlanInvalidError with every problem; USAGE or OPTION_INVALID for what is not in the file. */
export async function readPlan(file: string, options: PlanOptions = {}): Promise<Plan> {
  checkNames('readPlan', options, optionNames)
  const bytes = await readStart(file)
  if (bytes.length > longestFile) throw tooLong(file)
  return parsePlan(decode(bytes, file), { ...options, file })
}

/**
 * At most one byte more than is allowed. A pipe or a device may never end, and opening one may wait for ever: hence
 * O_NONBLOCK, and nothing is read of them.
 */
export async function readStart(file: string): Promise<Uint8Array> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    const found = await handle.stat()
    if (!found.isFile()) throw notAFile(file, found)
    const buffer = new Uint8Array(longestFile + 1)
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return buffer.subarray(0, length)
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause
    if (systemCodeOf(cause) === 'ENOENT')
      throw new PlimsollError('PLAN_UNREADABLE', `there is no plan ${show(file)}`, { cause })
    throw new PlimsollError('PLAN_UNREADABLE', `cannot read the plan ${show(file)}: ${messageOf(cause)}`, {
      cause,
    })
  }
}

function notAFile(file: string, found: Stats): PlimsollError {
  const kind = found.isDirectory() ? 'directory' : found.isFIFO() ? 'pipe' : 'device'
  return new PlimsollError('PLAN_UNREADABLE', `cannot read the plan ${show(file)}: it is a ${kind}`, {
    fix: 'Name a file: a plan is read as a whole, and its paths are relative to where it lies',
  })
}

const wholeFile = { line: 1, column: 1, path: '' }

const tooLong = (file: string): PlanInvalidError =>
  new PlanInvalidError(
    file,
    [{ ...wholeFile, file, message: `the file is longer than ${formatSize(longestFile)}` }],
    0,
  )

export function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const before = new TextDecoder().decode(bytes).split('\uFFFD', 1)[0]?.split(/\r?\n/) ?? []
    const place = { line: Math.max(before.length, 1), column: (before.at(-1)?.length ?? 0) + 1 }
    throw new PlanInvalidError(
      file,
      [{ ...place, file, path: '', message: 'found bytes that are not UTF-8 text' }],
      0,
    )
  }
}

/** The same for a text. `file` says where it comes from: paths in the plan are relative to its directory. */
export function parsePlan(text: string, options: PlanOptions & { readonly file: string }): Plan {
  const { file, variables = process.env, vars = {} } = options
  for (const problem of Object.keys(vars).map(variableProblem)) {
    if (problem !== undefined) throw new PlimsollError('USAGE', `--var: ${problem}`)
  }
  // It may be the output of a command that failed, or that said more than a version.
  const wrongVersion = options.version === undefined ? undefined : lineProblem('a version', options.version)
  if (wrongVersion !== undefined) throw new PlimsollError('USAGE', `--version ${wrongVersion}`)
  const outside = [layerOfVariables(variables), layerOfCommand(options)]
  if (text.length > longestFile) throw tooLong(file)

  const problems = new Problems(file)
  const yaml = readYaml(text.replace(/^\uFEFF/, ''), problems)
  if (yaml === undefined) {
    problems.throwIfAny()
    throw new PlanInvalidError(file, [{ ...wholeFile, file, message: 'the file is not YAML' }], 0)
  }
  const report: Report = (path, message, at) =>
    problems.add(path, message, () => yaml.placeOf(path, at), at?.offset)
  if (!isTreeMap(yaml.root)) {
    report([], `found ${show(yaml.root)}, expected a map with name and tasks`)
    problems.throwIfAny()
  }
  const root = isTreeMap(yaml.root) ? yaml.root : {}
  const environment = options.environment ?? null
  checkEnvironment(root, environment, report)
  const scope = new Scope({ root, environment, version: options.version, given: vars, variables, report })
  const plan = lower({ root, environment, scope, report, outside, options: { ...options, variables }, text })
  problems.throwIfAny()
  return plan
}

export function checkEnvironment(
  { environments }: TreeMap,
  environment: string | null,
  report: Report,
): void {
  if (environment === null) return
  const names = isTreeMap(environments) ? Object.keys(environments) : []
  if (environments == null || (isTreeMap(environments) && names.length === 0)) {
    const add = `environments: { ${/^[\w-]+$/.test(environment) ? environment : show(environment)}: {} }`
    report(
      [],
      `asked for ${show(environment)}, but the plan has no environments: leave out --env, or write ${add}`,
    )
    return
  }
  if (!isTreeMap(environments) || names.includes(environment)) return
  const hint = didYouMean(environment, names)
  report(
    ['environments'],
    `asked for ${show(environment)}, expected one of ${names.slice(0, 20).map(show).join(', ')}${hint}`,
    { on: 'key' },
  )
}

type Draft = {
  readonly root: TreeMap
  readonly environment: string | null
  readonly scope: Scope
  readonly report: Report
  readonly outside: Parameters<typeof layerOptions>[0]
  readonly options: PlanOptions & { readonly file: string }
  readonly text: string
}

/** A whole plan in any case; it counts only when nothing was reported. */
function lower({ root, environment, scope, report, outside, options, text }: Draft): Plan {
  const written = substitute(withVersion(root, options.version), scope, environment)
  const head = checkSound(headSchema, written, { path: [], report }) ?? {}
  if (!Object.hasOwn(root, 'name')) report(['name'], `is missing, expected ${nameForms}`)
  const { limits, defaults } = layersOf(head, environment, report)
  const planOptions = layerOptions([...limits, ...outside])
  const planDir = dirname(resolve(options.file))
  const taskDefaults: TaskDefaults = {
    layers: defaults,
    limitBytes: Math.round(planOptions.executor.memoryLimitMb * 2 ** 20),
    attempts: planOptions.retry.maxAttempts,
  }
  lowerCircle(written.circle, planDir, report)
  const chosen = environment === null ? undefined : own(head.environments, environment)
  const { concurrency, memoryBudget } = options
  const given = {
    ...(concurrency !== undefined && { concurrency }),
    ...(memoryBudget !== undefined && { memoryBudget }),
  }
  const vars = scope.vars()
  const notify = head.notify && lowerNotify(head.notify, scope, report)
  const sections = lowerSections(written, { defaults: taskDefaults, scope, report, planDir })
  const digest = createHash('sha256').update(text).digest('hex')
  return {
    name: head.name ?? '',
    version: options.version ?? head.version ?? 'dev',
    environment,
    file: resolve(options.file),
    digest,
    vars,
    secrets: lowerSecrets(head.secrets ?? [], planDir),
    options: planOptions,
    ...(Object.keys(given).length > 0 && { given }),
    approve: chosen?.approve ?? false,
    ...(notify && { notify }),
    ...(scope.filledFrom.size > 0 && { filledFrom: sealed(scope.filledFrom, digest) }),
    ...sections,
  }
}

type Layers = {
  readonly limits: readonly ReturnType<typeof layerOf>[]
  readonly defaults: readonly DefaultsLayer[]
}

/** What the plan says of limits and defaults, and over it the chosen environment. All environments are checked. */
function layersOf(head: HeadWritten, environment: string | null, report: Report): Layers {
  const limits = [layerOf(head, [], report)]
  const defaults = [{ written: head.defaults ?? {}, path: ['defaults'] }]
  checkValues(head.defaults ?? {}, ['defaults'], report)
  for (const [name, written] of Object.entries(head.environments ?? {})) {
    const path = ['environments', name]
    const layer = { written: written.defaults ?? {}, path: [...path, 'defaults'] }
    checkValues(layer.written, layer.path, report)
    const own = layerOf(written, path, report)
    if (name === environment) {
      limits.push(own)
      defaults.push(layer)
    }
  }
  return { limits, defaults }
}

/** A version from outside replaces the text of the file, whose variables need not be set then. */
function withVersion(root: TreeMap, version: string | undefined): TreeMap {
  const copy: TreeMap = Object.assign(Object.create(null), root)
  if (version !== undefined && Object.hasOwn(root, 'version')) copy.version = 'dev'
  return copy
}

const own = <T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
