/**
 * The journal: what happened in every run, and who may deploy (`takeLock`), kept in the store. What `openRun`, `record` and `closeRun` were given is
 * on disk when they resolve, so an engine that is killed at any moment finds all of it. It does not decide what
 * happens, does not know which processes are alive (a run whose engine died still says `running`), masks nothing
 * (the sender has), and never removes anything. One event keeps at most 1 MiB of JSON; longer texts in it are cut.
 */
import { PlimsollError } from '../errors.ts'
import type { DeployEvent } from '../spine.ts'
import type { Statement, Store } from '../store/store.ts'
import {
  asking,
  forgettingDenial,
  readApprovals,
  readOpenApprovals,
  withdrawing,
  writeAnswer,
} from './approvals.ts'
import { checkAudit, readAudit, writeNoted } from './audit.ts'
import type { AuditNote } from './audit-words.ts'
import { doneStatement, readDone } from './done-rows.ts'
import { enlisting, readEngines } from './engine-rows.ts'
import { statementsOf } from './event-rows.ts'
import { fencedWrite } from './fence.ts'
import { type Fence, leaseMs } from './lease.ts'
import { breaking, readSigns } from './lock-rows.ts'
import { memoryStatements, readMemory } from './memory-rows.ts'
import { readGreenLogs, readPastTasks } from './past-tasks.ts'
import { peakStatements, readPeaks } from './peaks.ts'
import { closingOf, findLastRun, findRun, listRuns, openingOf, takingOver } from './run-rows.ts'
import { readAttempts, readServices, readTasks } from './task-rows.ts'
import { verifyRun } from './verify.ts'
import type { Journal, ResumedRun } from './words.ts'

export { actorHere, actorText } from './actor.ts'
export type { ApprovalAbout, ApprovalAnswer, AskedApproval } from './approvals.ts'
export type { Actor, AuditAction, AuditEntry, AuditNote } from './audit-words.ts'
export type { Fence, Lease } from './lease.ts'
export { heldText, inspectLock, type LockSight, takeLock } from './lock.ts'
export type { LockHolder, LockName } from './lock-rows.ts'
export { newRunId } from './run-id.ts'
export type {
  AttemptRecord,
  DoneTask,
  Journal,
  MemoryChange,
  OpenedRun,
  PastTask,
  ResumedRun,
  RunEngine,
  RunOptions,
  RunRecord,
  RunSummary,
  ServiceRecord,
  TaskPeak,
  TaskRecord,
} from './words.ts'

/**
 * The store stays the caller's to close. With a `fence`, what is written of a run is written while this fence is the
 * last one that was given out, and never after: then it rejects with LOCK_LOST.
 */
export function openJournal(store: Store, { fence }: { readonly fence?: Fence } = {}): Journal {
  const write =
    fence === undefined
      ? (statements: readonly Statement[]) => store.write(statements)
      : fencedWrite(store, fence)
  const noted = (statements: readonly Statement[], audit: readonly AuditNote[] = []): Promise<void> =>
    audit.length === 0 ? write(statements) : writeNoted(store, audit, { write, statements })
  return {
    openRun: ({ audit, ...run }) => noted([openingOf(run), enlisting(run)], audit),
    resumeRun: ({ audit, ...run }) => resumeRun((statements) => noted(statements, audit), run),
    record: async (event) => {
      const statements = statementsOf(event)
      if (statements.length > 0) await write(statements)
    },
    closeRun: (report) => write([closingOf(report)]),
    keepMemory: (runId, change) => write(memoryStatements(runId, change)),
    runs: (options) => listRuns(store, options),
    lastRun: (plan, environment) => findLastRun(store, plan, environment),
    signsOfLife: () => readSigns(store, leaseMs),
    run: (idOrPrefix) => findRun(store, idOrPrefix),
    engines: (runId) => readEngines(store, runId),
    attempts: (runId) => readAttempts(store, runId),
    tasks: (runId) => readTasks(store, runId),
    memory: (runId) => readMemory(store, runId),
    verify: (runId) => verifyRun(store, runId),
    events: (runId) => readEvents(store, runId),
    services: () => readServices(store),
    pastTasks: (plan) => readPastTasks(store, plan),
    done: (plan, environment, task) => readDone(store, [plan, environment, task]),
    greenLogs: (plan, task, limit) => readGreenLogs(store, { plan, task, limit }),
    keepDone: (done) => write([doneStatement(done)]),
    askApproval: (runId, task, atMs, about) => write([asking({ runId, about, task }, atMs)]),
    withdrawApproval: (runId, task) => write([withdrawing(runId, task)]),
    forgetDenial: (runId) => write([forgettingDenial(runId)]),
    answerApproval: (answer) => writeAnswer(store, answer, write),
    approvals: (runId) => readApprovals(store, runId),
    openApprovals: () => readOpenApprovals(store),
    note: (note) => writeNoted(store, [note], { write }),
    audit: (filter) => readAudit(store, filter),
    checkAudit: () => checkAudit(store),
    breakLock: (name, fence, note) => writeNoted(store, [note], { statements: [breaking(name, fence)] }),
    peaks: () => readPeaks(store),
    addPeaks: (peaks) => write(peakStatements(peaks)),
  }
}

async function resumeRun(write: Store['write'], run: ResumedRun): Promise<void> {
  try {
    await write([...takingOver(run), enlisting(run)])
  } catch (cause) {
    if (!(cause instanceof PlimsollError && cause.code === 'STORE_CONFLICT')) throw cause
    throw new PlimsollError('RUN_ACTIVE', `another engine has just gone on with run ${run.runId}`, { cause })
  }
}

async function* readEvents(store: Store, runId: string): AsyncIterable<DeployEvent> {
  const rows = store.stream<{ body: string }>(
    'select seq, body from events where run_id = ?1 and seq > ?2 order by seq',
    [runId, 0],
  )
  for await (const { body } of rows) yield JSON.parse(body) as DeployEvent
}
