/** The tasks of a plan and its hooks: `before`, `onFailure` and `after` hold tasks of the same form. */
import type { Hook, Hooks, Task } from '../spine.ts'
import { checkSound } from './check.ts'
import { checkGraph, type GraphNode, type Reference } from './graph.ts'
import { isName, nameForms } from './leaf.ts'
import { type Report, show } from './problems.ts'
import type { Scope } from './scope.ts'
import { checkShape, lowerTask, type TaskDefaults } from './task.ts'
import { hookSchema, taskSchema } from './task-schema.ts'
import { isTreeMap, type Tree, type TreeMap } from './yaml.ts'

const hookNames = ['before', 'onFailure', 'after'] as const satisfies readonly Hook[]

/** Where tasks may stand, in the order in which they run. */
type Section = 'tasks' | Hook
const sections: readonly Section[] = ['before', 'tasks', 'onFailure', 'after']

const mostTasks: Readonly<Record<Section, number>> = {
  tasks: 10_000,
  before: 100,
  onFailure: 100,
  after: 100,
}

/** What a section may read of: whatever has ended for sure when it begins. Longer than any name of a task. */
const gates: Readonly<Record<Section, string | null>> = {
  before: null,
  tasks: `before ${'-'.repeat(200)}`,
  onFailure: `tasks ${'-'.repeat(200)}`,
  after: `tasks ${'-'.repeat(200)}`,
}

type SectionContext = {
  readonly defaults: TaskDefaults
  readonly scope: Scope
  readonly report: Report
  readonly planDir: string
}

/** What is left of the tasks and hooks of a plan; it counts only when nothing was reported. */
export function lowerSections(
  root: TreeMap,
  context: SectionContext,
): { readonly tasks: readonly Task[]; readonly hooks?: Hooks } {
  const { report } = context
  const references: Reference[] = []
  const nodes: GraphNode[] = []
  const lowered = new Map<Section, readonly Task[]>()
  for (const section of sections) {
    const written = namesIn(section, root[section], report)
    lowered.set(section, lowerSection(section, written, { ...context, references, nodes }))
  }
  checkGraph(apart(nodes, report), references, report)
  const hooks = hookNames.flatMap((hook) => {
    const tasks = lowered.get(hook) ?? []
    return tasks.length === 0 ? [] : [[hook, tasks] as const]
  })
  return {
    tasks: lowered.get('tasks') ?? [],
    ...(hooks.length > 0 && { hooks: Object.fromEntries(hooks) }),
  }
}

type Gathering = SectionContext & { readonly references: Reference[]; readonly nodes: GraphNode[] }

function lowerSection(section: Section, raw: TreeMap, gathering: Gathering): readonly Task[] {
  const { report, defaults, nodes } = gathering
  const tasks: Task[] = []
  for (const [name, written] of Object.entries(raw)) {
    const path = [section, name]
    const rawTask = written ?? null
    if (!isName(name))
      report(path, `found a name of ${name.length} characters, expected ${nameForms}`, { on: 'key' })
    if (isTreeMap(rawTask)) checkShape(rawTask, path, report)
    if (typeof rawTask === 'string')
      report(path, `found ${show(rawTask)}, expected a map; did you mean { run: ${show(rawTask)} }?`)
    nodes.push({ name, section, needs: needsOf(rawTask) })
    const schema = section === 'tasks' ? taskSchema : hookSchema
    const sound = checkSound(schema, rawTask, { path, report })
    if (sound === undefined) continue
    const task = lowerTask(sound, defaults, { ...gathering, task: name, section, secrets: new Set<string>() })
    if (task !== undefined) tasks.push(task)
  }
  return tasks
}

function namesIn(section: Section, raw: Tree | undefined, report: Report): TreeMap {
  const isMap = isTreeMap(raw)
  const count = isMap ? Object.keys(raw).length : 0
  const expected = 'expected a map with at least one task, as in "build: { run: make }"'
  if (isMap && count > 0 && count <= mostTasks[section]) return raw
  if (count > 0) report([section], `found ${count} tasks, allowed are ${mostTasks[section]}`)
  else if (raw !== undefined) report([section], `found ${show(raw)}, ${expected}`)
  else if (section === 'tasks') report([section], `is missing, ${expected}`)
  return {}
}

/** One name is one task, and a task waits for those of its own section; what came before has ended anyhow. */
function apart(nodes: readonly GraphNode[], report: Report): readonly GraphNode[] {
  const sectionOf = new Map<string, string>()
  for (const { name, section } of nodes) {
    const other = sectionOf.get(name)
    if (other === undefined) sectionOf.set(name, section)
    else report([section, name], `found ${show(name)}, which is a task of "${other}" as well`, { on: 'key' })
  }
  const gated = nodes.map(({ name, section, needs }) => {
    const gate = gates[section]
    const own = needs?.filter((need, index) => {
      const other = sectionOf.get(need)
      if (other === undefined || other === section) return true
      report(
        [section, name, 'needs', index],
        `found ${show(need)}, which is a task of "${other}", expected one of "${section}"`,
      )
      return false
    })
    return { name, section, needs: own === undefined ? null : [...own, ...(gate === null ? [] : [gate])] }
  })
  const namesOf = (...of: readonly Section[]): readonly string[] =>
    nodes.filter(({ section }) => of.includes(section)).map(({ name }) => name)
  return [
    ...gated,
    { name: gates.tasks ?? '', section: 'tasks', needs: namesOf('before') },
    { name: gates.after ?? '', section: 'tasks', needs: namesOf('before', 'tasks') },
  ]
}

/** As they are written, also in a task that has a problem: the graph is checked all the same. */
function needsOf(task: Tree): readonly string[] | null {
  const { needs = [] } = isTreeMap(task) ? task : {}
  if (typeof needs === 'string') return [needs]
  return Array.isArray(needs) ? needs.map((need) => (typeof need === 'string' ? need : '')) : null
}
