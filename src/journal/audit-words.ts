/** What the audit says. */

export type AuditAction =
  | 'deploy'
  | 'resume'
  | 'answer'
  | 'rollback'
  | 'approve'
  | 'deny'
  | 'unlock'
  | 'history-import'
  | 'metrics-import'
  | 'metrics-prune'
  | 'queries-prune'

/** Who did it, and from where. */
export type Actor = {
  /** As the operating system knows them. */
  readonly user: string
  /** Who they were before `sudo`. */
  readonly sudoUser: string | null
  readonly host: string
  /** The CI system that did it, and whom it names. */
  readonly ci: string | null
  readonly actor: string | null
  /** Whether a person could be asked. */
  readonly terminal: boolean
  /** Of plimsoll. */
  readonly release: string
  /** What was typed, without secrets; null for a call of the library. */
  readonly command: string | null
}

/** What is to be noted. */
export type AuditNote = {
  readonly atMs: number
  readonly action: AuditAction
  readonly plan?: string | null
  readonly environment?: string | null
  readonly runId?: string | null
  readonly task?: string | null
  readonly by: Actor
  /** A sentence, at most 1,000 characters. */
  readonly detail?: string | null
}

export type AuditEntry = Required<AuditNote> & { readonly seq: number; readonly hash: string }

export type AuditFilter = {
  /** At most 1,000. */
  readonly limit: number
  /** Entries before this number. */
  readonly before?: number
  readonly plan?: string
  readonly runId?: string
  readonly user?: string
  readonly action?: string
}

/** What a look at the whole chain found. `brokenAt` is the number of the first entry that is not what was written. */
export type AuditCheck = { readonly entries: number; readonly brokenAt: number | null }
