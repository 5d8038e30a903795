/** What is told at the end, and kept. */
import type { ErrorFacts } from '../errors.ts'
import type { Bracket, Enforcement, WaitReason } from './attempt.ts'
import type { Hook } from './plan.ts'

export type TaskStatus = 'succeeded' | 'failed' | 'skipped' | 'cancelled' | 'undone'

/** What was expected of a task's memory before it started, and on what ground. */
export type MemoryEstimate = {
  readonly bytes: number
  readonly source: 'history' | 'declared' | 'group' | 'guess'
  /** From 0 (a guess) towards 1 (many earlier runs). */
  readonly confidence: number
  /** How many measured ends it rests on, of the task or of its group; 0 when it was declared or guessed. */
  readonly runs: number
}

/** A line of a log. `line` counts from 1; null where it is not known, because not all of the log was read. */
export type LogLine = { readonly log: string; readonly line: number | null; readonly text: string }

/** What an expert says of a failure. */
export type Diagnosis = {
  /** A name of the taxonomy (docs/diagnosis.md), or null: it does not know. */
  readonly cause: string | null
  readonly title: string
  readonly explanation: string
  /** The lines that show it, the most telling first; without a cause the lines that look like trouble. */
  readonly evidence: readonly LogLine[]
  /** What to do, in order. */
  readonly next: readonly string[]
  /** What it could be otherwise, the likeliest first. */
  readonly others: readonly {
    readonly cause: string
    readonly title: string
    readonly evidence: readonly LogLine[]
  }[]
  /** Left out when all there was has been read. */
  readonly partial?: { readonly readBytes: number; readonly ofBytes: number }
}

export type TaskReport = {
  readonly status: TaskStatus
  readonly attempts: number
  readonly durationMs: number
  readonly waitedMs: number
  readonly waitReasons: Readonly<Partial<Record<WaitReason, number>>>
  readonly peakMemoryBytes: Bracket
  readonly reservedBytes: number
  /** Left out for work that needs nothing, and for what never started. */
  readonly estimate?: MemoryEstimate
  readonly enforcement: Enforcement
  readonly suspendedMs: number
  readonly requeues: number
  readonly cpuMs: number | null
  readonly exitCode: number | null
  readonly outputs: Readonly<Record<string, string>>
  /** Why it was skipped or cancelled: a sentence. */
  readonly because?: string
  readonly error?: ErrorFacts
  readonly lastOutput?: string
  /** Of a failed task, when an expert could look at it. */
  readonly diagnosis?: Diagnosis
  /** How the undo of this task ended, when there was one. */
  readonly undo?: {
    readonly status: 'succeeded' | 'failed'
    readonly durationMs: number
    readonly error?: ErrorFacts
    /** Only of an undo that failed, as is the diagnosis. */
    readonly lastOutput?: string
    readonly diagnosis?: Diagnosis
  }
}

/** What a person said; `task` is null when it is about the whole run. */
export type Approval = {
  readonly task: string | null
  readonly answer: 'approved' | 'denied'
  /** Who, and where: "ada on web1". */
  readonly by: string
  readonly atMs: number
  readonly reason: string | null
}

export type RunStatus = 'succeeded' | 'failed' | 'interrupted' | 'rolled-back'

export type Report = {
  readonly type: 'report'
  readonly runId: string
  readonly atMs: number
  readonly status: RunStatus
  readonly plan: string
  readonly version: string
  readonly environment: string | null
  readonly durationMs: number
  readonly peakMemoryBytes: number
  /** What the whole run waited for before its first task, in milliseconds; left out when for nothing. */
  readonly waitReasons?: Readonly<Partial<Record<WaitReason, number>>>
  /** Who was asked for consent, and what they said; left out when nothing asked. */
  readonly approvals?: readonly Approval[]
  readonly tasks: Readonly<Record<string, TaskReport>>
  /** Of the hooks that were begun; `status` is not about them, but that tasks do not start after a failing `before`. */
  readonly hooks?: Readonly<Partial<Record<Hook, Readonly<Record<string, TaskReport>>>>>
  /** So many more failed than were diagnosed, as `plimsoll diagnose RUN` does; left out when none. */
  readonly undiagnosed?: number
  /** Why the run could not go on, where that was no task's failure: it cannot be recorded, or its listener failed. */
  readonly error?: ErrorFacts
}
