import type { Plan, Task } from '../spine.ts'

/** Names in one list stop here. */
const mostNames = 8

export type PlanDifferences = {
  /** For a sentence; empty when the plans do the same. */
  readonly words: readonly string[]
  /** Tasks of the new plan that are not what they were: what was recorded of them does not hold any more. */
  readonly changed: ReadonlySet<string>
}

/** What two plans do differently. How it is done (concurrency, memory, retries, the order) does not count. */
export function planDifferences(before: Plan, now: Plan): PlanDifferences {
  const [tasksBefore, tasksNow] = [everyTask(before), everyTask(now)]
  const known = new Map(tasksBefore.map((task) => [task.name, task]))
  const names = new Set(tasksNow.map(({ name }) => name))
  const added = tasksNow.filter(({ name }) => !known.has(name)).map(({ name }) => name)
  const gone = tasksBefore.filter(({ name }) => !names.has(name)).map(({ name }) => name)
  const [sectionsBefore, sectionsNow] = [sectionsOf(before), sectionsOf(now)]
  const parts = tasksNow.map((task) => {
    const section = sectionsNow.get(task.name) ?? 'tasks'
    const hasMoved = known.has(task.name) && sectionsBefore.get(task.name) !== section
    const moved = hasMoved ? [`now in ${section}`] : []
    return [task.name, [...moved, ...changedParts(known.get(task.name), task)]] as const
  })
  const changed = parts.filter(([, list]) => list.length > 0)
  const forAll = changesForAll(before, now)
  const words = [
    ...forAll,
    ...listed(
      'changed',
      changed.map(([name, list]) => `"${name}" (${list.join(', ')})`),
    ),
    ...listed('new', added.map(quoted)),
    ...listed('gone', gone.map(quoted)),
    ...consentsGone(before, now, known),
  ]
  return {
    words: words.length > 0 ? [...variablesOf(before, now), ...words] : [],
    changed: new Set(forAll.length > 0 ? names : changed.map(([name]) => name)),
  }
}

/** Those of the hooks too: names are given once. */
export const everyTask = ({ tasks, hooks = {} }: Pick<Plan, 'tasks' | 'hooks'>): readonly Task[] => [
  ...tasks,
  ...Object.values(hooks).flat(),
]

/** Which list of the plan each task stands in: a hook that has moved runs at another time. */
const sectionsOf = ({ tasks, hooks = {} }: Pick<Plan, 'tasks' | 'hooks'>): ReadonlyMap<string, string> =>
  new Map([
    ...tasks.map(({ name }) => [name, 'tasks'] as const),
    ...Object.entries(hooks).flatMap(([hook, list]) => list.map(({ name }) => [name, hook] as const)),
  ])

const quoted = (name: string): string => `"${name}"`

function listed(what: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return []
  return [`${names.length === 1 ? 'task' : 'tasks'} ${what}: ${namesIn(names)}`]
}

function namesIn(names: readonly string[]): string {
  const rest = names.length - mostNames
  return names.slice(0, mostNames).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

/** Every task is given these. Values of variables are not said. */
function changesForAll(before: Plan, now: Plan): readonly string[] {
  const vars = [...new Set([...Object.keys(before.vars), ...Object.keys(now.vars)])]
  const changed = vars.filter((name) => before.vars[name] !== now.vars[name])
  return [
    ...(before.version === now.version ? [] : [`version ${before.version} is now ${now.version}`]),
    ...(changed.length === 0 ? [] : [`vars changed: ${changed.slice(0, mostNames).join(', ')}`]),
  ]
}

/** Of the environment of the process: why the same text says something else. Their values are not known here. */
function variablesOf(before: Plan, now: Plan): readonly string[] {
  const { filledFrom = {} } = now
  const changed = Object.entries(before.filledFrom ?? {}).flatMap(([name, seal]) =>
    before.digest === now.digest && name in filledFrom && filledFrom[name] !== seal ? [name] : [],
  )
  return changed.length === 0 ? [] : [`environment variables changed: ${namesIn(changed)}`]
}

/** What a person was to be asked about is not done unasked because a file was edited meanwhile. */
function consentsGone(before: Plan, now: Plan, known: ReadonlyMap<string, Task>): readonly string[] {
  const names = everyTask(now).filter(({ name, approve }) => !approve && known.get(name)?.approve)
  return [
    ...(before.approve && !now.approve ? ['the environment asks for no consent any more'] : []),
    ...listed(
      'without "approve" now',
      names.map(({ name }) => quoted(name)),
    ),
  ]
}

const compared = ['work', 'undo', 'dir', 'env', 'when'] as const satisfies readonly (keyof Task)[]

function changedParts(before: Task | undefined, now: Task): readonly string[] {
  if (before === undefined) return []
  return compared
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]))
    .map((key) => (key === 'work' ? now.work.kind : key))
}
