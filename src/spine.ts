/**
 * The words that flow through the engine: Plan, Task, Attempt, DeployEvent, Outcome, Report. Types only.
 * Sizes are bytes, times milliseconds; `plan/` has already converted what people wrote.
 */
import type { ErrorFacts } from './errors.ts'

/**
 * A text whose fixed parts are known and whose holes are filled when the task starts: outputs of earlier
 * tasks and secrets. `${VAR}` and the like are already substituted.
 */
export type Template = readonly TemplatePart[]
export type TemplatePart =
  | string
  | { readonly output: { readonly task: string; readonly key: string; readonly fallback: string | null } }
  | { readonly secret: string }

/** A JSON value whose texts are templates (an array here is a list of values, never a template). */
export type TemplateTree =
  | { readonly text: Template }
  | { readonly plain: number | boolean | null }
  | { readonly list: readonly TemplateTree[] }
  | { readonly map: Readonly<Record<string, TemplateTree>> }

/** What a task does. `run` reaches the shell as written; `exec` is a list of words and meets no shell. */
export type Work =
  | { readonly kind: 'run'; readonly script: string; readonly detach: boolean }
  | { readonly kind: 'exec'; readonly words: readonly Template[]; readonly detach: boolean }
  | {
      readonly kind: 'call'
      /** Absolute path of the module. */
      readonly module: string
      readonly exportName: string
      readonly argument: TemplateTree
      readonly place: 'inline' | 'thread' | 'process'
    }
  | {
      readonly kind: 'http'
      readonly url: Template
      readonly method: string
      readonly headers: Readonly<Record<string, Template>>
      readonly body: Template | null
      readonly expect: {
        readonly status: readonly number[]
        /** Text that the answer's body must contain, or null. */
        readonly body: string | null
      }
      /** How long the probe may take to succeed; 0 asks once. */
      readonly withinMs: number
      readonly everyMs: number
    }
  /** Undo only: stops the service that the task started with `detach`. */
  | { readonly kind: 'stop' }

export type RunnerKind = Work['kind']

/** A condition of `when`, parsed: see `plan/condition.ts`. */
export type Condition =
  | { readonly op: 'text'; readonly value: string }
  | { readonly op: 'status'; readonly task: string }
  | { readonly op: 'output'; readonly task: string; readonly key: string }
  | { readonly op: 'equal' | 'differ' | 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly op: 'not'; readonly of: Condition }

/** How a task is attempted again; the same words as `RetryConfig`. */
export type RetryRule = {
  readonly maxAttempts: number
  readonly strategy: 'exponential' | 'linear' | 'fixed' | 'randomExponential' | 'decorrelated'
  readonly minDelayMs: number
  readonly maxDelayMs: number
  /** Left out for none, and where the strategy has its own. */
  readonly jitter?: 'full' | 'equal' | 'decorrelated'
}

export type Task = {
  readonly name: string
  readonly needs: readonly string[]
  readonly work: Work
  readonly undo: Work | null
  /** Absolute path of the directory that commands start in. */
  readonly dir: string
  /** What the task's `env` names; the rest of its environment is added when it starts. */
  readonly env: Readonly<Record<string, Template>>
  /** Names of the secrets that the task names anywhere, sorted. */
  readonly secrets: readonly string[]
  readonly when: Condition | null
  /** Bounds the task. Never what is reserved for it. */
  readonly limitBytes: number
  /** Declared with `memory: { expect: ... }`, or the declared limit of `memory: SIZE`; else null. */
  readonly expectBytes: number | null
  readonly timeoutMs: number
  /** Time limit of the undo where it has its own; else `timeoutMs`. */
  readonly undoTimeoutMs?: number
  readonly retry: RetryRule
  /**
   * Globs, relative to the directory of the plan; `!` leaves out. Given, the task is skipped while nothing that it
   * depends on has changed since its last success.
   */
  readonly inputs?: readonly string[]
  /** Globs of what it makes; only beside `inputs`. */
  readonly outputs?: readonly string[]
  /**
   * What an engine that goes on with the run of another does when the task still runs. `adopt` (also when left out):
   * waits for it; where it cannot, or with `restart`, stops it with all it left and starts it again; `ask`: a person decides.
   */
  readonly onResume?: OnResume
  /** It waits for a person's consent. Left out: false. */
  readonly approve?: boolean
  /** Whether it may be attempted again when nobody knows how it ended. Left out: true for a probe, else false. */
  readonly idempotent?: boolean
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

export type OnResume = 'adopt' | 'restart' | 'ask'

/** What a person says of a task whose end nobody knows, or which still runs and may not be adopted unasked. */
export type TaskAnswer = 'done' | 'again' | 'failed' | 'adopt'

/** Every option of the components, as in code; each can be set in the plan, per environment and by variable. */
export type Options = {
  readonly executor: {
    readonly maxConcurrentTasks: number
    readonly memoryLimitMb: number
    readonly maxWorkersThread: number
    readonly maxWorkersProcess: number
    readonly enableProgress: boolean
    readonly memoryPressureThreshold: number
    /** An absolute load line in bytes (`memory: { budget: 2GiB }`), or null: the threshold decides. */
    readonly memoryBudgetBytes: number | null
  }
  readonly retry: {
    readonly maxAttempts: number
    readonly memoryLimitMb: number
    readonly cleanupBetweenRetries: boolean
    readonly maxPayloadSizeMb: number
  }
  readonly queries: { readonly queryTtlHours: number; readonly maxCachedQueries: number }
  readonly experts: {
    readonly maxConcurrentQueries: number
    readonly memoryBudgetMb: number
    readonly enableStreaming: boolean
    /** Left out: no limit. */
    readonly spendingLimitUsd?: number
  }
  readonly metrics: { readonly chunkSize: number }
}

/** Where a secret's value comes from; the value itself is never part of a plan. */
export type SecretSource =
  | { readonly from: 'environment'; readonly variable: string }
  | { readonly from: 'file'; readonly file: string }
  /** A program and its arguments, without a shell; what it prints is the value. */
  | {
      readonly from: 'command'
      readonly words: readonly string[]
      /** Absolute path of the directory that it starts in. */
      readonly dir: string
      readonly timeoutMs: number
    }

/** Sound by construction: names are unique, needs exist, no cycle, every reference points at an earlier task. */
export type Plan = {
  readonly name: string
  readonly version: string
  readonly environment: string | null
  /** Absolute path of the plan file. */
  readonly file: string
  /** SHA-256 of the file's text, hex. */
  readonly digest: string
  readonly vars: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, SecretSource>>
  readonly options: Options
  /** The environment asks for a person's consent before anything starts. */
  readonly approve: boolean
  /** In the order of the file. */
  readonly tasks: readonly Task[]
  /** Left out where there are none. Their names are those of no task. */
  readonly hooks?: Hooks
  /** Left out where there are none. */
  readonly notify?: readonly Notification[]
}

/** A receiver that is told how a run ended. */
export type Notification = {
  readonly name: string
  readonly url: Template
  readonly headers: Readonly<Record<string, Template>>
  /** The name of the secret that signs the message, or null. */
  readonly secret: string | null
  /** Told when the run ends in one of these ways. */
  readonly on: readonly RunStatus[]
  /** All attempts together may take so long. */
  readonly withinMs: number
  /** Names of all secrets that it names, sorted. */
  readonly secrets: readonly string[]
}

/** Tasks beside the deployment: before it, after a failure was undone, and at the end. */
export type Hook = 'before' | 'onFailure' | 'after'
export type Hooks = Readonly<Partial<Record<Hook, readonly Task[]>>>

export type Phase = 'deploy' | 'undo' | Hook

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
  /** Why the run could not go on, where that was no task's failure: it cannot be recorded, or its listener failed. */
  readonly error?: ErrorFacts
}

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
