import type { Clock } from '../clock.ts'
import type { ParallelExecutor } from '../executor/executor.ts'
import type { Journal } from '../journal/journal.ts'
import type { Estimates } from '../memory/memory.ts'
import type { Here } from '../runners/runners.ts'
import type { Plan, ProcessIdentity, Report, RunMessage } from '../spine.ts'
import type { ApprovalWish } from './approvals.ts'
import type { Remains } from './remains.ts'

/** What a run is made of. */
export type RunParts = {
  readonly plan: Plan
  readonly runId: string
  /** The process that does the deploying. */
  readonly engine: ProcessIdentity
  /** Absolute. */
  readonly stateDir: string
  /** Of commands that people are shown: with these they find the run. */
  readonly recordOptions: string
  readonly secrets: Readonly<Record<string, string>>
  /** The engine's own environment. */
  readonly variables: NodeJS.ProcessEnv
  readonly journal: Journal
  readonly executor: ParallelExecutor
  readonly estimates: Estimates
  readonly clock: Clock
  readonly random: () => number
  /** Stops gently; what runs is told to end. */
  readonly signal: AbortSignal
  /** Nothing is waited for any more. */
  readonly killSignal: AbortSignal
  /** Tasks that are not skipped though nothing has changed; true: all. */
  readonly force: boolean | readonly string[]
  /** What the run waited for before its first task. */
  readonly waitReasons: NonNullable<Report['waitReasons']>
  readonly here: Here
  readonly approval: ApprovalWish
  /** What is left of the run, when this engine goes on with it. */
  readonly remains?: Remains
  readonly failFast?: boolean
  /** Whether a failure undoes what succeeded. */
  readonly undoes?: boolean
  readonly onEvent: (message: RunMessage) => void | Promise<void>
}
