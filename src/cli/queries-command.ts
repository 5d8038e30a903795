import { systemClock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import { actorHere, openJournal } from '../journal/journal.ts'
import { didYouMean } from '../nearest.ts'
import { layerOfVariables } from '../plan/plan.ts'
import {
  type CursorPage,
  QueryHandler,
  type QueryStatus,
  type QuerySummary,
  type QueryType,
  queryStatuses,
  queryTypes,
} from '../queries/queries.ts'
import { renderTable, styleFor } from '../report/report.ts'
import { namePlace, openStore, openStoreForReading, type Store } from '../store/store.ts'
import { refuseOthers, type Takes } from './own-words.ts'
import { countOf } from './plan-argument.ts'
import { queryText } from './query-text.ts'
import { typedCommand } from './typed.ts'
import { placeOf } from './with-journal.ts'
import type { Call, RunCommand } from './words.ts'

const dayMs = 24 * 3_600_000

const actions: Readonly<Record<string, (call: Call, words: readonly string[]) => Promise<number>>> = {
  list: listQueries,
  show: showQuery,
  search: searchQueries,
  prune: pruneQueries,
}

const takenBy: Readonly<Record<string, Takes>> = {
  list: { options: ['limit', 'after', 'type', 'status'] },
  show: { options: [] },
  search: { options: ['limit', 'after'] },
  prune: { options: ['days'] },
}

export const queriesCommand: RunCommand = async (call) => {
  const [action = 'list', ...words] = call.positionals
  const run = Object.hasOwn(actions, action) ? actions[action] : undefined
  if (run !== undefined) {
    refuseOthers(call, action, takenBy[action] ?? { options: [] })
    return run(call, words)
  }
  throw usage(
    `"plimsoll queries" was given ${JSON.stringify(action)}, expected one of list, show, search, prune${didYouMean(action, Object.keys(actions))}`,
  )
}

async function listQueries(call: Call, words: readonly string[]): Promise<number> {
  if (words.length > 0)
    throw usage('"plimsoll queries list" takes no word; "plimsoll queries search" finds some')
  const type = oneOf(call, 'type', queryTypes) as QueryType | undefined
  const status = oneOf(call, 'status', queryStatuses) as QueryStatus | undefined
  return withQueries(call, async (queries) =>
    say(call, await queries.getQueryPage({ type, status, ...pageOf(call) })),
  )
}

async function searchQueries(call: Call, words: readonly string[]): Promise<number> {
  if (words.length === 0) throw usage('"plimsoll queries search" was given no word to look for')
  return withQueries(call, async (queries) =>
    say(call, await queries.searchQueries(words.join(' '), pageOf(call))),
  )
}

async function showQuery(call: Call, [id, extra]: readonly string[]): Promise<number> {
  if (id === undefined || extra !== undefined)
    throw usage('"plimsoll queries show" takes one query, or the beginning of its id')
  return withQueries(call, async (queries) => {
    const query = await queries.findQuery(id)
    const answers = await queries.getAnswers(query.id)
    process.stdout.write(
      call.flag('json')
        ? `${JSON.stringify({ type: 'query', query, answers })}\n`
        : queryText(query, answers),
    )
    return 0
  })
}

async function pruneQueries(call: Call, words: readonly string[]): Promise<number> {
  if (words.length > 0) throw usage('"plimsoll queries prune" takes no word; --days says what is old')
  const days = countOf('--days', call.text('days') ?? '30', 36_500)
  // What was never recorded is not made in order to remove from it.
  await withQueries(call, async () => 0)
  await using store = await openStore(placeOf(call))
  await using queries = openQueries(store)
  const nowMs = systemClock.now()
  const removed = await queries.prune(nowMs - days * dayMs)
  const by = actorHere(process.env, typedCommand(process.argv.slice(2)))
  const detail = `${removed} ${removed === 1 ? 'query' : 'queries'} older than ${days} days`
  await openJournal(store).note({ atMs: nowMs, action: 'queries-prune', by, detail })
  process.stdout.write(
    call.flag('json')
      ? `${JSON.stringify({ type: 'queries-pruned', removed, days })}\n`
      : `removed ${detail}\n`,
  )
  return 0
}

const openQueries = (store: Store): QueryHandler =>
  new QueryHandler({ store, ...layerOfVariables(process.env).queries })

/** Reads what is recorded; makes nothing. */
async function withQueries(call: Call, read: (queries: QueryHandler) => Promise<number>): Promise<number> {
  const place = placeOf(call)
  await using store = await openStoreForReading(place)
  if (store === null)
    throw new PlimsollError('QUERY_UNKNOWN', `nothing has been recorded in ${namePlace(place)}`, {
      fix: 'Name the directory of the record with --state DIR or its database with --database URL, or ask first',
    })
  await using queries = openQueries(store)
  return await read(queries)
}

const pageOf = (call: Call): { readonly cursor: string | undefined; readonly pageSize: number } => ({
  cursor: call.text('after'),
  pageSize: countOf('--limit', call.text('limit') ?? '20', 200),
})

function oneOf(call: Call, option: string, allowed: readonly string[]): string | undefined {
  const value = call.text(option)
  if (value === undefined || allowed.includes(value)) return value
  throw usage(
    `--${option} is ${JSON.stringify(value)}, expected one of ${allowed.join(', ')}${didYouMean(value, allowed)}`,
  )
}

const usage = (text: string): PlimsollError => new PlimsollError('USAGE', text)

function say(call: Call, { queries, nextCursor }: CursorPage): number {
  if (call.flag('json')) {
    for (const query of queries) process.stdout.write(`${JSON.stringify({ type: 'query', query })}\n`)
    process.stdout.write(`${JSON.stringify({ type: 'page', nextCursor })}\n`)
    return 0
  }
  process.stdout.write(queries.length === 0 ? 'no query\n' : `${tableOf(queries).join('\n')}\n`)
  if (nextCursor !== null) process.stdout.write(`more: --after ${nextCursor}\n`)
  return 0
}

function tableOf(queries: readonly QuerySummary[]): readonly string[] {
  const columns = [
    { title: 'query' },
    { title: 'asked' },
    { title: 'type' },
    { title: 'priority' },
    { title: 'status' },
    { title: 'title' },
  ]
  const rows = queries.map(({ id, createdAtMs, type, priority, status, title }) => [
    id,
    `${new Date(createdAtMs).toISOString().slice(0, 19)}Z`,
    type,
    priority,
    status,
    title,
  ])
  return renderTable(columns, rows, styleFor(process.stdout, process.env))
}
