import type { Clock } from '../clock.ts'
import type { FillValues } from '../plan/plan.ts'
import type { Redactor } from '../redact/redact.ts'
import type {
  AttemptResult,
  Bracket,
  DeployEvent,
  Phase,
  Plan,
  ProcessIdentity,
  TaskControl,
  TaskReport,
  WaitReason,
  Work,
} from '../spine.ts'
import type { Instruments } from './instruments.ts'
import type { LeftAction } from './left-attempt.ts'
import type { TakenUp } from './take-up.ts'
import type { Here } from './words.ts'

/** An event without what is the same for the whole run. */
export type TaskEvent = DeployEvent extends infer Event
  ? Event extends DeployEvent
    ? Omit<Event, 'runId' | 'atMs'>
    : never
  : never

/** What a task needs of the run that it is part of. */
export type TaskRun = {
  readonly runId: string
  readonly plan: Plan
  readonly phase: Phase
  /** The task's own work, or its undo. */
  readonly work: Work
  /** Absolute; the logs of the run are in `runs/RUN/` below it. */
  readonly stateDir: string
  /** The number of the next attempt of the run, from 1: names its files. */
  readonly nextFileNumber: () => number
  /** The engine's environment without any secret. */
  readonly environment: Readonly<Record<string, string>>
  readonly values: FillValues
  readonly masker: Redactor
  readonly signal: AbortSignal
  readonly killSignal: AbortSignal
  readonly instruments: Instruments
  readonly clock: Clock
  readonly random: () => number
  readonly emit: (event: TaskEvent) => Promise<void>
  readonly observe: (bytes: number) => void
  /**
   * Called with what the guard may do to each attempt that has processes, once they are identified, and with null
   * when it has ended. A service gets none: it outlives the run.
   */
  readonly onControl?: (control: TaskControl | null) => void
  /** Called when nothing of the task runs any more and no further attempt will: what is left is to record it. */
  readonly onFinished?: () => void
  readonly reservedBytes: number
  /** What was before the task was put back in the queue. */
  readonly earlier?: AttemptTotals | undefined
  readonly requeues?: number
  readonly here: Here
  /** An attempt of an engine that was killed: it comes before all others. */
  readonly left?: LeftTask
  /** How it had ended already, though that was not told: nothing is attempted. */
  readonly last?: AttemptResult
  /** What is left of a wait between two attempts, in milliseconds. */
  readonly pauseMs?: number
  readonly waits: Readonly<Partial<Record<WaitReason, number>>>
  /** Called with a service that the task started. */
  readonly keepService: (identity: ProcessIdentity) => void
  readonly service: ProcessIdentity | undefined
}

export type LeftTask = TakenUp & { readonly action: Exclude<LeftAction, 'ask'> }

/** What the attempts of a task add up to; goes on when the task is put back in the queue. */
export type AttemptTotals = {
  /** Numbers the next one. */
  readonly opened: number
  /** Those that count: one that was stopped for want of memory does not. */
  readonly counted: number
  readonly cpuMs: number | null
  readonly peak: Bracket
  readonly suspendedMs: number
}

export type TaskEnd = {
  readonly report: TaskReport
  readonly totals: AttemptTotals
  /** As the task gave them, secrets included: for later tasks only. */
  readonly outputs: Readonly<Record<string, string>>
}
