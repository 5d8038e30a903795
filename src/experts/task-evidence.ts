/** What is known of a failed task: its report, the log of its last attempt, and logs of earlier runs in which it succeeded. */
import { join } from 'node:path'
import { messageOf, systemCodeOf } from '../errors.ts'
import type { Journal } from '../journal/journal.ts'
import type { Phase, TaskReport } from '../spine.ts'
import { alike, endsWithin, type FileParts, partsOfFile, type Range } from './parts-of-file.ts'
import type { Evidence } from './words.ts'

export type FailedTask = {
  readonly plan: string
  readonly runId: string
  readonly task: string
  /** Default `deploy`. */
  readonly phase?: Phase
  readonly report: TaskReport
  readonly limitBytes: number
}

export type EvidenceOptions = {
  readonly journal: Journal
  readonly stateDir: string
  /** At most so much of its log is read, the beginning and the end, in bytes; of logs of green runs what stands there. */
  readonly mostBytes: number
}

const headShare = 1 / 16
/** Green runs that are compared with. */
const greenRuns = 2

export async function evidenceOf(failed: FailedTask, options: EvidenceOptions): Promise<Evidence> {
  const { journal, stateDir, mostBytes } = options
  const { task, runId, plan, report, phase = 'deploy' } = failed
  const attempts = await journal.attempts(runId)
  const attempt = attempts.findLast((one) => one.phase === phase && one.task === task)
  const read = (log: string, rangesOf: (size: number) => readonly Range[]): Promise<ReadParts> =>
    readable(log, partsOfFile(join(stateDir, log), task, rangesOf))
  const head = Math.floor(mostBytes * headShare)
  const own = attempt ? await read(attempt.log, endsWithin(head, Math.floor(mostBytes) - head)) : nothing
  // What a task prints when it goes well says nothing of its undo.
  const green = phase === 'undo' || own.readBytes === 0 ? [] : await journal.greenLogs(plan, task, greenRuns)
  const earlier = await Promise.all(green.map((log) => read(log, alike(own))))
  const { readBytes, ofBytes, unread } = own
  return {
    logs: own.logs,
    earlier: earlier.flatMap(({ logs }) => logs),
    facts: {
      error: report.error,
      exitCode: report.exitCode,
      peakMemoryBytes: report.peakMemoryBytes.upper ?? report.peakMemoryBytes.lower,
      limitBytes: failed.limitBytes,
      requeues: report.requeues,
      suspendedMs: report.suspendedMs,
      durationMs: report.durationMs,
      cpuMs: report.cpuMs,
      enforcement: report.enforcement,
    },
    ...(unread !== undefined && { unread }),
    ...(readBytes < ofBytes && { partial: { readBytes, ofBytes } }),
  }
}

type ReadParts = FileParts & Pick<Evidence, 'unread'>

const nothing: ReadParts = { logs: [], ranges: [], readBytes: 0, ofBytes: 0 }

/** A log that cannot be read keeps nobody from saying what is known without it. */
async function readable(log: string, parts: Promise<FileParts>): Promise<ReadParts> {
  try {
    return await parts
  } catch (error) {
    const isGone = systemCodeOf(error) === 'ENOENT'
    const unread = isGone ? `its log is gone: ${log}` : `its log cannot be read: ${messageOf(error)}`
    return { ...nothing, unread }
  }
}
