import type * as z from 'zod/mini'
import { didYouMean } from '../nearest.ts'
import { nameForms } from './leaf.ts'
import { type Path, type Report, show } from './problems.ts'
import { isTreeMap, type Tree } from './yaml.ts'

type Issue = z.core.$ZodIssue

/** The value that the schema makes of `tree`, or undefined when `report` was told what is wrong. */
export function check<Schema extends z.core.$ZodType>(
  schema: Schema & Pick<z.ZodMiniType<z.output<Schema>>, 'safeParse'>,
  tree: Tree,
  { path, report }: { readonly path: Path; readonly report: Report },
): z.output<Schema> | undefined {
  const result = schema.safeParse(tree)
  if (result.success) return result.data
  for (const issue of result.error.issues) explain(issue, { tree, path, report })
  return undefined
}

type Context = { readonly tree: Tree; readonly path: Path; readonly report: Report }

function explain(issue: Issue, { tree, path, report }: Context): void {
  const inside = issue.path as Path
  const found = inside.reduce<Tree | undefined>(childOf, tree)
  const place = [...path, ...inside]
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(', ')
    for (const key of issue.keys) {
      report(
        [...place, key],
        () => `unknown key, expected one of ${issue.message}${didYouMean(key, known)}`,
        { on: 'key' },
      )
    }
  } else if (issue.code === 'invalid_union') {
    const form = meantForm(issue.errors)
    if (form === undefined) report(place, `found ${show(found)}, expected ${issue.message}`)
    else for (const inner of form) explain(inner, { tree: found ?? null, path: place, report })
  } else if (issue.code === 'invalid_key') {
    report(place, `found a name of ${String(inside.at(-1)).length} characters, expected ${nameForms}`, {
      on: 'key',
    })
  } else if (found === undefined) report(place, `is missing, expected ${issue.message}`)
  else report(place, `found ${show(found)}, expected ${allowed(issue.message, found)}`)
}

/** `one of thread, process, inline; did you mean "thread"?` */
function allowed(message: string, found: Tree): string {
  if (typeof found !== 'string' || !message.startsWith('one of ')) return message
  return `${message}${didYouMean(found, message.slice('one of '.length).split(', '))}`
}

/** Of a union, the form whose kind of value (text, list, map) was written. */
const meantForm = (forms: readonly (readonly Issue[])[]): readonly Issue[] | undefined =>
  forms.find((issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0))

function childOf(tree: Tree | undefined, key: string | number): Tree | undefined {
  if (Array.isArray(tree)) return tree[Number(key)]
  return isTreeMap(tree) ? tree[key] : undefined
}
