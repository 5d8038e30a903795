import { resolve } from 'node:path'
import type { Condition, RetryRule, Task, Work } from '../spine.ts'
import { parseCondition } from './condition.ts'
import type { Path, Report } from './problems.ts'
import type { DefaultsWritten, MemoryWritten, RetryWritten, TaskWritten } from './task-schema.ts'
import { environmentProblem } from './variable-names.ts'
import { checkKind, type Gathered, kindsOf, lowerWork, templates } from './work.ts'
import { isTreeMap, type TreeMap } from './yaml.ts'

/** `defaults` of the plan or of an environment, and where they stand. */
export type DefaultsLayer = { readonly written: DefaultsWritten; readonly path: Path }

/** What a task has that does not say otherwise. */
export type TaskDefaults = {
  /** The narrower place last: it wins. */
  readonly layers: readonly DefaultsLayer[]
  readonly limitBytes: number
  /** Attempts of `retry: {}`. */
  readonly attempts: number
}

const defaultTimeoutMs = 600_000
const defaultDelayMs = 1_000
const defaultMaxDelayMs = 30_000

/** An http task starts nothing that could have them; an undo of it may. */
const ofProcesses = ['dir', 'env', 'memory'] as const

/** What can be said of a task even when its values are wrong. */
export function checkShape(raw: TreeMap, path: Path, report: Report): void {
  checkKind(raw, path, report)
  const { undo, detach = 'false' } = raw
  if (isTreeMap(undo)) checkKind(undo, [...path, 'undo'], report)
  if (kindsOf(raw).join() === 'http' && !(isTreeMap(undo) && !Object.hasOwn(undo, 'http')))
    for (const key of ofProcesses.filter((one) => Object.hasOwn(raw, one)))
      report([...path, key], `"${key}" belongs to run, exec and call, found it beside http`, { on: 'key' })
  if (undo === 'stop' && String(detach).toLowerCase() === 'false') {
    const message = 'found "stop", which needs a service to stop: expected "detach: true" beside it'
    report([...path, 'undo'], message)
  }
  if (Object.hasOwn(raw, 'outputs') && !Object.hasOwn(raw, 'inputs')) {
    const message =
      'found "outputs" without "inputs", expected both: a task is skipped when neither has changed'
    report([...path, 'outputs'], message, { on: 'key' })
  }
}

/** What values of a task, or of defaults, say about each other and about the names in `env`. */
export function checkValues({ env = {}, memory, retry }: DefaultsWritten, path: Path, report: Report): void {
  for (const name of Object.keys(env)) {
    const problem = environmentProblem(name)
    if (problem !== undefined) report([...path, 'env', name], problem, { on: 'key' })
  }
  const { limit = Number.POSITIVE_INFINITY, expect = 0 } = typeof memory === 'object' ? memory : {}
  if (expect > limit)
    report([...path, 'memory', 'expect'], `found more than "limit", expected at most ${limit} bytes`)
  const {
    delay = defaultDelayMs,
    maxDelay = delay,
    backoff,
    jitter = 'none',
  } = typeof retry === 'object' ? retry : {}
  if (maxDelay < delay)
    report([...path, 'retry', 'maxDelay'], `found less than "delay", expected at least ${delay} ms`)
  if (jitter !== 'none' && (backoff === 'randomExponential' || backoff === 'decorrelated'))
    report([...path, 'retry', 'jitter'], `found beside "backoff: ${backoff}", which has a jitter of its own`)
}

/** Undefined when its work could not be read; everything wrong has been reported. */
export function lowerTask(
  written: TaskWritten,
  defaults: TaskDefaults,
  gathered: Gathered,
): Task | undefined {
  const path: Path = [gathered.section, gathered.task]
  checkValues(written, path, gathered.report)
  const usual: DefaultsWritten = Object.assign({}, ...defaults.layers.map((layer) => layer.written))
  const merged = { ...usual, ...written }
  const { timeout = defaultTimeoutMs, memory, retry, dir, when, onResume } = merged
  const idempotent = merged.idempotent ?? (written.inputs === undefined ? undefined : true)
  const place = { path, detach: written.detach ?? false, hasMemory: memory !== undefined }
  const work = lowerWork(written, place, gathered)
  const undo = lowerUndo(written, place, gathered)
  const env = lowerEnv([...defaults.layers, { written, path }], gathered)
  const task = {
    name: gathered.task,
    needs: [...new Set(needsOf(written))],
    dir: resolve(gathered.planDir, dir ?? '.'),
    env,
    when: when === undefined ? null : lowerCondition(when, [...path, 'when'], gathered),
    ...lowerMemory(memory, defaults.limitBytes),
    timeoutMs: timeout,
    retry: lowerRetry(retry, defaults.attempts),
    secrets: [...gathered.secrets].sort(),
    ...(onResume !== undefined && { onResume }),
    ...(idempotent !== undefined && { idempotent }),
  }
  if (work === undefined || undo === undefined) return undefined
  const undoTimeoutMs = typeof written.undo === 'object' ? written.undo.timeout : undefined
  const { inputs, outputs, approve } = written
  return {
    ...{ ...task, work, undo },
    ...(undoTimeoutMs !== undefined && { undoTimeoutMs }),
    ...(approve && { approve }),
    ...(inputs && { inputs }),
    ...(outputs && { outputs }),
  }
}

/** A name of a wider place counts, with what it refers to, where no narrower one sets it. */
function lowerEnv(
  layers: readonly { readonly written: Pick<DefaultsWritten, 'env'>; readonly path: Path }[],
  gathered: Gathered,
): Task['env'] {
  const env = Object.create(null)
  for (const { written, path } of layers.toReversed()) {
    const left = Object.entries(written.env ?? {}).filter(([name]) => !Object.hasOwn(env, name))
    Object.assign(env, templates(left, [...path, 'env'], gathered))
  }
  return env
}

const needsOf = ({ needs = [] }: Pick<TaskWritten, 'needs'>): readonly string[] =>
  typeof needs === 'string' ? [needs] : needs

type Place = { readonly path: Path; readonly detach: boolean; readonly hasMemory: boolean }

function lowerUndo({ undo }: TaskWritten, place: Place, gathered: Gathered): Work | null | undefined {
  if (undo === undefined) return null
  if (undo === 'stop') return { kind: 'stop' }
  return lowerWork(undo, { ...place, path: [...place.path, 'undo'], detach: false }, gathered)
}

function lowerCondition(
  text: string,
  path: Path,
  { task, scope, references, report }: Gathered,
): Condition | null {
  const parsed = parseCondition(text, { valueOf: (name) => scope.planValue(name), vars: scope.varNames })
  if ('error' in parsed) {
    report(path, parsed.error, { offset: parsed.at })
    return null
  }
  for (const { task: to, at } of parsed.mentions) references.push({ from: task, to, path, offset: at })
  return parsed.condition
}

/** A size alone is the limit and the first estimate; an expectation alone raises the default limit where it must. */
function lowerMemory(memory: MemoryWritten | undefined, defaultLimitBytes: number) {
  if (typeof memory === 'number') return { limitBytes: memory, expectBytes: memory, declaresMemory: true }
  const { limit, expect = null } = memory ?? {}
  return {
    ...{ limitBytes: limit ?? Math.max(defaultLimitBytes, expect ?? 0), expectBytes: expect },
    ...((limit !== undefined || expect !== null) && { declaresMemory: true }),
  }
}

function lowerRetry(retry: RetryWritten | undefined, defaultAttempts: number): RetryRule {
  const written = typeof retry === 'object' ? retry : {}
  const {
    delay = defaultDelayMs,
    maxDelay = Math.max(delay, defaultMaxDelayMs),
    backoff = 'exponential',
    jitter = 'none',
  } = written
  const attempts = written.attempts ?? defaultAttempts
  return {
    maxAttempts: typeof retry === 'number' ? retry : retry === undefined ? 1 : attempts,
    strategy: backoff,
    minDelayMs: delay,
    maxDelayMs: maxDelay,
    ...(jitter !== 'none' && { jitter }),
  }
}
