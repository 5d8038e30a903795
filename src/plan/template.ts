import { PlimsollError } from '../errors.ts'
import type { Template, TemplatePart, TemplateTree } from '../spine.ts'

/** A hole as it is written; `at` is the offset of its `$`. */
export type Hole =
  | { readonly at: number; readonly variable: string; readonly fallback: string | null }
  | { readonly at: number; readonly output: { task: string; key: string; fallback: string | null } }
  | { readonly at: number; readonly secret: string }

export type Written =
  | { readonly parts: readonly (string | Hole)[] }
  | { readonly error: string; readonly at: number }

/**
 * Splits a text at its holes: `${NAME}`, `${NAME:-default}`, `${tasks.T.outputs.K}`, `${secrets.N}`. A hole ends at
 * the first `}`; `$${` is a literal `${`; any other `$` is itself. One pass from left to right.
 */
export function readTemplate(text: string): Written {
  const parts: (string | Hole)[] = []
  let literal = ''
  let at = 0
  for (let dollar = text.indexOf('$'); dollar !== -1; dollar = text.indexOf('$', at)) {
    literal += text.slice(at, dollar)
    if (text.startsWith('$${', dollar)) {
      literal += '${'
      at = dollar + 3
    } else if (text.startsWith('${', dollar)) {
      const end = text.indexOf('}', dollar)
      if (end === -1)
        return { error: 'found "${" without "}"; write "$${" for the characters themselves', at: dollar }
      const hole = readHole(text.slice(dollar + 2, end), dollar)
      if ('error' in hole) return hole
      if (literal !== '') parts.push(literal)
      parts.push(hole)
      literal = ''
      at = end + 1
    } else {
      literal += '$'
      at = dollar + 1
    }
  }
  literal += text.slice(at)
  if (literal !== '') parts.push(literal)
  return { parts }
}

const outputs = '.outputs.'

function readHole(inside: string, at: number): Hole | { readonly error: string; readonly at: number } {
  const split = inside.indexOf(':-')
  const name = split === -1 ? inside : inside.slice(0, split)
  const fallback = split === -1 ? null : inside.slice(split + 2)
  if (name === '') return { error: 'found "${}" without a name, expected "${NAME}"', at }
  if (name.startsWith('secrets.')) {
    if (fallback === null) return { at, secret: name.slice('secrets.'.length) }
    return { error: 'a secret has no default, expected "${secrets.NAME}"', at }
  }
  if (!name.startsWith('tasks.')) return { at, variable: name, fallback }
  const dot = name.indexOf(outputs)
  const task = name.slice('tasks.'.length, Math.max(dot, 0))
  const key = name.slice(dot + outputs.length)
  if (dot > 0 && task !== '' && key !== '') return { at, output: { task, key, fallback } }
  return { error: `found "\${${name.slice(0, 60)}}", expected "\${tasks.NAME.outputs.KEY}"`, at }
}

export type FillValues = {
  readonly outputOf: (task: string, key: string) => string | undefined
  readonly secrets: Readonly<Record<string, string>>
}

/** @throws OUTPUT_MISSING when an earlier task did not write a key that has no default here. */
export function fillTemplate(template: Template, values: FillValues): string {
  return template.map((part) => fillPart(part, values)).join('')
}

function fillPart(part: TemplatePart, { outputOf, secrets }: FillValues): string {
  if (typeof part === 'string') return part
  if ('secret' in part) {
    const secret = Object.hasOwn(secrets, part.secret) ? secrets[part.secret] : undefined
    if (secret === undefined)
      throw new PlimsollError('SECRET_MISSING', `the secret "${part.secret}" was not loaded`)
    return secret
  }
  const { task, key, fallback } = part.output
  const value = outputOf(task, key)
  // As in a shell, ":-" also stands in for an empty value.
  if (fallback !== null && (value === undefined || value === '')) return fallback
  if (value !== undefined) return value
  throw new PlimsollError('OUTPUT_MISSING', `the task "${task}" wrote no output "${key}"`)
}

/** The JSON value with every text filled. Maps come without a prototype: their keys are data. */
export function fillTree(tree: TemplateTree, values: FillValues): unknown {
  if ('text' in tree) return fillTemplate(tree.text, values)
  if ('plain' in tree) return tree.plain
  if ('list' in tree) return tree.list.map((item) => fillTree(item, values))
  const map: Record<string, unknown> = Object.create(null)
  for (const [key, value] of Object.entries(tree.map)) map[key] = fillTree(value, values)
  return map
}
