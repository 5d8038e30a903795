import { resolve } from 'node:path'
import type { Condition, RetryRule, Task, Work } from '../spine.ts'
import { parseCondition } from './condition.ts'
import type { Path } from './problems.ts'
import { show } from './problems.ts'
import type { HeadWritten, MemoryWritten, RetryWritten, TaskWritten } from './schema.ts'
import { checkKind, type Gathered, lowerWork, templates } from './work.ts'
import { isTreeMap, type TreeMap } from './yaml.ts'

/** What a task has that does not say otherwise. */
export type TaskDefaults = {
  readonly written: NonNullable<HeadWritten['defaults']>
  readonly limitBytes: number
  /** Attempts of `retry: {}`. */
  readonly attempts: number
}

const defaultTimeoutMs = 600_000
const defaultDelayMs = 1_000
const defaultMaxDelayMs = 30_000

/** What can be said of a task even when its values are wrong. */
export function checkShape(raw: TreeMap, path: Path, report: Gathered['report']): void {
  checkKind(raw, path, report)
  const undo = raw.undo
  if (isTreeMap(undo)) checkKind(undo, [...path, 'undo'], report)
}

/** Undefined when its work could not be read; everything wrong has been reported. */
export function lowerTask(
  written: TaskWritten,
  defaults: TaskDefaults,
  gathered: Gathered,
): Task | undefined {
  const path: Path = ['tasks', gathered.task]
  const { dir, timeout = defaults.written.timeout ?? defaultTimeoutMs, when } = written
  const memory = written.memory ?? defaults.written.memory
  const place = { path, detach: written.detach ?? false, hasMemory: memory !== undefined }
  const work = lowerWork(written, place, gathered)
  const undo = lowerUndo(written, place, gathered)
  const retry = written.retry ?? defaults.written.retry
  const env = lowerEnv(written.env ?? {}, defaults.written.env ?? {}, gathered)
  checkNames(written.env ?? {}, [...path, 'env'], gathered)
  const task = {
    name: gathered.task,
    needs: [...new Set(needsOf(written))],
    dir: resolve(gathered.planDir, dir ?? '.'),
    env,
    when: when === undefined ? null : lowerCondition(when, [...path, 'when'], gathered),
    ...lowerMemory(memory, path, { defaults, gathered }),
    timeoutMs: timeout,
    retry: lowerRetry(retry, path, { defaults, gathered }),
    secrets: [...gathered.secrets].sort(),
  }
  if (work === undefined || undo === undefined) return undefined
  const undoTimeoutMs = typeof written.undo === 'object' ? written.undo.timeout : undefined
  return { ...task, work, undo, ...(undoTimeoutMs !== undefined && { undoTimeoutMs }) }
}

/** A name of the defaults counts, with what it refers to, where the task does not set it. */
function lowerEnv(own: Env, defaults: Env, gathered: Gathered): Task['env'] {
  const inherited = Object.fromEntries(Object.entries(defaults).filter(([name]) => !Object.hasOwn(own, name)))
  return Object.assign(
    Object.create(null),
    templates(inherited, ['defaults', 'env'], gathered),
    templates(own, ['tasks', gathered.task, 'env'], gathered),
  )
}

type Env = Readonly<Record<string, string>>

export const needsOf = ({ needs = [] }: Pick<TaskWritten, 'needs'>): readonly string[] =>
  typeof needs === 'string' ? [needs] : needs

type Place = { readonly path: Path; readonly detach: boolean; readonly hasMemory: boolean }

function lowerUndo({ undo }: TaskWritten, place: Place, gathered: Gathered): Work | null | undefined {
  if (undo === undefined) return null
  if (undo === 'stop') {
    if (place.detach) return { kind: 'stop' }
    const message = 'found "stop", which needs a service to stop: expected "detach: true" beside it'
    gathered.report([...place.path, 'undo'], message)
    return undefined
  }
  return lowerWork(undo, { ...place, path: [...place.path, 'undo'], detach: false }, gathered)
}

export function checkNames(
  env: Readonly<Record<string, unknown>>,
  path: Path,
  { report }: Pick<Gathered, 'report'>,
): void {
  for (const name of Object.keys(env)) {
    if (!/[=\0]/.test(name)) continue
    report([...path, name], `found the variable ${show(name)}, expected a name without "="`, { on: 'key' })
  }
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

type Context = { readonly defaults: TaskDefaults; readonly gathered: Gathered }

/** A size alone is the limit and the first estimate; an expectation alone raises the default limit where it must. */
function lowerMemory(memory: MemoryWritten | undefined, path: Path, { defaults, gathered }: Context) {
  if (typeof memory === 'number') return { limitBytes: memory, expectBytes: memory }
  const { limit, expect = null } = memory ?? {}
  if (limit !== undefined && expect !== null && expect > limit) {
    gathered.report([...path, 'memory', 'expect'], `found more than "limit", expected at most ${limit} bytes`)
  }
  return { limitBytes: limit ?? Math.max(defaults.limitBytes, expect ?? 0), expectBytes: expect }
}

function lowerRetry(retry: RetryWritten | undefined, path: Path, { defaults, gathered }: Context): RetryRule {
  const written = typeof retry === 'object' ? retry : {}
  const {
    delay = defaultDelayMs,
    maxDelay = Math.max(delay, defaultMaxDelayMs),
    backoff = 'exponential',
  } = written
  if (maxDelay < delay) {
    gathered.report([...path, 'retry', 'maxDelay'], `found less than "delay", expected at least ${delay} ms`)
  }
  const attempts = written.attempts ?? defaults.attempts
  return {
    maxAttempts: typeof retry === 'number' ? retry : retry === undefined ? 1 : attempts,
    strategy: backoff,
    minDelayMs: delay,
    maxDelayMs: maxDelay,
  }
}
