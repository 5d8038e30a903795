import { readSealKey } from '../inputs/inputs.ts'
import type { Journal } from '../journal/journal.ts'
import { knownSecrets } from '../plan/plan.ts'
import { createRedactor } from '../redact/redact.ts'
import type { Plan, SecretSource, Task } from '../spine.ts'
import { inOrder } from './order.ts'
import { isForced, type Look, type LookContext, lookAt } from './skipping.ts'
import type { RunParts } from './words.ts'

/** What will become of a task with inputs, as far as can be said before anything runs. */
export type Foresight = {
  /** Why it will be skipped, or null. */
  readonly skipped: string | null
  /** Why it runs, or what that depends on; null where it is skipped. */
  readonly because: string | null
  /** Globs of its inputs that match no file. */
  readonly unmatched: readonly string[]
}

type Parts = Pick<RunParts, 'plan' | 'stateDir' | 'variables' | 'force'> & {
  /** Null where nothing was recorded. */
  readonly journal: Pick<Journal, 'done' | 'services'> | null
  /** Names of tasks whose `when` says that they will be skipped. */
  readonly leftOut: ReadonlySet<string>
  readonly signal: AbortSignal
}

/** Changes nothing, and runs nothing: a secret that a command prints is not asked for. */
export async function foresee(parts: Parts): Promise<ReadonlyMap<string, Foresight>> {
  const { plan, leftOut } = parts
  const looks = new Map<string, Look>()
  /** Of a task that may run: itself, or the one that decides it. */
  const mayRun = new Set<string>()
  const context = await contextOf(parts, looks)
  const foreseen = new Map<string, Foresight>()
  for (const task of inOrder(plan.tasks)) {
    if (leftOut.has(task.name)) continue
    const before = task.needs.find((need) => mayRun.has(need))
    const foresight = task.inputs && (await foresightOf(task, { parts, context, looks, before }))
    if (foresight) foreseen.set(task.name, foresight)
    if (!foresight || foresight.skipped === null) mayRun.add(task.name)
  }
  return foreseen
}

type Known = {
  readonly parts: Parts
  readonly context: LookContext
  readonly looks: Map<string, Look>
  /** A need that may run. */
  readonly before: string | undefined
}

async function foresightOf(task: Task, { parts, context, looks, before }: Known): Promise<Foresight> {
  const missing = task.secrets.find((name) => !Object.hasOwn(context.values.secrets, name))
  if (missing !== undefined)
    return { ...open, because: `decided when it runs: the secret "${missing}" is not known here` }
  const look = await lookAt(task, context)
  const unmatched = look.digest?.unmatched ?? []
  if (isForced(parts.force, task)) return { skipped: null, because: 'it was asked for', unmatched }
  looks.set(task.name, look)
  if (before === undefined) {
    const isDone = look.done !== null
    return { skipped: isDone ? look.because : null, because: isDone ? null : look.because, unmatched }
  }
  const later = `decided when "${before}" has ended`
  if (look.unknown !== null) return { ...open, because: later }
  return {
    skipped: null,
    because: look.done === null ? look.because : `unchanged so far; ${later}`,
    unmatched,
  }
}

const open = { skipped: null, unmatched: [] } as const

async function contextOf(parts: Parts, looks: ReadonlyMap<string, Look>): Promise<LookContext> {
  const { plan, stateDir, journal, variables, signal } = parts
  const tasks = plan.tasks.filter(({ inputs }) => inputs !== undefined)
  const { values: secrets } = await knownSecrets(
    { ...plan, tasks, secrets: withoutCommands(plan) },
    { variables },
  )
  const outputOf = (task: string, key: string): string | undefined => {
    const outputs = looks.get(task)?.done?.outputs ?? {}
    return Object.hasOwn(outputs, key) ? outputs[key] : undefined
  }
  const masker = createRedactor(Object.values(secrets))
  return {
    ...{ plan, stateDir, journal, masker, signal, values: { secrets, outputOf } },
    key: await readSealKey(stateDir),
  }
}

const withoutCommands = ({ secrets }: Plan): Readonly<Record<string, SecretSource>> =>
  Object.fromEntries(Object.entries(secrets).filter(([, source]) => source.from !== 'command'))
