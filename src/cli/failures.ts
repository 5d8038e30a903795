import type { RunRecord, TaskRecord } from '../journal/journal.ts'
import type { Phase, TaskReport } from '../spine.ts'
import { reportSoFar } from './report-so-far.ts'

export type Failure = {
  readonly task: string
  readonly phase: Phase
  /** What it is called where it is shown, as in the report. */
  readonly title: string
  readonly report: TaskReport
  readonly limitBytes: number
}

/** What has failed of a run, also of one that goes on or was killed: tasks first, then undos, then tasks of hooks. */
export function failuresOf(run: RunRecord, rows: readonly TaskRecord[]): readonly Failure[] {
  const { tasks, hooks = {} } = run.report ?? reportSoFar(run, rows, [], true)
  const { definition } = run
  const planned = [...definition.tasks, ...Object.values(definition.hooks ?? {}).flat()]
  const limits = new Map(planned.map(({ name, limitBytes }) => [name, limitBytes]))
  const failed = (phase: Phase, prefix: string, reports: Readonly<Record<string, TaskReport>>) =>
    Object.entries(reports)
      .filter(([, { status }]) => status === 'failed')
      .map(([task, report]) => ({
        ...{ task, phase, report, title: `${prefix}${task}` },
        limitBytes: limits.get(task) ?? 0,
      }))
  const undone = rows.flatMap(({ phase, task, report }) =>
    phase === 'undo' && report !== null ? [[task, report] as const] : [],
  )
  return [
    ...failed('deploy', '', tasks),
    ...failed('undo', 'undo of ', Object.fromEntries(undone)),
    ...(['before', 'onFailure', 'after'] as const).flatMap((hook) =>
      failed(hook, `${hook}: `, hooks[hook] ?? {}),
    ),
  ]
}
