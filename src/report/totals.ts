/** What the report counts, shared by the terminal's form and Markdown's. */
import type { Bracket, Report, RunStatus, TaskReport, TaskStatus } from '../spine.ts'
import { formatDuration, formatSize } from '../units.ts'
import { countOf, type Tone } from './event-words.ts'

/** `name` says the hook as well, `own` is the name in the plan. */
export type NamedTask = readonly [name: string, task: TaskReport, own: string]

/** What is known besides the report: of the machine, and how commands find the record. */
export type RunFacts = {
  readonly loadLineBytes?: number
  readonly capacityBytes?: number
  readonly recordOptions?: string
}

/** Up to this many tasks are all listed. */
const fewTasks = 40
const mostOfAKind = 10

/** The tasks of a report, and its hooks in the order in which they ran. */
export function everyTask({ tasks, hooks = {} }: Report): readonly NamedTask[] {
  const { before = {}, onFailure = {}, after = {} } = hooks
  const named = (hook: string, reports: Readonly<Record<string, TaskReport>>): readonly NamedTask[] =>
    Object.entries(reports).map(([name, task]) => [`${hook}: ${name}`, task, name])
  return [
    ...named('before', before),
    ...Object.entries(tasks).map(([name, task]): NamedTask => [name, task, name]),
    ...named('onFailure', onFailure),
    ...named('after', after),
  ]
}

/** All tasks when they are few; else those that failed or were undone, the slowest and the hungriest. */
export function tasksWorthShowing(report: Report): {
  readonly shown: readonly NamedTask[]
  readonly rest: number
} {
  const all = everyTask(report)
  if (all.length <= fewTasks) return { shown: all, rest: 0 }
  const first = (order: (task: TaskReport) => number): readonly NamedTask[] =>
    all.toSorted(([, left], [, right]) => order(right) - order(left)).slice(0, mostOfAKind)
  const worth = new Set([
    ...all.filter(([, task]) => isTrouble(task)).slice(0, fewTasks),
    ...first((task) => task.durationMs),
    ...first((task) => peakOf(task)),
  ])
  return { shown: all.filter((task) => worth.has(task)), rest: all.length - worth.size }
}

export const isTrouble = ({ status, undo }: TaskReport): boolean =>
  status === 'failed' || status === 'undone' || undo?.status === 'failed'

const peakOf = ({ peakMemoryBytes }: TaskReport): number => peakMemoryBytes.upper ?? peakMemoryBytes.lower

export const statusWords: Readonly<Record<RunStatus, { readonly word: string; readonly tone: Tone }>> = {
  succeeded: { word: 'succeeded', tone: 'good' },
  failed: { word: 'failed', tone: 'bad' },
  interrupted: { word: 'was interrupted', tone: 'warning' },
  'rolled-back': { word: 'failed and was rolled back', tone: 'bad' },
}

/** A run that went well may have been undone later. */
export function outcomeOf({
  status,
  tasks,
}: Pick<Report, 'status' | 'tasks'>): (typeof statusWords)[RunStatus] {
  const wentWell = Object.values(tasks).every(
    (task) => task.status !== 'failed' && task.status !== 'cancelled',
  )
  if (status === 'rolled-back' && wentWell) return { word: 'was rolled back', tone: 'warning' }
  return statusWords[status]
}

/** "96 succeeded, 1 failed, 3 cancelled" */
function countsOf(report: Report): string {
  const counts = new Map<TaskStatus, number>()
  for (const { status } of Object.values(report.tasks)) counts.set(status, (counts.get(status) ?? 0) + 1)
  return [...counts].map(([status, count]) => `${count} ${status}`).join(', ') || 'no tasks'
}

/** "3 tasks in 12.3 s: 3 succeeded; peak memory 3.1 GiB, load line 6.2 GiB of 7.3 GiB" */
export function totalsOf(report: Report, facts: RunFacts): string {
  const tasks = countOf(Object.keys(report.tasks).length, 'task')
  const line = facts.loadLineBytes === undefined ? '' : `, load line ${formatSize(facts.loadLineBytes)}`
  const capacity = facts.capacityBytes === undefined ? '' : ` of ${formatSize(facts.capacityBytes)}`
  const waited =
    report.waitReasons === undefined ? '' : `; waited for ${waitsText({ waitReasons: report.waitReasons })}`
  return (
    `${tasks} in ${formatDuration(report.durationMs)}: ${countsOf(report)}; ` +
    `peak memory ${formatSize(report.peakMemoryBytes)}${line}${capacity}${waited}`
  )
}

/** "120 MiB", "110 to 130 MiB", "900 MiB to 1.1 GiB", "over 110 MiB"; "-" when nothing was measured. */
export function bracketText({ lower, upper }: Bracket): string {
  if (upper === null) return lower > 0 ? `over ${formatSize(lower)}` : '-'
  if (upper === 0) return '-'
  const [low, high] = [formatSize(lower), formatSize(upper)]
  if (low === high) return high
  const [number = '', unit = ''] = low.split(' ')
  return `${high.endsWith(` ${unit}`) ? number : low} to ${high}`
}

/** "memory 1.2 s, slot 40 ms"; longest first; "-" for none. */
export function waitsText(task: Pick<TaskReport, 'waitReasons'>): string {
  const waits = Object.entries(task.waitReasons).filter(([, ms]) => ms >= 1)
  const ordered = waits.toSorted(([, left], [, right]) => right - left)
  return ordered.map(([reason, ms]) => `${reason} ${formatDuration(ms)}`).join(', ') || '-'
}
