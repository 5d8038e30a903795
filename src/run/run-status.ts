import type { RunStatus, TaskReport } from '../spine.ts'

/**
 * `wentWrong`: a task failed before anybody stopped the run, or it could not go on. Interrupted is only what a person
 * cut short: tasks when nothing had gone wrong before, or the undo.
 */
export function runStatusOf(reports: readonly TaskReport[], wentWrong: boolean): RunStatus {
  const undos = reports.flatMap(({ undo }) => (undo ? [undo] : []))
  if (undos.some(({ error }) => error?.code === 'TASK_CANCELLED')) return 'interrupted'
  if (!wentWrong) return reports.every(isGood) ? 'succeeded' : 'interrupted'
  const undone = undos.length > 0 && undos.every(({ status }) => status === 'succeeded')
  return undone ? 'rolled-back' : 'failed'
}

const isGood = ({ status }: TaskReport): boolean => status === 'succeeded' || status === 'skipped'
