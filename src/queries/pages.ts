/** Pages of queries: by number and by cursor, each found without going through those before it. */
import { createHash } from 'node:crypto'
import { PlimsollError } from '../errors.ts'
import type { Store, Value } from '../store/store.ts'
import { checkPage, mostOnPage } from './limits.ts'
import {
  bucketSize,
  type QueryRow,
  queryColumns,
  queryOf,
  type SummaryRow,
  summaryColumns,
  summaryOf,
} from './rows.ts'
import { searchedWords, searching } from './search.ts'
import type { Query, QueryStatus, QuerySummary, QueryType } from './words.ts'

export type ActivePage = {
  readonly queries: readonly QuerySummary[]
  readonly page: number
  readonly pageSize: number
  /** Queries that wait or run. */
  readonly total: number
  readonly pages: number
}

export type CursorPage = {
  readonly queries: readonly QuerySummary[]
  /** Of the next page; null after the last. */
  readonly nextCursor: string | null
}

export type QueryFilter = { readonly type?: QueryType | undefined; readonly status?: QueryStatus | undefined }
export type CursorOptions = { readonly cursor?: string | undefined; readonly pageSize?: number | undefined }

const activeStatuses = `('waiting', 'running')`

/**
 * The counts say in which bucket the page begins (one row for 1,024 queries), so at most so many are passed over, and in
 * the index alone, however far behind the page is.
 */
const activePage = `
  with sums as (
    select bucket, active, cast(sum(active) over (order by bucket) as bigint) - active as before
    from query_counts where active > 0
  ),
  first as (select bucket, ?1 - before as skip from sums where before <= ?1 and ?1 < before + active)
  select ${summaryColumns} from queries q where q.number in (
    select number from queries
    where status in ${activeStatuses} and number >= (select bucket * ${bucketSize} from first)
    order by number limit ?2 offset coalesce((select skip from first), 0)
  ) order by q.number`

/** Oldest first, so that new ones move no page. */
export async function readActivePage(
  store: Store,
  { page = 1, pageSize = 50 }: { readonly page?: number; readonly pageSize?: number },
): Promise<ActivePage> {
  checkPage('page', page, Number.MAX_SAFE_INTEGER / mostOnPage / 2)
  checkPage('pageSize', pageSize, mostOnPage)
  const rows = await store.read<SummaryRow>(activePage, [(page - 1) * pageSize, pageSize])
  const total = await countActive(store)
  return { queries: rows.map(summaryOf), page, pageSize, total, pages: Math.ceil(total / pageSize) }
}

async function countActive(store: Store): Promise<number> {
  const [count] = await store.read<{ readonly active: number }>(
    'select coalesce(sum(active), 0) as active from query_counts',
  )
  return count?.active ?? 0
}

/** Newest first. */
export async function readPage(store: Store, filter: QueryFilter & CursorOptions): Promise<CursorPage> {
  const { type, status, cursor, pageSize = 50 } = filter
  const list = ['list', type ?? '', status ?? '']
  const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : numberIn(cursor, list)
  checkPage('pageSize', pageSize, mostOnPage)
  const { where, values } = conditionsOf({ type, status }, 3)
  const rows = await store.read<SummaryRow>(
    `select ${summaryColumns} from queries q where q.number < ?1 ${where} order by q.number desc limit ?2`,
    [before, pageSize + 1, ...values],
  )
  return pageOf(rows, pageSize, list)
}

/** Newest first; an empty page where there is no word to look for. */
export async function searchPage(
  store: Store,
  text: string,
  { cursor, pageSize = 50 }: CursorOptions,
): Promise<CursorPage> {
  checkPage('pageSize', pageSize, mostOnPage)
  const words = searchedWords(store.kind, text)
  const list = ['search', words ?? '']
  const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : numberIn(cursor, list)
  if (words === null) return { queries: [], nextCursor: null }
  const rows = await store.read<SummaryRow>(searching(store.kind, summaryColumns), [
    words,
    before,
    pageSize + 1,
  ])
  return pageOf(rows, pageSize, list)
}

/** Oldest first, in short reads: a slow reader holds nothing open. */
export async function* streamRows(store: Store, filter: QueryFilter): AsyncIterable<Query> {
  const { where, values } = conditionsOf(filter, 1)
  const sql = `select ${queryColumns} from queries q where q.number > ?${values.length + 1} ${where} order by q.number`
  for await (const row of store.stream<QueryRow>(sql, [...values, 0])) yield queryOf(row)
}

function conditionsOf(
  { type, status }: QueryFilter,
  firstPlace: number,
): { readonly where: string; readonly values: readonly Value[] } {
  const given = Object.entries({ type, status }).filter((one): one is [string, never] => one[1] !== undefined)
  const where = given.map(([column], index) => `and q.${column} = ?${firstPlace + index}`).join(' ')
  return { where, values: given.map(([, value]) => value) }
}

function pageOf(rows: readonly SummaryRow[], pageSize: number, list: readonly string[]): CursorPage {
  const shown = rows.slice(0, pageSize)
  const last = shown.at(-1)
  const hasMore = rows.length > pageSize && last !== undefined
  return { queries: shown.map(summaryOf), nextCursor: hasMore ? cursorOf(last.number, list) : null }
}

/** A cursor knows of which list it is. */
const cursorOf = (number: number, list: readonly string[]): string => `${number.toString(36)}.${markOf(list)}`

const markOf = (list: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(list)).digest('base64url').slice(0, 12)

function numberIn(cursor: string, list: readonly string[]): number {
  const [number = '', mark, ...rest] = cursor.split('.')
  const value = Number.parseInt(number, 36)
  const isNumber = /^[0-9a-z]{1,11}$/.test(number) && Number.isSafeInteger(value)
  if (isNumber && rest.length === 0 && mark === markOf(list)) return value
  throw new PlimsollError(
    'QUERY_CURSOR_INVALID',
    `the cursor ${JSON.stringify(cursor.slice(0, 100))} is none of this list`,
  )
}
