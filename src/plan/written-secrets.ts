/** Values of secrets that stand in a plan itself, which is recorded as it is. */
import { PlimsollError } from '../errors.ts'
import { createRedactor } from '../redact/redact.ts'
import type { Condition, Plan, Task, Template, TemplateTree, Work } from '../spine.ts'
import { placeIn } from './place.ts'
import { type Path, showPath } from './problems.ts'

/** Characters. A shorter value may be an ordinary word that stands in the plan for another reason. */
const shortestValue = 8

/** Places in one message. */
const mostPlaces = 10

type Text = readonly [Path, string]

/** @throws SECRET_WRITTEN with the first places, and never a value. */
export async function refuseWrittenSecrets(
  plan: Plan,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  const values = Object.entries(secrets).filter(([, value]) => [...value].length >= shortestValue)
  if (values.length === 0) return
  const found = [...textsOf(plan)].flatMap(([path, text]) =>
    values.filter(([, value]) => text.includes(value)).map(([name]) => ({ name, path })),
  )
  if (found.length === 0) return
  const shown = found.slice(0, mostPlaces)
  const places = await placeIn(
    plan,
    shown.map(({ path }) => path),
  )
  const words = shown.map(({ name, path }, index) => {
    const place = places[index]
    const at = place === undefined ? '' : ` (line ${place.line}, column ${place.column})`
    return `the value of the secret "${name}" is written in the plan at ${showPath(path)}${at}`
  })
  const rest = found.length > mostPlaces ? `; and at ${found.length - mostPlaces} more places` : ''
  // The name of a task may be the value.
  const message = createRedactor(values.map(([, value]) => value)).text(`${words.join('; ')}${rest}`)
  throw new PlimsollError('SECRET_WRITTEN', message)
}

function* textsOf({ tasks, hooks = {}, notify = [] }: Plan): Iterable<Text> {
  for (const [section, list] of Object.entries({ tasks, ...hooks }))
    for (const task of list) yield* textsOfTask([section, task.name], task)
  for (const { name, url, headers } of notify) {
    yield* inTemplate(['notify', name, 'url'], url)
    yield* inTemplates(['notify', name, 'headers'], headers)
  }
}

function* textsOfTask(path: Path, task: Task): Iterable<Text> {
  yield [path, task.name]
  yield* textsOfWork(path, task.work)
  if (task.undo) yield* textsOfWork([...path, 'undo'], task.undo)
  yield* inTemplates([...path, 'env'], task.env)
  for (const key of ['inputs', 'outputs'] as const)
    for (const [index, glob] of (task[key] ?? []).entries()) yield [[...path, key, index], glob]
  if (task.when) yield* inCondition([...path, 'when'], task.when)
}

function* textsOfWork(path: Path, work: Work): Iterable<Text> {
  switch (work.kind) {
    case 'run':
      return yield [[...path, 'run'], work.script]
    case 'exec':
      for (const [index, word] of work.words.entries()) yield* inTemplate([...path, 'exec', index], word)
      return
    case 'call':
      return yield* inTree([...path, 'with'], work.argument)
    case 'http':
      yield* inTemplate([...path, 'http'], work.url)
      yield* inTemplates([...path, 'headers'], work.headers)
      if (work.body) yield* inTemplate([...path, 'body'], work.body)
      if (work.expect.body !== null) yield [[...path, 'expect', 'body'], work.expect.body]
      return
    case 'stop':
      return
    default:
      work satisfies never
  }
}

function* inTemplates(path: Path, templates: Readonly<Record<string, Template>>): Iterable<Text> {
  for (const [key, template] of Object.entries(templates)) yield* inTemplate([...path, key], template)
}

function* inTemplate(path: Path, template: Template): Iterable<Text> {
  for (const part of template) {
    if (typeof part === 'string') yield [path, part]
    else if ('output' in part && part.output.fallback !== null) yield [path, part.output.fallback]
  }
}

function* inTree(path: Path, tree: TemplateTree): Iterable<Text> {
  if ('text' in tree) yield* inTemplate(path, tree.text)
  else if ('plain' in tree) yield [path, String(tree.plain)]
  else if ('list' in tree)
    for (const [index, item] of tree.list.entries()) yield* inTree([...path, index], item)
  else
    for (const [key, item] of Object.entries(tree.map)) {
      yield [[...path, key], key]
      yield* inTree([...path, key], item)
    }
}

function* inCondition(path: Path, condition: Condition): Iterable<Text> {
  if (condition.op === 'text') yield [path, condition.value]
  else if (condition.op === 'not') yield* inCondition(path, condition.of)
  else if ('left' in condition) {
    yield* inCondition(path, condition.left)
    yield* inCondition(path, condition.right)
  }
}
