/** What people ask for: a plan, checked and converted. Sizes are bytes, times milliseconds. */
import type { RunStatus } from './report.ts'

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
  /** It says itself how much memory it needs or may use, also where that is the limit of all. Left out: it does not. */
  readonly declaresMemory?: boolean
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
  /** What was said of limits beside the file, for when it is read again. Left out where nothing was. */
  readonly given?: { readonly concurrency?: number; readonly memoryBudget?: string }
  /** Variables of the engine's environment that fill it -> a salted hash of the value. Left out where there are none. */
  readonly filledFrom?: Readonly<Record<string, string>>
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
