/** What every transaction begins with, and how statements are sent without waiting for each answer. */
import type { Client, QueryResult } from 'pg'
import { bytesOf, type Page, pageBytes, pageRows, type Row } from './paged-stream.ts'
import { withDollars } from './placeholders.ts'
import type { Durability, Value } from './words.ts'

/**
 * Set for each transaction, so that it also holds behind a pooler that hands out another connection each time. A server
 * that is told to ends what waits: a statement after 10 s, a wait for a lock after 8 s. An engine that is stopped in the
 * middle of a transaction holds the lock of the writers for 5 s at most.
 */
const settings = `
  set local search_path = plimsoll;
  set local synchronous_commit = on;
  set local statement_timeout = 10000;
  set local lock_timeout = 8000;
  set local idle_in_transaction_session_timeout = 5000`

const beginReading = `begin isolation level read committed read only; ${settings}`

/** "plimsoll" in ASCII. */
const lockNumber = '8101815670912281196'

/** One writer at a time, as in SQLite, until the transaction ends: what is right there is right here. */
export const takeLock = `select pg_advisory_xact_lock(${lockNumber})`
const begin = `begin isolation level read committed; ${settings}; ${takeLock}`
export const beginWriting: Readonly<Record<Durability, string>> = {
  full: begin,
  normal: `${begin}; set local synchronous_commit = off`,
}

export type Sent = { readonly text: string; readonly values?: Value[] }

/** Of PostgreSQL itself: its text has `$1`. */
export const command = (text: string, ...values: Value[]): Sent => ({ text, values })

export const statementOf = (sql: string, parameters: readonly Value[]): Sent => ({
  text: withDollars(sql),
  values: [...parameters],
})

/**
 * At once is sent so much: the answer to the last of it must come in time over a slow network, too. Statements of a
 * journal fit by far.
 */
const sentAtOnce = 128
const bytesAtOnce = 1024 ** 2

/**
 * All in this order. Throws the first failure when what was sent with it is answered: later ones follow from it. `check`
 * sees each result in its turn and may throw.
 */
export async function send(
  client: Client,
  all: readonly Sent[],
  check?: (result: QueryResult, index: number) => void,
): Promise<readonly QueryResult[]> {
  const results: QueryResult[] = []
  while (results.length < all.length) {
    const answers = await Promise.allSettled(
      nextOf(all, results.length).map(({ text, values }) => client.query(text, values)),
    )
    for (const answer of answers) {
      if (answer.status === 'rejected') throw answer.reason
      check?.(answer.value, results.length)
      results.push(answer.value)
    }
  }
  return results
}

function nextOf(all: readonly Sent[], start: number): readonly Sent[] {
  let bytes = 0
  const most = all.slice(start, start + sentAtOnce)
  const tooMuch = most.findIndex(({ values = [] }) => {
    bytes += bytesOf(values)
    return bytes > bytesAtOnce
  })
  return tooMuch === -1 ? most : most.slice(0, Math.max(1, tooMuch))
}

export async function readRows(client: Client, query: Sent): Promise<readonly Row[]> {
  const [, result] = await send(client, [{ text: beginReading }, query, { text: 'commit' }])
  return result?.rows as Row[]
}

/** Of rows whose size nobody knows. */
const firstRows = 8

/** A cursor, so that a page of large rows is not in memory as a whole before its end is found. */
export async function readPage(client: Client, { text, values }: Sent): Promise<Page> {
  const rows: Row[] = []
  let bytes = 0
  const fetch = async (count: number, before: readonly Sent[]): Promise<boolean> => {
    const found = (await send(client, [...before, { text: `fetch ${count} from page` }])).at(-1)
      ?.rows as Row[]
    for (const row of found) bytes += bytesOf(row)
    rows.push(...found)
    return found.length < count
  }
  try {
    const declare = { text: `declare page no scroll cursor for ${text}`, ...(values && { values }) }
    let isLast = await fetch(firstRows, [{ text: beginReading }, declare])
    while (!isLast && rows.length < pageRows && bytes < pageBytes) {
      const fits = Math.floor(((pageBytes - bytes) * rows.length) / Math.max(1, bytes))
      isLast = await fetch(Math.min(pageRows - rows.length, Math.max(1, fits)), [])
    }
    return { rows, isLast }
  } finally {
    // Nobody waits for its answer; should the connection break, the next to use it finds out.
    client.query('commit').catch(() => undefined)
  }
}
