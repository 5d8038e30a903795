import type { FillValues } from '../plan/plan.ts'
import type { Redactor } from '../redact/redact.ts'
import type { AttemptResult, ProcessIdentity, Task, TaskControl, Work } from '../spine.ts'
import type { Ending } from './ending.ts'
import type { Instruments } from './instruments.ts'

/** Where one attempt keeps its files; absolute paths. All but the log are gone when its end is recorded. */
export type AttemptFiles = {
  readonly log: string
  readonly spool: string
  /** Of a command: made before it begins, and filled when it has ended. */
  readonly exit: string
  /** Of a function in a process of its own: made before it begins, and renamed to `exit` when it has ended. */
  readonly begun: string
  /** Is there when the guard has stopped the attempt, to start it again. */
  readonly evicted: string
  /** What systemd's scope of a command has seen; made when the command has ended. */
  readonly scope: string
  readonly outputs: string
  readonly request: string
}

/** The machine that the engine runs on, and since which start of it; null where that cannot be known. */
export type Here = { readonly host: string; readonly bootId: string | null }

/** Everything that one attempt needs. */
export type Attempt<Kind extends Work['kind'] = Work['kind']> = AttemptParts & {
  readonly work: Extract<Work, { kind: Kind }>
}

type AttemptParts = {
  readonly task: Task
  readonly token: string
  readonly files: AttemptFiles
  /** The task says how much memory it may use; else its limit is that of every task. */
  readonly isLimitDeclared: boolean
  /** The whole environment of its processes. */
  readonly environment: Readonly<Record<string, string>>
  readonly values: FillValues
  readonly masker: Redactor
  readonly ending: Ending
  /** Aborts when nothing may be waited for any more. */
  readonly killSignal: AbortSignal
  readonly instruments: Instruments
  /** Awaited before the attempt counts as running. */
  readonly onIdentity: (identity: ProcessIdentity, service: boolean) => Promise<void>
  /** Called with what the task uses now, in bytes, while it runs. */
  readonly observe: (bytes: number) => void
  /** Called with what may be done to it once its process is identified, and with null when that has ended. */
  readonly onControl: (control: TaskControl | null) => void
  /** The service that an earlier task of this name left running, for `stop`. */
  readonly service: ProcessIdentity | undefined
}

/** What a runner tells; the rest of the result is the same for all of them. */
export type RunnerEnd = Partial<Omit<AttemptResult, 'durationMs' | 'error'>>

/** Throws a PlimsollError when the work failed; `partial` on it is what was measured until then. */
export type Runner<Kind extends Work['kind']> = (attempt: Attempt<Kind>) => Promise<RunnerEnd>

/** A failure that has been measured. */
export class AttemptFailure extends Error {
  readonly end: RunnerEnd
  constructor(end: RunnerEnd, cause: unknown) {
    super('the attempt failed', { cause })
    this.end = end
  }
}
