import { PlimsollError } from '../errors.ts'
import type { Decision } from '../executor/executor.ts'
import {
  changesBetween,
  type DigestContext,
  digestOutputs,
  digestTask,
  InputsUnknown,
  keepSealKey,
  type TaskDigest,
} from '../inputs/inputs.ts'
import type { DoneTask, Journal } from '../journal/journal.ts'
import { isSameProcess } from '../memory/memory.ts'
import { didYouMean } from '../nearest.ts'
import type { FillValues } from '../plan/plan.ts'
import type { Masker } from '../redact/redact.ts'
import type { TaskEnd, TaskEvent } from '../runners/runners.ts'
import type { Plan, Task } from '../spine.ts'
import { turns } from './turns.ts'
import type { RunParts } from './words.ts'

/** Tasks whose files are read at once. */
const looksAtOnce = 2

export type LookContext = DigestContext & { readonly journal: Pick<Journal, 'done' | 'services'> | null }

/** What was found of a task with inputs before it starts. `because` is the end of "it runs:" or of "it is skipped:". */
export type Look = {
  readonly because: string
  /** Its last success, when nothing has changed since. */
  readonly done: DoneTask | null
  /** Null where it cannot be told; then `unknown` says why. */
  readonly digest: TaskDigest | null
  readonly unknown: string | null
}

/** Compares a task with its last success. @throws the reason of the signal. */
export async function lookAt(task: Task, context: LookContext): Promise<Look> {
  try {
    const digest = await digestTask(task, context)
    const { name, environment } = context.plan
    const done = (await context.journal?.done(name, environment, task.name)) ?? null
    if (done === null) return { ...toRun, because: 'no success to compare with', digest }
    const changed = await changeSince(done, digest, task, context)
    if (changed !== null) return { ...toRun, because: changed, digest }
    return { because: `unchanged since run ${done.runId}`, done, digest, unknown: null }
  } catch (error) {
    if (!(error instanceof InputsUnknown)) throw error
    return { ...toRun, because: error.message, unknown: error.message }
  }
}

const toRun = { done: null, digest: null, unknown: null } as const

async function changeSince(
  done: DoneTask,
  now: TaskDigest,
  task: Task,
  context: LookContext,
): Promise<string | null> {
  if (done.digest !== now.digest) return changesBetween(inputsOf(done.parts), now.parts)
  const { work } = task
  if ((work.kind === 'run' || work.kind === 'exec') && work.detach) {
    const services = (await context.journal?.services()) ?? []
    const isIts = services.filter(({ runId, task: name }) => runId === done.runId && name === task.name)
    if (!isIts.some(({ identity }) => isSameProcess(identity))) return 'its service does not run any more'
  }
  if (task.outputs === undefined) return null
  try {
    const made = await digestOutputs(task, context)
    return made.digest === done.outputsDigest ? null : changesBetween(outputsOf(done.parts), made.parts)
  } catch (error) {
    if (error instanceof InputsUnknown) return error.message
    throw error
  }
}

const isOutput = ([name]: readonly [string, string]): boolean => name.startsWith('output ')
const inputsOf = (parts: DoneTask['parts']) => parts && new Map([...parts].filter((part) => !isOutput(part)))
const outputsOf = (parts: DoneTask['parts']) => parts && new Map([...parts].filter(isOutput))

type Parts = Pick<RunParts, 'plan' | 'runId' | 'stateDir' | 'journal' | 'random' | 'clock'> & {
  readonly values: FillValues
  readonly masker: Masker
  /** True: nothing is skipped; names: these are not. */
  readonly force: boolean | readonly string[]
  readonly signal: () => AbortSignal
  readonly emit: (event: TaskEvent) => Promise<void>
}

/** Which tasks of a run are done already, and what is kept of those that succeed. */
export class Skipping {
  readonly #parts: Parts
  readonly #turns = turns(looksAtOnce)
  /** Bounded by the plan. */
  readonly #looks = new Map<string, Look>()
  #key: Promise<Uint8Array | null> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** For a task with inputs, once all that it needs has ended. */
  async decide(task: Task): Promise<Decision> {
    const found = await this.#turns(async () => lookAt(task, await this.#context()))
    // A glob or the name of a file may hold a secret.
    const look = { ...found, because: this.#parts.masker.text(found.because) }
    const forced = isForced(this.#parts.force, task)
    this.#looks.set(task.name, forced ? { ...look, done: null, because: 'it was asked for' } : look)
    await this.#warn(task, look)
    return look.done === null || forced ? { action: 'run' } : { action: 'skip', because: look.because }
  }

  /** Why a task with inputs runs. */
  becauseOf(task: string): string | undefined {
    return this.#looks.get(task)?.because
  }

  /** What a skipped task handed on when it succeeded. */
  outputsOf(task: string): Readonly<Record<string, string>> {
    return this.#looks.get(task)?.done?.outputs ?? {}
  }

  /** Keeps a success as the ground for skipping. That this fails does not stop a run: then the task runs again. */
  async remember(task: Task, { report, outputs }: TaskEnd): Promise<void> {
    const { plan, runId, journal, clock, masker } = this.#parts
    const digest = this.#looks.get(task.name)?.digest
    if (report.status !== 'succeeded' || !digest) return
    // A secret is not kept, and what needs it could not go on with a mask in its place.
    if (Object.values(outputs).some((value) => masker.text(value) !== value)) return
    try {
      const made = task.outputs === undefined ? null : await digestOutputs(task, await this.#context())
      await journal.keepDone({
        ...{ plan: plan.name, environment: plan.environment, task: task.name, runId, atMs: clock.now() },
        ...{ digest: digest.digest, outputsDigest: made?.digest ?? null, outputs },
        parts: digest.parts && new Map([...digest.parts, ...(made?.parts ?? [])]),
      })
    } catch (error) {
      if (error instanceof InputsUnknown) await this.#tell('INPUTS_UNKNOWN', task, error.message)
    }
  }

  async #context(): Promise<LookContext> {
    const { plan, stateDir, journal, values, masker, random, signal } = this.#parts
    this.#key ??= keepSealKey(stateDir, random)
    return { plan, stateDir, journal, values, masker, key: await this.#key, signal: signal() }
  }

  async #warn(task: Task, { digest, unknown }: Look): Promise<void> {
    if (unknown !== null) await this.#tell('INPUTS_UNKNOWN', task, unknown)
    const unmatched = digest?.unmatched ?? []
    if (unmatched.length === 0) return
    await this.#tell('INPUTS_UNMATCHED', task, `no file matches ${unmatched.map(quoted).join(', ')}`)
  }

  async #tell(code: 'INPUTS_UNKNOWN' | 'INPUTS_UNMATCHED', task: Task, message: string): Promise<void> {
    const { message: text, fix } = new PlimsollError(code, `"${task.name}": ${message}`)
    await this.#parts.emit({ type: 'warning', error: { code, message: this.#parts.masker.text(text), fix } })
  }
}

/** It runs though nothing has changed. */
export const isForced = (force: RunParts['force'], { name }: Pick<Task, 'name'>): boolean =>
  typeof force === 'boolean' ? force : force.includes(name)

const quoted = (glob: string): string => JSON.stringify(glob)

/** @throws USAGE for a name that is not a task. */
export function forcedTasks(plan: Plan, force: RunParts['force'] = false): RunParts['force'] {
  if (typeof force === 'boolean') return force
  const names = plan.tasks.map(({ name }) => name)
  const unknown = force.find((name) => !names.includes(name))
  if (unknown === undefined) return force
  const hint = didYouMean(unknown, names)
  throw new PlimsollError('USAGE', `${quoted(unknown)} is not a task of the plan ${quoted(plan.name)}${hint}`)
}
