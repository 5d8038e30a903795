import { createHmac } from 'node:crypto'
import { dirname, relative } from 'node:path'
import { type FillValues, fillTemplate, fillTree } from '../plan/plan.ts'
import type { Masker } from '../redact/redact.ts'
import type { Plan, Task, Work } from '../spine.ts'
import { digestOf } from './file-digest.ts'
import { InputsUnknown } from './unknown.ts'

export type Sealing = {
  readonly masker: Masker
  /** 32 bytes; null where nothing secret can be digested. */
  readonly key: Uint8Array | null
}

export type WorkContext = Sealing & { readonly plan: Plan; readonly values: FillValues }

/**
 * What a task does and what it is given, by name: its command, directory, environment, and the variables of the plan. The
 * same in every checkout. A text that holds a secret is digested with the key: nobody can try out values without it.
 */
export function workParts(task: Task, context: WorkContext): ReadonlyMap<string, string> {
  const { plan, values } = context
  const planDir = dirname(plan.file)
  const entries: [string, string][] = [
    ['command', sealed(filledWork(task.work, planDir, values), context, task.work)],
    ['directory', digestOf(relative(planDir, task.dir))],
    ...Object.entries(task.env).map(([name, template]): [string, string] => [
      `env ${name}`,
      sealed(fillTemplate(template, values), context, template),
    ]),
    ...Object.entries(plan.vars).map(([name, value]): [string, string] => [
      `var ${name}`,
      sealed(value, context, null),
    ]),
  ]
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function sealed(value: unknown, sealing: Sealing, source: unknown): string {
  const text = canonical(value)
  const holdsSecret = JSON.stringify(source).includes('{"secret":') || sealing.masker.text(text) !== text
  return holdsSecret ? seal(text, sealing) : digestOf(text)
}

/** @throws InputsUnknown without a key. */
export function seal(text: string, { key }: Pick<Sealing, 'key'>): string {
  if (key === null) throw new InputsUnknown('it names a secret, and there is no key to compare secrets with')
  return createHmac('sha256', key).update(text).digest('base64url')
}

/** JSON in which the order of keys does not matter. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

function filledWork(work: Work, planDir: string, values: FillValues): unknown {
  switch (work.kind) {
    case 'exec':
      return { ...work, words: work.words.map((word) => fillTemplate(word, values)) }
    case 'call': {
      const argument = fillTree(work.argument, values)
      return { ...work, module: relative(planDir, work.module), argument }
    }
    case 'http': {
      const headers = Object.entries(work.headers).map(([name, value]) => [name, fillTemplate(value, values)])
      const body = work.body && fillTemplate(work.body, values)
      return { ...work, url: fillTemplate(work.url, values), headers: Object.fromEntries(headers), body }
    }
    default:
      return work
  }
}
