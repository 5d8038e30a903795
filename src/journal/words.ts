/** What the journal gives back. */
import type { PeakRecord } from '../memory/memory.ts'
import type {
  AttemptResult,
  DeployEvent,
  MemoryPoint,
  Phase,
  Plan,
  ProcessIdentity,
  Report,
  RunnerKind,
  RunStatus,
  TaskReport,
  TaskStatus,
  WaitReason,
} from '../spine.ts'
import type { ApprovalAbout, ApprovalAnswer, AskedApproval } from './approvals.ts'
import type { AuditCheck, AuditEntry, AuditFilter, AuditNote } from './audit-words.ts'
import type { LockName } from './lock-rows.ts'

export type OpenedRun = {
  readonly runId: string
  readonly plan: Plan
  readonly startedAtMs: number
  /** The process that does the deploying. */
  readonly engine: ProcessIdentity
  /** Which numbers of processes mean the same as those of the engine. Default null: not known. */
  readonly pidNamespace?: string | null
  readonly host: string
  readonly options?: RunOptions
  /** Noted in the same write. */
  readonly audit?: readonly AuditNote[]
}

/** How a run is to be done; whoever goes on with it does it the same way. */
export type RunOptions = {
  readonly failFast: boolean
  readonly undo: boolean
  /** Tasks that are not skipped though nothing has changed; true: all. */
  readonly force: boolean | readonly string[]
}

/** An engine that takes over a run from one that is dead, or a run that has ended. */
export type ResumedRun = Omit<OpenedRun, 'startedAtMs'> & {
  /** Of the engine that had it until now: when another has taken it meanwhile, this one does not get it. */
  readonly previousToken: string
  /** Begun anew: what was recorded of them counts no more. */
  readonly forget: readonly { readonly phase: Phase; readonly task: string }[]
  /** The undo had begun and goes on. */
  readonly isUndo: boolean
  /** It does something else now: what a person approved or denied was not that. */
  readonly asksAgain?: boolean
}

export type RunSummary = {
  readonly runId: string
  readonly plan: string
  readonly version: string
  readonly environment: string | null
  /** Absolute path of the plan file. */
  readonly file: string
  readonly digest: string
  readonly host: string
  readonly taskCount: number
  /** `running` until the report is recorded; ask whether `engine` is alive to tell a run that was killed. */
  readonly status: RunStatus | 'running'
  readonly engine: ProcessIdentity
  readonly pidNamespace: string | null
  readonly startedAtMs: number
  readonly endedAtMs: number | null
  readonly durationMs: number | null
  readonly peakMemoryBytes: number | null
}

export type RunRecord = RunSummary & {
  readonly capacityBytes: number | null
  readonly loadLineBytes: number | null
  /** The plan as it was run: holds names of secrets, never values. */
  readonly definition: Plan
  readonly report: Report | null
  readonly options: RunOptions
  /** Why what succeeded is undone; null until the undo has begun. */
  readonly undoBecause: string | null
}

/** One of the engines that had a run. */
export type RunEngine = {
  /** 1, 2, 3, ... in the order in which they had it. */
  readonly number: number
  readonly host: string
  readonly pidNamespace: string | null
  readonly identity: ProcessIdentity
}

export type TaskRecord = {
  readonly phase: Phase
  readonly task: string
  readonly status: TaskStatus | 'waiting' | 'running'
  readonly startedAtMs: number | null
  readonly endedAtMs: number | null
  /** The last wait that was recorded, also after it ended. */
  readonly lastWait: { readonly reason: WaitReason; readonly message: string } | null
  readonly reservedBytes: number | null
  /** Null until the task has ended. */
  readonly report: TaskReport | null
  /** Attempts up to this number belong to an earlier round. */
  readonly pastAttempts: number
}

export type AttemptRecord = {
  readonly phase: Phase
  readonly task: string
  readonly attempt: number
  readonly kind: RunnerKind
  readonly token: string
  /** Relative to the state directory. */
  readonly log: string
  readonly status: 'open' | 'succeeded' | 'failed'
  /** Number of the engine that began it; 0 where a record of an earlier version does not say. */
  readonly engine: number
  /** Where it was attempted, in which boot of that machine; null where a record of an earlier version does not say. */
  readonly host: string | null
  readonly bootId: string | null
  readonly openedAtMs: number
  readonly endedAtMs: number | null
  /** Null until the process was identified, and for work that has no process. */
  readonly identity: ProcessIdentity | null
  /** Null until the attempt has ended. Its `lastOutput` is kept of failed attempts only; the log has all of it. */
  readonly result: AttemptResult | null
  readonly nextInMs: number | null
}

export type ServiceRecord = {
  readonly runId: string
  readonly plan: string
  readonly environment: string | null
  readonly phase: Phase
  readonly task: string
  readonly attempt: number
  readonly identity: ProcessIdentity
  readonly startedAtMs: number
  readonly log: string
}

export type MemoryChange = { readonly points: readonly MemoryPoint[]; readonly replace: boolean }

export type PastTask = {
  /** Median of the attempts looked at. */
  readonly durationMs: number
  /** Greatest of the attempts looked at; null when no attempt could be measured. */
  readonly peakMemoryBytes: number | null
  /** How many attempts were looked at. */
  readonly runs: number
}

/** One measured end of a task, for estimates. */
export type TaskPeak = PeakRecord & { readonly plan: string; readonly task: string }

/** The last success of a task with inputs: the ground for skipping it. */
export type DoneTask = {
  readonly plan: string
  readonly environment: string | null
  readonly task: string
  /** The run in which it succeeded. */
  readonly runId: string
  readonly atMs: number
  /** Of all that it depends on, as it was before it ran. */
  readonly digest: string
  /** Of what it made; null when it declares nothing. */
  readonly outputsDigest: string | null
  /** What it handed on: whole, and without any secret. */
  readonly outputs: Readonly<Record<string, string>>
  /** What the digests were made of, by name; null when that was too much to keep. */
  readonly parts: ReadonlyMap<string, string> | null
}

export type Journal = {
  /** Before anything else of a run. */
  openRun(run: OpenedRun): Promise<void>
  /** Before anything else of an engine that goes on with a run. @throws RUN_ACTIVE when another has taken it. */
  resumeRun(run: ResumedRun): Promise<void>
  /** Durable when it resolves. Events of one run are kept in the order of the calls; `memory` events are not kept. */
  record(event: DeployEvent): Promise<void>
  closeRun(report: Report): Promise<void>
  /** Keeps these points of a run, each in the place of one of the same time, or (`replace`) of all that were kept. */
  keepMemory(runId: string, change: MemoryChange): Promise<void>
  /** Newest first, at most 1,000; `before` is the id of the last run of the page before. */
  runs(options: { readonly limit: number; readonly before?: string }): Promise<readonly RunSummary[]>
  /** The run of this plan and environment that is not over, else the newest one; null when there is none. */
  lastRun(plan: string, environment: string | null): Promise<RunRecord | null>
  /**
   * Of each run that holds a lock: when it last gave a sign of life, by the wall clock of its machine, in milliseconds since
   * 1970. A run without a lock records nothing any more.
   */
  signsOfLife(): Promise<ReadonlyMap<string, number>>
  /** By id, by the beginning of one, or the last. Throws RUN_UNKNOWN. */
  run(idOrPrefix: string): Promise<RunRecord>
  /** That had the run, the newest first. */
  engines(runId: string): Promise<readonly RunEngine[]>
  /** In the order they were opened. */
  attempts(runId: string): Promise<readonly AttemptRecord[]>
  /** Tasks that something was recorded of, in that order. */
  tasks(runId: string): Promise<readonly TaskRecord[]>
  /** How full memory was, in the order of time, at most 1,000 points. */
  memory(runId: string): Promise<readonly MemoryPoint[]>
  /** What in the record of a run cannot be, a sentence for each; empty when it holds together. */
  verify(runId: string): Promise<readonly string[]>
  events(runId: string): AsyncIterable<DeployEvent>
  /** Processes that were left running on purpose, newest first, at most 1,000; whether they still run is not known. */
  services(): Promise<readonly ServiceRecord[]>
  /** What the tasks of a plan of this name needed: the last 20 succeeded attempts each, of the last 30 runs. */
  pastTasks(plan: string): Promise<ReadonlyMap<string, PastTask>>
  /** Where the logs of a task are that succeeded in the last 30 runs of a plan of this name, newest first. */
  greenLogs(plan: string, task: string, limit: number): Promise<readonly string[]>
  /** Asks a person for consent (null: for the run); durable, and outlives the engine. */
  askApproval(runId: string, task: string | null, atMs: number, about?: ApprovalAbout): Promise<void>
  /** Nobody needs an answer about this task any more; one that was given stays. */
  withdrawApproval(runId: string, task: string): Promise<void>
  /** That the run may not be undone; whoever wants that again asks anew. */
  forgetDenial(runId: string): Promise<void>
  /** Answers, and notes it in the same write. @throws APPROVAL_UNASKED when somebody has answered before. */
  answerApproval(answer: ApprovalAnswer): Promise<void>
  /** What a run has asked, and the answers. */
  approvals(runId: string): Promise<readonly AskedApproval[]>
  /** What is not answered yet, of all runs, newest first, at most 1,000. */
  openApprovals(): Promise<readonly AskedApproval[]>
  /** Adds to the audit. Nothing takes it back. */
  note(note: AuditNote): Promise<void>
  /** Newest first. */
  audit(filter: AuditFilter): Promise<readonly AuditEntry[]>
  /** Looks whether the audit is what was written. */
  checkAudit(): Promise<AuditCheck>
  /** Takes a lock away from the owner that has this number, and notes it. @throws STORE_CONFLICT when it has changed hands. */
  breakLock(name: LockName, fence: number, note: AuditNote): Promise<void>
  /** What tasks of all plans needed, newest first, at most 20,000. */
  peaks(): Promise<readonly TaskPeak[]>
  /** Null when it has never succeeded with inputs, has been started again or undone since. */
  done(plan: string, environment: string | null, task: string): Promise<DoneTask | null>
  /** Takes the place of what was known of the task. Kept until it starts again or its undo does. */
  keepDone(done: DoneTask): Promise<void>
  /** Adds to it; of each task the newest eight stay. A record that is there already changes nothing. */
  addPeaks(peaks: readonly TaskPeak[]): Promise<void>
}
