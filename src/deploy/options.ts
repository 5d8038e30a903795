/** What `deploy`, `resume` and `rollback` may be told, and what follows from it. */

import type { Clock } from '../clock.ts'
import { type Names, namesIn } from '../option-names.ts'
import { recordOptions } from '../report/report.ts'
import { type AskPerson, type BeginParts, whoTyped } from '../run/run.ts'
import type { RunMessage, TaskAnswer } from '../spine.ts'

export type DeployOptions = {
  /** Where the record and the logs are kept. Default: `.plimsoll` beside the plan. */
  readonly stateDir?: string
  /**
   * `postgres://...`: the record is kept in this database instead, for several machines; the logs stay in `stateDir`.
   * Default: the variable PLIMSOLL_DATABASE_URL; without both, or when empty, the embedded database in `stateDir`.
   */
  readonly database?: string
  /**
   * Told of everything that happens, and of the report at last; awaited, so that a slow listener slows the run. When it
   * throws, the run is stopped and undone as after a failure, it is told the rest, and `deploy` throws its first error.
   */
  readonly onEvent?: (message: RunMessage) => void | Promise<void>
  /**
   * Stops gently: nothing new starts, what runs gets SIGTERM, and SIGKILL after 10 s. The run is then interrupted and not
   * undone; with a PlimsollError as the reason it has failed with that error. An undo that has begun goes on.
   */
  readonly signal?: AbortSignal
  /** Stops at once: what runs gets SIGKILL, also an undo. */
  readonly killSignal?: AbortSignal
  /** After the first failure nothing new starts; what runs may finish. Default: independent branches go on. */
  readonly failFast?: boolean
  /** Whether a failure undoes what succeeded. Default true. */
  readonly undo?: boolean
  /** Runs tasks though nothing they depend on has changed: all of them (true), or those named. Default false. */
  readonly force?: boolean | readonly string[]
  /** How long to wait for another run that deploys this plan to this environment, in milliseconds. Default 0: refuse. */
  readonly waitForLockMs?: number
  /**
   * When the last run of this plan and environment was killed, `deploy` goes on with it if the plan does the same as then,
   * else it throws RUN_CHANGED. True: that run is given up (what runs of it is stopped), and a new one begins.
   */
  readonly fresh?: boolean
  /** Goes on with the last run although the plan has changed, also with one that failed: what it has done well is kept. */
  readonly goOn?: boolean
  /** What a person says of tasks whose state nobody else can know: see DECISION_NEEDED. Refused for a new run. */
  readonly answers?: Readonly<Record<string, TaskAnswer>>
  /** What a person typed, for the audit; secrets in it are masked. Default: nothing. */
  readonly command?: string
  /** The consent that an environment or a task with `approve: true` asks for. */
  readonly yes?: boolean
  /**
   * Asks a person who is there for that consent. Without it, a run that has nothing else left to do is interrupted with
   * APPROVAL_NEEDED (nothing is undone), and goes on with `resume` once it was approved.
   */
  readonly askApproval?: AskPerson
  /** How long it waits before that, in milliseconds. Default 0. */
  readonly waitForApprovalMs?: number
  /**
   * A file that carries what tasks needed from one machine to the next: read before the run (it may be missing), and
   * written at its end, also after a failure. Default: the variable PLIMSOLL_HISTORY, else none.
   */
  readonly historyFile?: string
  /** The engine's environment; the secrets are looked up here. Default `process.env`. */
  readonly variables?: NodeJS.ProcessEnv
  readonly clock?: Clock
  readonly random?: () => number
}

export type ResumeOptions = Omit<DeployOptions, 'fresh' | 'goOn'> & {
  readonly stateDir: string
  /** Goes on with the plan as it was recorded, although its file does something else now. */
  readonly recorded?: boolean
}

export type RollbackOptions = Omit<ResumeOptions, 'recorded' | 'failFast' | 'undo' | 'force' | 'answers'> &
  Pick<DeployOptions, 'yes'>

const shared: Names<
  Omit<DeployOptions, 'stateDir' | 'fresh' | 'goOn' | 'failFast' | 'undo' | 'force' | 'answers'>
> = {
  database: true,
  onEvent: true,
  signal: true,
  killSignal: true,
  waitForLockMs: true,
  command: true,
  yes: true,
  askApproval: true,
  waitForApprovalMs: true,
  historyFile: true,
  variables: true,
  clock: true,
  random: true,
}
const ofRun = { ...shared, stateDir: true, failFast: true, undo: true, force: true, answers: true } as const

export const deployNames = namesIn<DeployOptions>({ ...ofRun, fresh: true, goOn: true })
export const resumeNames = namesIn<ResumeOptions>({ ...ofRun, recorded: true })
export const rollbackNames = namesIn<RollbackOptions>({ ...shared, stateDir: true })

/** Aborts at the first word to stop, gently or at once. */
export const stopOf = ({ signal, killSignal }: Pick<DeployOptions, 'signal' | 'killSignal'>): AbortSignal =>
  AbortSignal.any([signal, killSignal].filter((one) => one !== undefined))

/** For the commands that errors and waits show. */
export const shownOptions = ({ stateDir, database, variables = process.env }: ResumeOptions): string =>
  recordOptions({ stateDir, database, variables })

type Typing = { readonly variables: NodeJS.ProcessEnv; readonly secrets: readonly string[] }

/** What the options say of a person's consent. */
export function approvalWish(options: DeployOptions, { variables, secrets }: Typing): BeginParts['approval'] {
  return {
    yes: options.yes ?? false,
    ask: options.askApproval,
    waitMs: options.waitForApprovalMs ?? 0,
    by: whoTyped(variables, options.command, secrets),
  }
}
