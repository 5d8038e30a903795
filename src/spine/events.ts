/** What is told while it happens. */
import type { ErrorFacts } from '../errors.ts'
import type { AttemptResult, FoundTask, ProcessIdentity, WaitReason } from './attempt.ts'
import type { Phase, RunnerKind } from './plan.ts'
import type { Report, TaskReport } from './report.ts'

/** How full memory was in a stretch of time that begins `atMs`: the moment nearest to the load line, or above it. */
export type MemoryPoint = {
  readonly atMs: number
  /** In use by everybody. */
  readonly usedBytes: number
  /** In use by the tasks of the run: the most in the stretch, as far as samples show. */
  readonly tasksBytes: number
  /** Reserved for running tasks and not used by them yet; the most in the stretch. */
  readonly claimBytes: number
  readonly loadLineBytes: number
  readonly capacityBytes: number
}

/** What happens, in order. Awaited by the journal, so that a slow disk slows the run. */
export type DeployEvent = { readonly runId: string; readonly atMs: number } & (
  | {
      readonly type: 'run-started'
      readonly plan: string
      readonly version: string
      readonly environment: string | null
      readonly tasks: readonly string[]
      readonly capacityBytes: number
      readonly loadLineBytes: number
    }
  /** The whole run waits; not recorded while it waits for the lock, because it is not its turn to record. */
  | { readonly type: 'run-waiting'; readonly reason: WaitReason; readonly message: string }
  /** Another engine goes on with the run. Its first engine was killed, or the run had ended and is tried again. */
  | {
      readonly type: 'run-resumed'
      readonly plan: string
      readonly version: string
      readonly environment: string | null
      readonly tasks: readonly string[]
      readonly capacityBytes: number
      readonly loadLineBytes: number
      /** Tasks whose end is recorded; they are not run again. */
      readonly kept: readonly string[]
      /** What has become of the tasks that ran. */
      readonly found: readonly FoundTask[]
    }
  /** Said once for each wait of a task that is ready: `message` has the numbers. */
  | {
      readonly type: 'task-waiting'
      readonly phase: Phase
      readonly task: string
      readonly reason: WaitReason
      readonly message: string
    }
  | {
      readonly type: 'task-started'
      readonly phase: Phase
      readonly task: string
      readonly reservedBytes: number
      /** What it has waited for so far, in milliseconds; left out by records of earlier versions. */
      readonly waitReasons?: TaskReport['waitReasons']
      /** Why a task with inputs was not skipped: what has changed. */
      readonly because?: string
    }
  /**
   * The guard has suspended a task, let it go on, or stopped it to be started again; told after it was done. `requeued`
   * also where the kernel had killed it for want of memory.
   */
  | {
      readonly type: 'task-guarded'
      readonly phase: Phase
      readonly task: string
      readonly action: 'suspended' | 'resumed' | 'requeued'
      readonly message: string
    }
  /** Durable before the process is started. `log` is relative to the state directory. */
  | {
      readonly type: 'attempt-opened'
      readonly phase: Phase
      readonly task: string
      readonly attempt: number
      readonly token: string
      readonly kind: RunnerKind
      readonly log: string
      /** Where it is attempted, and since which start of that machine; left out by records of earlier versions. */
      readonly host?: string
      readonly bootId?: string | null
    }
  | {
      readonly type: 'attempt-identified'
      readonly phase: Phase
      readonly task: string
      readonly attempt: number
      readonly identity: ProcessIdentity
      /** True for a service that outlives the run. */
      readonly service: boolean
    }
  | {
      readonly type: 'attempt-ended'
      readonly phase: Phase
      readonly task: string
      readonly attempt: number
      readonly result: AttemptResult
      /** Milliseconds until the next attempt, or null when this was the last. */
      readonly nextInMs: number | null
    }
  | { readonly type: 'task-ended'; readonly phase: Phase; readonly task: string; readonly report: TaskReport }
  /** At most once a second, for the eye; the journal keeps `MemoryPoint`s instead. */
  | ({ readonly type: 'memory'; readonly reservedBytes: number } & Omit<MemoryPoint, 'atMs'>)
  | { readonly type: 'undo-started'; readonly tasks: readonly string[]; readonly because: string }
  /** Something beside the tasks went wrong; the run goes on. */
  | { readonly type: 'warning'; readonly error: ErrorFacts }
  | {
      readonly type: 'stopping'
      readonly phase: Phase
      readonly how: 'gently' | 'at once'
      /** An error; left out where a person stopped the run. */
      readonly because?: string
    }
)

/** Everything that a run says: its events, and at last the report. */
export type RunMessage = DeployEvent | Report
