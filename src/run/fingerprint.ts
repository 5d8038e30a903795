import { createHash } from 'node:crypto'
import { basename, dirname, relative } from 'node:path'
import type { Plan, Task, Template, Work } from '../spine.ts'

/** By what the memory of a task is remembered. */
export type Fingerprint = {
  /** Plan, task and its work: a task whose command has changed starts anew. 16 hexadecimal digits. */
  readonly key: string
  /** Kind and executable: tasks that are likely to be alike. */
  readonly group: string
}

/** A version shorter than this may stand anywhere by chance, in characters. */
const shortestVersion = 3
const longestGroup = 200

/** The same in every checkout of the plan, and for every version that is deployed. */
export function fingerprintOf(
  plan: Pick<Plan, 'name' | 'version' | 'file'>,
  task: Pick<Task, 'name'>,
  work: Work,
): Fingerprint {
  const placed = work.kind === 'call' ? { ...work, module: relative(dirname(plan.file), work.module) } : work
  const text = JSON.stringify([plan.name, task.name, withoutVersion(JSON.stringify(placed), plan.version)])
  const key = createHash('sha256').update(text).digest('hex').slice(0, 16)
  return { key, group: `${work.kind} ${executableOf(work)}`.trimEnd().slice(0, longestGroup) }
}

/** `app:${version}` is substituted already; what it builds needs as much as the version before. */
function withoutVersion(work: string, version: string): string {
  return version.length < shortestVersion
    ? work
    : work.replaceAll(JSON.stringify(version).slice(1, -1), '${}')
}

function executableOf(work: Work): string {
  switch (work.kind) {
    case 'run':
      return basename(firstWord(work.script))
    case 'exec':
      return basename(startOf(work.words[0] ?? []))
    case 'call':
      return `${basename(work.module)}#${work.exportName}`
    default:
      return ''
  }
}

/** The first word of a shell text that is not an assignment; only for grouping, so that a wrong one does no harm. */
function firstWord(script: string): string {
  const words = script.trimStart().slice(0, 1_000).split(/\s/)
  return words.find((word) => word !== '' && !/^[A-Za-z_][A-Za-z0-9_]*=/.test(word)) ?? ''
}

function startOf(template: Template): string {
  const [first = ''] = template
  return typeof first === 'string' ? first : ''
}
