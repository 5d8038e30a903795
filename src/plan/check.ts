import type * as z from 'zod/mini'
import { didYouMean } from '../nearest.ts'
import { nameForms } from './leaf.ts'
import { meantKey } from './other-tools.ts'
import { type Path, type Report, show } from './problems.ts'
import { isTreeMap, type Tree, type TreeMap } from './yaml.ts'

type Issue = z.core.$ZodIssue

/** A map without its wrong entry may be wrong itself, and so on upwards: no value of a plan is deeper. */
const mostRounds = 8

/**
 * The value that the schema makes of what is sound in `tree`; `report` is told what is wrong, and the rest is looked
 * at without it, so that one problem does not hide others. Undefined when nothing is left.
 */
export function checkSound<Schema extends z.core.$ZodType>(
  schema: Schema & Pick<z.ZodMiniType<z.output<Schema>>, 'safeParse'>,
  tree: Tree,
  { path, report }: { readonly path: Path; readonly report: Report },
): z.output<Schema> | undefined {
  const first = schema.safeParse(tree)
  if (first.success) return first.data
  for (const issue of first.error.issues) explain(issue, { tree, path, report })

  const sound = copyOf(tree)
  let issues: readonly Issue[] = first.error.issues
  for (let round = 0; round < mostRounds; round += 1) {
    const wrong: Path[] = []
    const note: Report = (place) => void wrong.push(place)
    for (const issue of issues) explain(issue, { tree: sound, path: [], report: note })
    if (wrong.some((place) => place.length === 0)) return undefined
    for (const place of new Map(wrong.map((place) => [JSON.stringify(place), place])).values())
      takeOut(sound, place)
    const next = schema.safeParse(sound)
    if (next.success) return next.data
    issues = next.error.issues
  }
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
      report([...place, key], () => `unknown key, expected one of ${issue.message}${meantKey(key, known)}`, {
        on: 'key',
      })
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

/** Of a union, the form whose kind of value (text, list, map) was written; of maps, the one that knows the keys. */
function meantForm(forms: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fitting = forms.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  )
  return fitting.find((issues) => !issues.some(({ code }) => code === 'unrecognized_keys')) ?? fitting[0]
}

/** The place is no more in the tree; items of a list become the empty text, so that the others keep their numbers. */
function takeOut(tree: Tree, place: Path): void {
  const above = place.slice(0, -1)
  const last = place.at(-1) ?? ''
  const parent = above.reduce<Tree | undefined>(childOf, tree)
  if (isTreeMap(parent) && Object.hasOwn(parent, last)) delete parent[last]
  else if (Array.isArray(parent) && parent[Number(last)] !== '') parent[Number(last)] = ''
  // What is missing, or cannot be empty, makes the whole around it wrong.
  else if (parent !== undefined && above.length > 0) takeOut(tree, above)
}

function copyOf(tree: Tree): Tree {
  if (Array.isArray(tree)) return tree.map(copyOf)
  if (!isTreeMap(tree)) return tree
  const copy: TreeMap = Object.create(null)
  for (const [key, value] of Object.entries(tree)) copy[key] = copyOf(value)
  return copy
}

function childOf(tree: Tree | undefined, key: string | number): Tree | undefined {
  if (Array.isArray(tree)) return tree[Number(key)]
  return isTreeMap(tree) ? tree[key] : undefined
}
