/** One attempt of a task: what is measured of it, what holds it, what an engine that goes on finds of it. */
import type { ErrorFacts } from '../errors.ts'
import type { Phase } from './plan.ts'

/** What is known of the greatest memory a process tree used. `upper` is null where it cannot be known. */
export type Bracket = { readonly lower: number; readonly upper: number | null }

export type Enforcement = 'hard' | 'watchdog' | 'none'

export type WaitReason = 'needs' | 'slot' | 'memory' | 'host' | 'approval' | 'lock' | 'suspended'

/** Names one process for ever: a pid alone is reused. Start time in clock ticks since boot, null where unknown. */
export type ProcessIdentity = {
  readonly pid: number
  readonly startTicks: number | null
  readonly bootId: string | null
  readonly token: string
}

/** What the guard may do with a running attempt; every call is synchronous and harmless after its end. */
export type TaskControl = {
  /** What it uses at this moment, in bytes, read freshly (and told to `observe`). */
  currentBytes(): number
  /** Stops its growth: no process of it runs until `resume`. */
  suspend(): void
  resume(): void
  /** Ends it at once so that it can be put back in the queue; that is not a failed attempt. */
  evict(reason: string): void
}

/** The measured end of one attempt. */
export type AttemptResult = {
  readonly durationMs: number
  /** User and system time of the process tree as its supervisor saw it; null where it cannot be known. */
  readonly cpuMs: number | null
  readonly peakMemoryBytes: Bracket
  readonly enforcement: Enforcement
  readonly exitCode: number | null
  /** Values handed on through $PLIMSOLL_OUTPUT or returned by a function. */
  readonly outputs: Readonly<Record<string, string>>
  /** Processes that the task left behind and that were stopped. */
  readonly leftovers: readonly number[]
  readonly error: ErrorFacts | null
  /** The last lines of the output, masked; at most 4 KiB. */
  readonly lastOutput: string
}

/**
 * A task that was being attempted when its engine was killed: it had `ended` meanwhile, runs on and is `adopted`, is
 * attempted `again` (after it was stopped, where it ran), or a person has said how it ended (`answered`).
 */
export type FoundTask = {
  readonly phase: Phase
  readonly task: string
  readonly action: 'ended' | 'adopted' | 'again' | 'answered'
  /** A sentence. */
  readonly because: string
}
