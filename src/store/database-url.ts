/** Where the server is, as it was written, and how errors name it: never with the password. */
import { messageOf, PlimsollError, systemCodeOf } from '../errors.ts'

export type DatabaseTarget = {
  // No type of pg here: who installs the package has none.
  readonly config: { readonly connectionString: string }
  /** For people: user, host, port and database. */
  readonly name: string
}

/** The URL that was said, else PLIMSOLL_DATABASE_URL; an empty one means the embedded database. */
export function databaseOf(said: string | undefined, variables: NodeJS.ProcessEnv): string | undefined {
  return (said ?? variables.PLIMSOLL_DATABASE_URL) || undefined
}

/**
 * What the URL leaves open comes from the variables that libpq knows (PGHOST, PGPASSWORD, PGSSLMODE ...) and ~/.pgpass.
 * No error keeps its cause: that repeats the URL.
 * @throws DATABASE_URL_INVALID
 */
export async function databaseTarget(url: string): Promise<DatabaseTarget> {
  if (!URL.canParse(url)) throw invalid('the URL of the database cannot be read')
  if (!['postgres:', 'postgresql:'].includes(new URL(url).protocol))
    throw invalid('the URL of the database does not begin with postgres://')
  const { Client } = await import('pg')
  // These mean verify-full to pg, which warns on standard error that a later version may take them for less.
  const connectionString = /[?&]uselibpqcompat=/.test(url)
    ? url
    : url.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=[&#]|$)/, '$1verify-full')
  try {
    const { user, host, port, database } = new Client({ connectionString })
    if (!Number.isInteger(port)) throw new Error('its port is no number')
    const place = host.startsWith('/') ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`
    return { config: { connectionString }, name: `postgres://${user}@${place}/${database}` }
  } catch (error) {
    const file = systemCodeOf(error)?.startsWith('E') ? `: ${messageOf(error)}` : ''
    throw invalid(`the URL of the database cannot be used${file}`)
  }
}

const invalid = (message: string): PlimsollError => new PlimsollError('DATABASE_URL_INVALID', message)
