import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { messageOf, PlimsollError } from '../errors.ts'
import type { Task } from '../spine.ts'
import { fileDigest } from './file-digest.ts'
import { nameIn } from './globs.ts'
import { type Parts, type TreeDigest, treeDigest } from './tree-digest.ts'
import { InputsUnknown } from './unknown.ts'
import { seal, type WorkContext, workParts } from './work-parts.ts'

/** Changes when a digest is made in another way: what was digested before is then not comparable. */
const formatVersion = 1

export type TaskDigest = Pick<TreeDigest, 'digest' | 'parts' | 'unmatched'>

export type DigestContext = WorkContext & {
  /** Absolute; never an input. */
  readonly stateDir: string
  readonly signal: AbortSignal
}

/**
 * Of everything that a task with inputs depends on. What it makes is no input.
 * @throws InputsUnknown; the reason of the signal.
 */
export async function digestTask(task: Task, context: DigestContext): Promise<TaskDigest> {
  const globs = task.inputs ?? []
  const own = await workPartsOf(task, context)
  const dir = dirname(context.plan.file)
  const secretFiles = secretFilesOf(context)
  const files = await treeDigest({
    ...{ dir, globs, leaveOut: task.outputs ?? [], hidden: [context.stateDir], signal: context.signal },
    seal: (path, digest) => (secretFiles.has(path) ? seal(digest, context) : digest),
  })
  if (files.fileCount === 0 && globs.length > 0) {
    throw new InputsUnknown(`no file matches its inputs (${globs.join(', ')})`)
  }
  const whole = createHash('sha256').update(JSON.stringify([formatVersion, [...own], files.digest]))
  return {
    digest: whole.digest('base64url'),
    parts: files.parts && new Map([...shortened(own), ...files.parts]),
    unmatched: files.unmatched,
  }
}

/** Of what a task has made. @throws InputsUnknown when nothing is there; the reason of the signal. */
export async function digestOutputs(
  task: Task,
  context: Pick<DigestContext, 'plan' | 'stateDir' | 'signal'>,
): Promise<TreeDigest> {
  const { outputs: globs = [] } = task
  const made = await treeDigest({
    ...{ dir: dirname(context.plan.file), globs, hidden: [context.stateDir], signal: context.signal },
    kind: 'output',
  })
  const missing = globs.length > 0 && made.fileCount === 0 ? globs : made.unmatched
  if (missing.length > 0) throw new InputsUnknown(`what it makes is not there (${missing.join(', ')})`)
  return made
}

async function workPartsOf(task: Task, context: DigestContext): Promise<ReadonlyMap<string, string>> {
  const parts = new Map(definedParts(task, context))
  const { work } = task
  if (work.kind === 'call') {
    const name = nameIn(dirname(context.plan.file), work.module)
    parts.set(`module ${name}`, await fileDigest(work.module))
  }
  return parts
}

function definedParts(task: Task, context: DigestContext): ReadonlyMap<string, string> {
  try {
    return workParts(task, context)
  } catch (cause) {
    // What is missing is said when the task runs.
    if (cause instanceof PlimsollError) throw new InputsUnknown(messageOf(cause), { cause })
    throw cause
  }
}

/** A file that holds a secret may be an input as well. */
const secretFilesOf = ({ plan }: Pick<DigestContext, 'plan'>): ReadonlySet<string> =>
  new Set(Object.values(plan.secrets).flatMap((source) => (source.from === 'file' ? [source.file] : [])))

const shortened = (parts: ReadonlyMap<string, string>): Parts & object =>
  new Map([...parts].map(([name, digest]) => [name, digest.slice(0, 16)]))
