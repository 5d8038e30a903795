/** Queries and answers as rows. */
import { type ErrorFacts, PlimsollError } from '../errors.ts'
import type { Statement, Store } from '../store/store.ts'
import type { Answer, Query, QuerySummary } from './words.ts'

/** As many queries share one count of those that are open. */
export const bucketSize = 1_024

export const summaryColumns =
  'q.number as number, q.id as id, q.type as type, q.priority as priority, q.title as title, q.tags as tags, q.created_at_ms as created_at_ms, q.status as status, q.ended_at_ms as ended_at_ms'
export const queryColumns = `${summaryColumns}, q.body as body, q.context as context, q.restrictions as restrictions,
  q.attachments as attachments, q.deadline_ms as deadline_ms, q.error as error`

export type SummaryRow = Pick<Query, 'id' | 'type' | 'priority' | 'title' | 'status'> & {
  /** They grow in the order in which queries were created. */
  readonly number: number
  readonly tags: string
  readonly created_at_ms: number
  readonly ended_at_ms: number | null
}

export type QueryRow = SummaryRow & {
  readonly body: string
  readonly context: string
  readonly restrictions: string
  readonly attachments: string
  readonly deadline_ms: number | null
  readonly error: string | null
}

export const summaryOf = (row: SummaryRow): QuerySummary => ({
  id: row.id,
  type: row.type,
  priority: row.priority,
  title: row.title,
  tags: JSON.parse(row.tags),
  createdAtMs: row.created_at_ms,
  status: row.status,
  endedAtMs: row.ended_at_ms,
})

export const queryOf = (row: QueryRow): Query => ({
  ...summaryOf(row),
  text: row.body,
  ...(row.deadline_ms !== null && { deadlineMs: row.deadline_ms }),
  context: JSON.parse(row.context),
  constraints: JSON.parse(row.restrictions),
  attachments: JSON.parse(row.attachments),
  error: row.error === null ? null : JSON.parse(row.error),
})

export async function readQuery(store: Store, id: string): Promise<Query | null> {
  const [row] = await store.read<QueryRow>(`select ${queryColumns} from queries q where q.id = ?1`, [id])
  return row === undefined ? null : queryOf(row)
}

/** Of an id as people type it: its beginning. Two are enough to know that it is not unique. */
export const readIds = async (store: Store, prefix: string): Promise<readonly string[]> =>
  (
    await store.read<{ readonly id: string }>(
      'select id from queries where id >= ?1 and id < ?2 order by id limit 2',
      [prefix, `${prefix}~`],
    )
  ).map(({ id }) => id)

export const isConflict = (error: unknown): boolean =>
  error instanceof PlimsollError && error.code === 'STORE_CONFLICT'

export type Marks = { readonly digest: string; readonly key: string | null }

/** Changes no row where the same is open already, or was created with this key: then the write is a conflict. */
export const inserting = (query: Query, { digest, key }: Marks): readonly Statement[] => [
  {
    sql: `insert into queries (number, id, digest, idempotency_key, type, priority, title, body, tags, context,
        restrictions, attachments, deadline_ms, created_at_ms, status)
      values (coalesce((select max(number) from queries), 0) + 1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
        ?13, 'waiting')
      on conflict do nothing`,
    parameters: [
      ...[query.id, digest, key, query.type, query.priority, query.title, query.text],
      ...[query.tags, query.context, query.constraints, query.attachments].map((part) =>
        JSON.stringify(part),
      ),
      ...[query.deadlineMs ?? null, query.createdAtMs],
    ],
    expectRows: 1,
  },
  {
    sql: `insert into query_counts (bucket, active) select number / ${bucketSize}, 1 from queries where id = ?1
      on conflict (bucket) do update set active = query_counts.active + 1`,
    parameters: [query.id],
  },
]

export type SameRow = { readonly id: string; readonly digest: string }

/** What stood in the way of an insert. */
export async function readSame(store: Store, { digest, key }: Marks): Promise<SameRow | null> {
  const [row] = await store.read<SameRow>(
    key === null
      ? `select id, digest from queries where digest = ?1 and status in ('waiting', 'running')`
      : 'select id, digest from queries where idempotency_key = ?1',
    [key ?? digest],
  )
  return row ?? null
}

export type Claim = { readonly id: string; readonly owner: string }

/** Of a query that waits, or whose owner gives no sign of life. */
export const claiming = ({ id, owner }: Claim, nowMs: number, untilMs: number): Statement => ({
  sql: `update queries set status = 'running', owner = ?2, claimed_until_ms = ?4
    where id = ?1 and (status = 'waiting' or (status = 'running' and claimed_until_ms <= ?3))`,
  parameters: [id, owner, nowMs, untilMs],
  expectRows: 1,
})

export const renewing = ({ id, owner }: Claim, untilMs: number): Statement => ({
  sql: `update queries set claimed_until_ms = ?3 where id = ?1 and owner = ?2 and status = 'running'`,
  parameters: [id, owner, untilMs],
  expectRows: 1,
})

export type Ending = {
  readonly id: string
  /** Null ends one that waits. */
  readonly owner: string | null
  readonly status: 'answered' | 'failed' | 'cancelled' | 'expired'
  readonly atMs: number
  readonly error: ErrorFacts | null
}

export const ending = ({ id, owner, status, atMs, error }: Ending): readonly Statement[] => {
  const values = [id, status, atMs, error === null ? null : JSON.stringify(error)]
  const changes = 'status = ?2, ended_at_ms = ?3, error = ?4, owner = null, claimed_until_ms = null'
  return [
    owner === null
      ? {
          sql: `update queries set ${changes} where id = ?1 and status = 'waiting'`,
          parameters: values,
          expectRows: 1,
        }
      : {
          sql: `update queries set ${changes} where id = ?1 and status = 'running' and owner = ?5`,
          parameters: [...values, owner],
          expectRows: 1,
        },
    {
      sql: `update query_counts set active = active - 1
        where bucket = (select number / ${bucketSize} from queries where id = ?1)`,
      parameters: [id],
      expectRows: 1,
    },
  ]
}

/** One of each expert: the last. */
export const answering = (answer: Answer): Statement => ({
  sql: `insert into query_answers (query_id, expert, status, cost_usd, ended_at_ms, answer)
    values (?1, ?2, ?3, ?4, ?5, ?6)
    on conflict (query_id, expert) do update set status = excluded.status, cost_usd = excluded.cost_usd,
      ended_at_ms = excluded.ended_at_ms, answer = excluded.answer`,
  parameters: [
    ...[answer.queryId, answer.expert, answer.status, answer.costUsd, answer.endedAtMs],
    JSON.stringify(answer),
  ],
})

/** An answer has at most 64 KiB of text, and a circle has few experts. */
const mostAnswers = 100

export async function readAnswers(store: Store, queryId: string): Promise<readonly Answer[]> {
  const rows = await store.read<{ readonly answer: string }>(
    `select answer from query_answers where query_id = ?1 order by ended_at_ms, expert limit ${mostAnswers}`,
    [queryId],
  )
  return rows.map(({ answer }) => JSON.parse(answer))
}
