/** What is known of a failed task: its report, the log of its last attempt, and logs of earlier runs in which it succeeded. */
import { join } from 'node:path'
import { messageOf, systemCodeOf } from '../errors.ts'
import type { Journal } from '../journal/journal.ts'
import type { Phase, TaskReport } from '../spine.ts'
import { type FileParts, partsOfFile } from './parts-of-file.ts'
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
  /** At most so much of a log is read, its beginning and its end, in bytes. */
  readonly mostBytes: number
}

const headShare = 1 / 16
/** Green runs that are compared with. */
const greenRuns = 2
/** Of a green log less is enough: what it says at its beginning and end. */
const greenShare = 1 / 4

export async function evidenceOf(failed: FailedTask, options: EvidenceOptions): Promise<Evidence> {
  const { journal, stateDir, mostBytes } = options
  const { task, runId, plan, report, phase = 'deploy' } = failed
  const attempts = await journal.attempts(runId)
  const attempt = attempts.findLast((one) => one.phase === phase && one.task === task)
  const read = (log: string, bytes: number): Promise<ReadParts> =>
    readable(log, partsOfFile(join(stateDir, log), task, sharesOf(bytes)))
  const own = attempt ? await read(attempt.log, mostBytes) : nothing
  // What a task prints when it goes well says nothing of its undo.
  const green = phase === 'undo' ? [] : await journal.greenLogs(plan, task, greenRuns)
  const earlier = await Promise.all(green.map((log) => read(log, mostBytes * greenShare)))
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
      enforcement: report.enforcement,
    },
    ...(unread !== undefined && { unread }),
    ...(readBytes < ofBytes && { partial: { readBytes, ofBytes } }),
  }
}

const sharesOf = (bytes: number) => ({
  headBytes: Math.floor(bytes * headShare),
  tailBytes: Math.floor(bytes * (1 - headShare)),
})

type ReadParts = FileParts & Pick<Evidence, 'unread'>

const nothing: ReadParts = { logs: [], readBytes: 0, ofBytes: 0 }

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
