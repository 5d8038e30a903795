/** Commands that a person is to type here and now, with the names that they need. */
import { resolve } from 'node:path'

export type SaidPlace = {
  readonly stateDir: string
  /** The address that was said; without one the variable counts, also for what is typed next. */
  readonly database?: string | undefined
  readonly variables: NodeJS.ProcessEnv
}

/** With these a command that is typed here looks into the same record; it begins with a space, unless it is empty. */
export function recordOptions({ stateDir, database, variables }: SaidPlace): string {
  const state = resolve('.plimsoll') === resolve(stateDir) ? '' : ` --state ${shellWord(stateDir)}`
  const isUsual = database === undefined || database === (variables.PLIMSOLL_DATABASE_URL ?? '')
  return isUsual ? state : `${state} --database ${shellWord(withoutPassword(database))}`
}

/** Parameters of an address that hold no secret. */
const shownParameters: ReadonlySet<string> = new Set([
  'host',
  'port',
  'user',
  'dbname',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'uselibpqcompat',
  'application_name',
])

/** A person puts the password back: what is printed may be kept in a log. */
function withoutPassword(database: string): string {
  if (database === '') return ''
  if (!URL.canParse(database)) return '***'
  const url = new URL(database)
  url.hash = ''
  if (url.password !== '') url.password = '***'
  for (const name of new Set(url.searchParams.keys()))
    if (!shownParameters.has(name)) url.searchParams.set(name, '***')
  return url.href
}

export type ShownRun = { readonly runId: string; readonly task?: string; readonly recordOptions?: string }

/** What an error says for every run, said for this one: `plimsoll logs RUN TASK`. */
export function fixFor(fix: string, { runId, task, recordOptions = '' }: ShownRun): string {
  return fix.replaceAll(
    /"(plimsoll (?:show|logs|approve|resume)) RUN( TASK)?"/g,
    (asWritten, command: string, forTask?: string) => {
      if (forTask === undefined) return `"${command} ${runId}${recordOptions}"`
      return task === undefined ? asWritten : `"${command} ${runId} ${shellWord(task)}${recordOptions}"`
    },
  )
}

/** As a POSIX shell reads it as one word. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
