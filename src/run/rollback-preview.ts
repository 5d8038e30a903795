/** What undoing a recorded run would do, and what its user should know before. Changes nothing. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import {
  type Journal,
  openJournal,
  type RunRecord,
  type RunSummary,
  type TaskRecord,
} from '../journal/journal.ts'
import type { Plan, Task } from '../spine.ts'
import { openStoreForReading, type StorePlace } from '../store/store.ts'
import { inOrder } from './order.ts'
import { isDone } from './task-states.ts'

export type RollbackTask = {
  readonly task: string
  readonly action: 'undo' | 'leave'
  /** Why it is left; null when it is undone. */
  readonly because: string | null
}

export type RollbackPreview = {
  /** In the order in which they would be undone; those that are left come last. */
  readonly tasks: readonly RollbackTask[]
  /** Sentences. */
  readonly notes: readonly string[]
}

/** How many newer runs are looked at. */
const newestRuns = 1_000

export async function previewRollback(
  journal: Pick<Journal, 'tasks' | 'runs'>,
  run: RunRecord,
  host: string,
): Promise<RollbackPreview> {
  const rows = await journal.tasks(run.runId)
  const tasks = inOrder(run.definition.tasks).toReversed()
  const wanted = tasks.map((task) => whatFor(task, rows))
  const toUndo = tasks.filter((_task, index) => wanted[index]?.action === 'undo')
  return {
    tasks: [...wanted.filter(({ action }) => action === 'undo'), ...wanted.filter(isLeft)],
    notes: [
      ...(run.host === host ? [] : [`it ran on ${run.host}, and this is ${host}`]),
      ...(await newerRuns(journal, run)),
      ...(await planNotes(run.definition)),
      ...toUndo.flatMap(missingParts),
    ],
  }
}

const isLeft = ({ action }: RollbackTask): boolean => action === 'leave'

function whatFor(task: Task, rows: readonly TaskRecord[]): RollbackTask {
  const because = whyLeft(task, rows)
  return { task: task.name, action: because === null ? 'undo' : 'leave', because }
}

function whyLeft({ name, undo }: Task, rows: readonly TaskRecord[]): string | null {
  const rowOf = (wanted: TaskRecord['phase']): TaskRecord | undefined =>
    rows.find(({ phase, task }) => phase === wanted && task === name)
  if (rowOf('undo')?.report?.status === 'succeeded') return 'it was undone already'
  const row = rowOf('deploy')
  if (row === undefined) return 'it had not begun'
  if (row.report === null) return 'nobody knows how far it got'
  if (!isDone(row.report))
    return row.report.status === 'skipped' ? 'it was skipped' : `it had ${row.report.status}`
  return undo === null ? 'it has no undo' : null
}

async function newerRuns(journal: Pick<Journal, 'runs'>, run: RunSummary): Promise<readonly string[]> {
  const runs = await journal.runs({ limit: newestRuns })
  const at = runs.findIndex(({ runId }) => runId === run.runId)
  const newer = (at === -1 ? runs : runs.slice(0, at)).filter(
    ({ plan, environment, status }) =>
      plan === run.plan && environment === run.environment && status === 'succeeded',
  )
  if (newer.length === 0) return []
  const count = newer.length === 1 ? 'a later run has' : `${newer.length} later runs have`
  return [`${count} succeeded, the last of them ${newer[0]?.runId}: what they did is not undone`]
}

/** What is done is what was recorded; the files that it uses are those of today. */
export async function planNotes({ file, digest }: Plan): Promise<readonly string[]> {
  const text = await readFile(file).catch(() => null)
  if (text === null) return [`the plan ${file} is not there any more; what was recorded of it counts`]
  if (createHash('sha256').update(text).digest('hex') === digest) return []
  return ['the plan has changed since; what was recorded of it counts, with the files as they are now']
}

function missingParts({ name, undo, dir }: Task): readonly string[] {
  if (undo?.kind === 'call' && !existsSync(undo.module))
    return [`the undo of "${name}" will fail: its module ${undo.module} is gone`]
  const needsDir = undo?.kind === 'run' || undo?.kind === 'exec'
  return needsDir && !existsSync(dir) ? [`the undo of "${name}" will fail: its directory ${dir} is gone`] : []
}

/** Those that would be undone, as they were recorded. */
export async function tasksToUndo(run: RunRecord, place: StorePlace): Promise<readonly Task[]> {
  await using store = await openStoreForReading(place)
  const rows = store === null ? [] : await openJournal(store).tasks(run.runId)
  return run.definition.tasks.filter((task) => whyLeft(task, rows) === null)
}
