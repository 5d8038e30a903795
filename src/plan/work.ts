import { resolve } from 'node:path'
import type { Hook, Template, TemplateTree, Work } from '../spine.ts'
import type { Reference } from './graph.ts'
import { type Path, type Report, show } from './problems.ts'
import type { Scope } from './scope.ts'
import type { WorkWritten } from './work-schema.ts'
import { isTreeMap, type Tree, type TreeMap } from './yaml.ts'

/** What lowering a task gathers besides its parts. */
export type Gathered = {
  readonly task: string
  readonly section: 'tasks' | Hook
  readonly scope: Scope
  readonly report: Report
  /** Absolute path of the directory of the plan file. */
  readonly planDir: string
  readonly references: Reference[]
  readonly secrets: Set<string>
}

const workKinds = ['run', 'exec', 'call', 'http'] as const
type WorkKind = (typeof workKinds)[number]

/** Keys that mean something for one kind of work only. */
const keyOwners: Readonly<Record<string, readonly WorkKind[]>> = {
  with: ['call'],
  in: ['call'],
  expect: ['http'],
  within: ['http'],
  every: ['http'],
  method: ['http'],
  headers: ['http'],
  body: ['http'],
  detach: ['run', 'exec'],
}

export const kindsOf = (written: TreeMap): readonly WorkKind[] =>
  workKinds.filter((kind) => Object.hasOwn(written, kind))

/** Exactly one kind of work, and no key of another kind. Looks at what is written, so that wrong values hide nothing. */
export function checkKind(written: TreeMap, path: Path, report: Report): void {
  const kinds = kindsOf(written)
  const [kind] = kinds
  if (kind === undefined) report(path, 'found no work, expected one of run, exec, call, http', { on: 'key' })
  else if (kinds.length > 1) {
    report(path, `found ${kinds.join(' and ')}, expected exactly one of run, exec, call, http`, { on: 'key' })
  } else {
    for (const [key, owners] of Object.entries(keyOwners)) {
      if (!Object.hasOwn(written, key) || owners.includes(kind)) continue
      report([...path, key], `"${key}" belongs to ${owners.join(' and ')}, found it beside ${kind}`, {
        on: 'key',
      })
    }
    if (kind === 'http') checkBody(written, path, report)
  }
}

function checkBody({ body, method = 'GET' }: TreeMap, path: Path, report: Report): void {
  if (body === undefined || (method !== 'GET' && method !== 'HEAD')) return
  report([...path, 'body'], `a ${method} has no body, expected "method: POST" or another beside it`, {
    on: 'key',
  })
}

type Place = { readonly path: Path; readonly detach: boolean; readonly hasMemory: boolean }

/** Undefined when a problem was reported. */
export function lowerWork(written: WorkWritten, place: Place, gathered: Gathered): Work | undefined {
  const { path, detach } = place
  if (written.run !== undefined) return { kind: 'run', script: written.run, detach }
  if (written.exec !== undefined) {
    const words = written.exec.map((word, index) => publicTemplate(word, [...path, 'exec', index], gathered))
    if (words[0]?.length === 0) gathered.report([...path, 'exec', 0], 'found "", expected a program')
    return { kind: 'exec', words, detach }
  }
  if (written.call !== undefined) return lowerCall(written.call, written, place, gathered)
  return written.http === undefined ? undefined : lowerHttp(written.http, written, path, gathered)
}

function lowerCall(call: string, written: WorkWritten, place: Place, gathered: Gathered): Work | undefined {
  const { path } = place
  const hash = call.lastIndexOf('#')
  const [module, exportName] = [call.slice(0, hash), call.slice(hash + 1)]
  if (hash < 1 || exportName === '') {
    gathered.report([...path, 'call'], `found ${show(call)}, expected ./module.ts#exportedFunction`)
    return undefined
  }
  return {
    kind: 'call',
    module: resolve(gathered.planDir, module),
    exportName,
    argument: lowerTree((written.with ?? null) as Tree, [...path, 'with'], gathered),
    place: written.in ?? (place.hasMemory ? 'process' : 'thread'),
  }
}

function lowerTree(tree: Tree, path: Path, gathered: Gathered): TemplateTree {
  if (typeof tree === 'string') return { text: template(tree, path, gathered) }
  if (Array.isArray(tree))
    return { list: tree.map((item, index) => lowerTree(item, [...path, index], gathered)) }
  if (!isTreeMap(tree)) return { plain: tree as number | boolean | null }
  const map: Record<string, TemplateTree> = Object.create(null)
  for (const [key, value] of Object.entries(tree)) map[key] = lowerTree(value, [...path, key], gathered)
  return { map }
}

function lowerHttp(http: string, written: WorkWritten, path: Path, gathered: Gathered): Work {
  const { method = 'GET', headers = {}, body, expect, within = 0, every = 1_000 } = written
  const url = publicTemplate(http, [...path, 'http'], gathered)
  checkUrl(url, [...path, 'http'], gathered.report)
  for (const name of Object.keys(headers)) {
    const problem = headerProblem(name)
    if (problem !== undefined) gathered.report([...path, 'headers', name], problem, { on: 'key' })
  }
  const status = expect?.status ?? 200
  return {
    kind: 'http',
    url,
    method,
    headers: templates(Object.entries(headers), [...path, 'headers'], gathered),
    body: body === undefined ? null : template(body, [...path, 'body'], gathered),
    expect: { status: typeof status === 'number' ? [status] : status, body: expect?.body ?? null },
    withinMs: within,
    everyMs: every,
  }
}

/** What is wrong with the name of a header; undefined when nothing is. */
export function headerProblem(name: string): string | undefined {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/.test(name)) return undefined
  return `found the header ${show(name)}, expected letters, digits and "-"`
}

/** Where holes are left, the outputs of earlier tasks and the secrets decide. */
export function checkUrl(url: Template, path: Path, report: Report): void {
  if (url.some((part) => typeof part !== 'string')) return
  const text = url.join('')
  if (/^https?:/i.test(text) && URL.canParse(text)) return
  report(path, `found ${show(text)}, expected a URL that begins with http:// or https://`)
}

export function templates(
  written: readonly (readonly [name: string, text: string])[],
  path: Path,
  gathered: Gathered,
): Readonly<Record<string, Template>> {
  const filled: Record<string, Template> = Object.create(null)
  for (const [key, value] of written) filled[key] = template(value, [...path, key], gathered)
  return filled
}

/** Empty where a problem was reported. */
function template(text: string, path: Path, { task, scope, references, secrets }: Gathered): Template {
  const parts = scope.template(text, path) ?? []
  for (const part of parts) {
    if (typeof part === 'string') continue
    if ('secret' in part) secrets.add(part.secret)
    else references.push({ from: task, to: part.output.task, path, offset: undefined })
  }
  return parts
}

/** Of a text that others can see: words of a process, a URL in a log. */
function publicTemplate(text: string, path: Path, gathered: Gathered): Template {
  const parts = template(text, path, gathered)
  const secret = parts.find((part) => typeof part !== 'string' && 'secret' in part)
  if (secret === undefined) return parts
  gathered.report(
    path,
    'a secret here would be seen in logs and process lists; expected it in env, with, headers or body',
  )
  return []
}
