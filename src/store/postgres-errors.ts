/** From what PostgreSQL, its client and the network say to what a user can act on. */
import { type ErrorCode, messageOf, PlimsollError, systemCodeOf } from '../errors.ts'
import { UnexpectedRows } from './writer-words.ts'

type Meaning = { readonly code: ErrorCode; readonly says: string; readonly fix?: string }

const refused = (says: string): Meaning => ({ code: 'DATABASE_REFUSED', says })
const busy: Meaning = {
  code: 'STATE_BUSY',
  says: 'is held by another engine',
  fix: 'Wait until the other engine has finished, or look in pg_stat_activity for who holds the locks',
}

/** By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html); all others are STORE_FAILED. */
const meanings: Readonly<Record<string, Meaning>> = {
  '25006': {
    code: 'STATE_UNWRITABLE',
    says: 'is read-only',
    fix: 'Name the primary server, and a user who may write',
  },
  '28000': refused('does not let this user in'),
  '28P01': refused('does not accept this password'),
  '3D000': refused('does not exist'),
  '42501': refused('does not allow this'),
  '40001': busy,
  '40P01': busy,
  '55P03': busy,
  '57014': busy,
  '53100': {
    code: 'STATE_FULL',
    says: 'cannot grow: its disk is full',
    fix: "Free space on the database server's disk",
  },
  XX001: {
    code: 'STATE_CORRUPT',
    says: 'is damaged',
    fix: 'Restore the database from a backup, or name another with --database',
  },
}

/** The server's five letters, or undefined when no server has said it. */
export function sqlStateOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'severity' in thrown ? systemCodeOf(thrown) : undefined
}

/** Classes of states after which another connection, or another try, may do: the server restarts or has no place. */
const passing = /^(?:08|53300|57P|25P03|40001|40P01|55P03)/

/** Whether to try again: the connection broke, or what stood in the way passes by itself. */
export function mayPass(thrown: unknown): boolean {
  if (thrown instanceof UnexpectedRows || thrown instanceof PlimsollError || isRefusal(thrown)) return false
  const state = sqlStateOf(thrown)
  return state === undefined || passing.test(state)
}

/** The client itself finds that the URL has no password. */
const isRefusal = (thrown: unknown): boolean => messageOf(thrown).startsWith('SASL')

export function postgresError(name: string, thrown: unknown): PlimsollError {
  if (thrown instanceof PlimsollError) return thrown
  const message = causeOf(thrown)
  if (thrown instanceof UnexpectedRows)
    return new PlimsollError('STORE_CONFLICT', `${name}: ${message}`, { cause: thrown })
  const state = sqlStateOf(thrown)
  if (state === undefined) {
    if (isRefusal(thrown))
      return new PlimsollError('DATABASE_REFUSED', `${name} asks for a password: ${message}`)
    return new PlimsollError('DATABASE_UNREACHABLE', `${name} cannot be reached: ${message}`)
  }
  const meaning = Object.hasOwn(meanings, state) ? meanings[state] : undefined
  const { code, says, fix }: Meaning = meaning ?? {
    code: /^(?:08|57P)/.test(state) ? 'DATABASE_UNREACHABLE' : 'STORE_FAILED',
    says: 'failed',
  }
  return new PlimsollError(code, `${name} ${says}: ${message} (${state})`, {
    cause: thrown,
    ...(fix !== undefined && { fix }),
  })
}

/** An answer did not come for so long. */
export function lostError(name: string, thrown: unknown, waitedMs: number): PlimsollError {
  const error = postgresError(name, thrown)
  if (error.code !== 'DATABASE_UNREACHABLE') return error
  const waited = `it did not come back within ${Math.round(waitedMs / 1_000)} s`
  return new PlimsollError('DATABASE_LOST', `${error.message}; ${waited}`)
}

/** A name with several addresses fails with all of their errors at once, and an empty message. */
function causeOf(thrown: unknown): string {
  return messageOf(thrown instanceof AggregateError ? (thrown.errors[0] ?? thrown) : thrown)
}
