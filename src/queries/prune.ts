/** What takes queries out of the store: a deadline ends those that wait, pruning removes those that are old. */
import type { Statement, Store } from '../store/store.ts'
import { deadlinePassed } from './limits.ts'
import { bucketSize, ending, isConflict } from './rows.ts'
import { unindexing } from './search.ts'
import { removingText } from './texts.ts'

/** So many at once: a transaction is short, and others get their turn. */
const atOnce = 100
/** A text whose query was never created belongs to a process that was killed, or to one that still reads it. */
const abandonedMs = 24 * 3_600_000
/** Of one query; what a larger number leaves is abandoned then, and removed as such. */
const mostTexts = 1_000

type Late = { readonly id: string; readonly title: string; readonly deadline_ms: number }

/** Ends queries that wait although their deadline has passed; how many. */
export async function expireLate(store: Store, nowMs: number, signal?: AbortSignal): Promise<number> {
  let expired = 0
  while (true) {
    signal?.throwIfAborted()
    const late = await store.read<Late>(
      `select id, title, deadline_ms from queries where status = 'waiting' and deadline_ms is not null
        and deadline_ms <= ?1 order by deadline_ms limit ${atOnce}`,
      [nowMs],
    )
    const ended = await Promise.all(late.map((query) => expire(store, query, nowMs)))
    expired += ended.filter(Boolean).length
    if (late.length < atOnce) return expired
  }
}

async function expire(store: Store, { id, title, deadline_ms }: Late, nowMs: number): Promise<boolean> {
  const { code, message, fix } = deadlinePassed(title, deadline_ms)
  const error = { code, message, fix }
  try {
    await store.write(ending({ id, owner: null, status: 'expired', atMs: nowMs, error }))
    return true
  } catch (thrown) {
    if (isConflict(thrown)) return false
    throw thrown
  }
}

type Pruning = {
  readonly beforeMs: number
  readonly nowMs: number
  readonly onRemoved: (id: string) => void
  readonly signal?: AbortSignal | undefined
}

/** Removes what was created before, with answers and texts, unless somebody consults the experts about it; how many. */
export async function prune(store: Store, { beforeMs, nowMs, onRemoved, signal }: Pruning): Promise<number> {
  let removed = 0
  while (true) {
    signal?.throwIfAborted()
    const old = await store.read<{ readonly id: string }>(
      `select id from queries where created_at_ms < ?1
        and (status <> 'running' or claimed_until_ms <= ?2) order by created_at_ms limit ${atOnce}`,
      [beforeMs, nowMs],
    )
    for (const { id } of old) {
      if (!(await remove(store, id, nowMs))) continue
      removed += 1
      onRemoved(id)
    }
    if (old.length < atOnce) break
  }
  await removeAbandonedTexts(store, Math.min(beforeMs, nowMs - abandonedMs), signal)
  return removed
}

/** False when somebody was faster. */
async function remove(store: Store, id: string, nowMs: number): Promise<boolean> {
  try {
    await store.write([...(await removingTexts(store, id)), ...removing(store, id, nowMs)])
    return true
  } catch (error) {
    if (isConflict(error)) return false
    throw error
  }
}

const removing = (store: Store, id: string, nowMs: number): readonly Statement[] => [
  unindexing(store.kind, id),
  {
    sql: `update query_counts set active = active - 1 where bucket =
      (select number / ${bucketSize} from queries where id = ?1 and status in ('waiting', 'running'))`,
    parameters: [id],
  },
  { sql: 'delete from query_answers where query_id = ?1', parameters: [id] },
  {
    sql: `delete from queries where id = ?1 and (status <> 'running' or claimed_until_ms <= ?2)`,
    parameters: [id, nowMs],
    expectRows: 1,
  },
]

type TextRow = { readonly id: string }

async function removingTexts(store: Store, queryId: string): Promise<readonly Statement[]> {
  const texts = await store.read<TextRow>(
    `select id from query_texts where query_id = ?1 limit ${mostTexts}`,
    [queryId],
  )
  return texts.flatMap(({ id }) => removingText(id))
}

async function removeAbandonedTexts(store: Store, beforeMs: number, signal?: AbortSignal): Promise<void> {
  while (true) {
    signal?.throwIfAborted()
    const texts = await store.read<TextRow>(
      `select id from query_texts t where created_at_ms < ?1
        and not exists (select 1 from queries q where q.id = t.query_id) limit ${atOnce}`,
      [beforeMs],
    )
    for (const { id } of texts) await store.write(removingText(id))
    if (texts.length < atOnce) return
  }
}
