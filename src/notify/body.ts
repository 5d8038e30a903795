/** What a receiver is told: the end of the run in numbers and words, at most some 100 KB. */
import type { Report, TaskReport } from '../spine.ts'
import { formatDuration } from '../units.ts'

const mostFailures = 20
const mostText = 2_000

export type NotifyBody = {
  readonly type: 'run-ended'
  readonly runId: string
  readonly plan: string
  readonly version: string
  readonly environment: string | null
  readonly status: Report['status']
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly durationMs: number
  readonly peakMemoryBytes: number
  /** How many tasks ended in which way. */
  readonly counts: Readonly<Record<string, number>>
  /** The first 20, hooks included. */
  readonly failures: readonly { readonly task: string; readonly code: string; readonly message: string }[]
  /** The same for people, in one line. */
  readonly text: string
}

export function bodyOf(report: Report): NotifyBody {
  const { runId, plan, version, environment, status, atMs, durationMs, peakMemoryBytes } = report
  const counts: Record<string, number> = {}
  for (const task of Object.values(report.tasks)) counts[task.status] = (counts[task.status] ?? 0) + 1
  const where = environment === null ? '' : ` to ${environment}`
  const how = Object.entries(counts).map(([word, count]) => `${count} ${word}`)
  return {
    ...{ type: 'run-ended', runId, plan, version, environment, status, atMs, durationMs, peakMemoryBytes },
    counts,
    failures: failuresOf(report),
    text: `${plan} ${version}${where}: ${status} in ${formatDuration(durationMs)} (${how.join(', ')})`,
  }
}

function failuresOf({ tasks, hooks = {}, error }: Report): NotifyBody['failures'] {
  const all: (readonly [string, TaskReport])[] = [
    ...Object.entries(tasks),
    ...Object.values(hooks).flatMap((reports) => Object.entries(reports)),
  ]
  const failed = all.flatMap(([task, { status, error, undo }]) => {
    const facts = status === 'failed' ? error : undo?.error
    return facts ? [{ task, code: facts.code, message: facts.message.slice(0, mostText) }] : []
  })
  const ofRun = error ? [{ task: '', code: error.code, message: error.message.slice(0, mostText) }] : []
  return [...ofRun, ...failed].slice(0, mostFailures)
}
