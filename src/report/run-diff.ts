/** What is different between two runs: their plans, task by task, and how they went. */
import { createRedactor } from '../redact/redact.ts'
import type { Plan, Report, RunStatus, Task, TaskReport, TaskStatus } from '../spine.ts'
import { formatDuration, formatSize } from '../units.ts'
import { conditionText, textsOf, workText } from './work-text.ts'

export type RecordedRun = { readonly definition: Plan; readonly report: Report }

/** `null` where there is none. Texts are cut at 2,000 characters. */
export type Change = { readonly what: string; readonly before: string | null; readonly after: string | null }

export type RunSide = Pick<Report, 'runId' | 'version' | 'environment' | 'durationMs' | 'peakMemoryBytes'> & {
  readonly plan: string
  readonly status: RunStatus
}

export type TaskSide = Pick<TaskReport, 'attempts' | 'durationMs'> & {
  readonly status: TaskStatus
  readonly peakMemoryBytes: number
}

export type TaskDiff = {
  readonly task: string
  readonly change: 'added' | 'removed' | 'changed' | 'same'
  /** Of its definition. */
  readonly changes: readonly Change[]
  readonly before: TaskSide | null
  readonly after: TaskSide | null
}

export type RunDiff = {
  readonly type: 'diff'
  readonly before: RunSide
  readonly after: RunSide
  /** Of the plan as a whole: variables, secrets, options. */
  readonly changes: readonly Change[]
  /** In the order of the second plan; tasks that are gone come last. */
  readonly tasks: readonly TaskDiff[]
}

export function diffRuns(before: RecordedRun, after: RecordedRun): RunDiff {
  const [old, now] = [namedTasks(before.definition), namedTasks(after.definition)]
  const names = new Set([...now.keys(), ...old.keys()])
  return {
    type: 'diff',
    before: sideOf(before.report),
    after: sideOf(after.report),
    changes: changesOf(planTexts(before.definition), planTexts(after.definition)),
    tasks: [...names].map((task) => {
      const [was, is] = [old.get(task), now.get(task)]
      const changes = was && is ? changesOf(taskTexts(was), taskTexts(is)) : []
      const change = !was ? 'added' : !is ? 'removed' : changes.length > 0 ? 'changed' : 'same'
      const [one, other] = [before.report.tasks[task], after.report.tasks[task]]
      return {
        ...{ task, change, changes },
        before: one && was ? taskSideOf(one) : null,
        after: other && is ? taskSideOf(other) : null,
      }
    }),
  }
}

const namedTasks = ({ tasks }: Plan): ReadonlyMap<string, Task> =>
  new Map(tasks.map((task) => [task.name, task]))

function sideOf({ runId, plan, version, environment, status, durationMs, peakMemoryBytes }: Report): RunSide {
  return { runId, plan, version, environment, status, durationMs, peakMemoryBytes }
}

function taskSideOf({ status, attempts, durationMs, peakMemoryBytes }: TaskReport): TaskSide {
  const { lower, upper } = peakMemoryBytes
  return { status, attempts, durationMs, peakMemoryBytes: upper ?? lower }
}

type Texts = Readonly<Record<string, string | null>>

/** Characters of one text. */
const longestText = 2_000

function changesOf(before: Texts, after: Texts): readonly Change[] {
  const redactor = createRedactor([])
  const shown = (text: string | null | undefined): string | null =>
    text === null || text === undefined ? null : redactor.text(text.slice(0, longestText))
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].flatMap((what) => {
    const [was, is] = [before[what] ?? null, after[what] ?? null]
    return was === is ? [] : [{ what, before: shown(was), after: shown(is) }]
  })
}

function planTexts({ vars, secrets, options, approve, file }: Plan): Texts {
  const texts: Record<string, string | null> = { file }
  for (const [key, value] of Object.entries(vars)) texts[`variable ${key}`] = value
  for (const [key, source] of Object.entries(secrets)) texts[`secret ${key}`] = JSON.stringify(source)
  for (const [section, values] of Object.entries(options))
    for (const [key, value] of Object.entries(values)) texts[`${section}.${key}`] = String(value)
  return { ...texts, approve: String(approve) }
}

function taskTexts(task: Task): Texts {
  const texts: Record<string, string | null> = {
    work: workText(task.work),
    undo: task.undo && workText(task.undo),
    needs: task.needs.join(', ') || null,
    when: task.when && conditionText(task.when),
    dir: task.dir,
    'memory limit': formatSize(task.limitBytes),
    'expected memory': task.expectBytes === null ? null : formatSize(task.expectBytes),
    timeout: formatDuration(task.timeoutMs),
    'timeout of the undo': task.undoTimeoutMs === undefined ? null : formatDuration(task.undoTimeoutMs),
    retry: JSON.stringify(task.retry),
    inputs: task.inputs?.join(', ') ?? null,
    outputs: task.outputs?.join(', ') ?? null,
  }
  for (const [name, value] of Object.entries(textsOf(task.env))) texts[`env ${name}`] = value
  return texts
}
