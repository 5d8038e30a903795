/**
 * Deletes what is older than a moment: it is noted which series have something to be deleted, and from that commit on nobody
 * sees it. The compaction removes it from the blocks later.
 */
import { PlimsollError } from '../errors.ts'
import type { Statement, Store } from '../store/store.ts'
import { despiteConflicts } from './conflicts.ts'
import { type OldBlock, restOf, settled } from './removal.ts'
import {
  changeBlocks,
  deleteChunks,
  idList,
  padded,
  pagesOf,
  readState,
  type StateRow,
} from './statements.ts'
import { nextTurn } from './turn.ts'

/** What was deleted. */
export type CleanupOutcome = { readonly samples: number; readonly series: number }

/** In one commit. */
const seriesAtOnce = 128
/** Some milliseconds of work. */
const blocksPerTurn = 32

/** With the block that lies across the moment, or the first behind it. */
type OldRow = {
  readonly id: number
  /** Of blocks that are old as a whole. */
  readonly samples: number | null
  readonly pending: number | null
} & (OldBlock | { readonly t1: null })
const readOld = `
  select s.id, s.samples, s.pending, b.series_id, b.t0, b.t1, b.n, b.step_ms,
    case when b.t0 < ?2 and b.step_ms is null then b.data end as data
  from (
    select p.id,
      (select sum(b.n) from metric_blocks b where b.series_id = p.id and b.t1 < ?2) as samples,
      (select min(b.t1) from metric_blocks b where b.series_id = p.id and b.t1 >= ?2) as t1,
      (select d.before_ms from metric_deletions d where d.series_id = p.id) as pending
    from (select id from metric_series where id > ?1 order by id limit ${seriesAtOnce}) p
  ) s
  left join metric_blocks b on b.series_id = s.id and b.t1 = s.t1
  order by s.id`

/** Blocks do not overlap: the first one of a series begins first. */
const deleteOld = (beforeMs: number, page: readonly OldRow[], count: number): Statement => ({
  sql: `
    insert into metric_deletions (series_id, before_ms)
    select s.id, cast(?1 as bigint) from metric_series s
    where s.id >= ?2 and s.id <= ?3
      and (select b.t0 from metric_blocks b where b.series_id = s.id order by b.t1 limit 1) < cast(?1 as bigint)`,
  parameters: [beforeMs, page[0]?.id ?? 0, page.at(-1)?.id ?? 0],
  expectRows: count,
})

/**
 * Nothing that is to be deleted may lie in chunks: they are compacted before. What was deleted until the signal aborts stays
 * deleted.
 * @throws the reason of the signal
 */
export async function deleteBefore(
  store: Store,
  beforeMs: number,
  signal?: AbortSignal,
): Promise<CleanupOutcome> {
  let outcome: CleanupOutcome = { samples: 0, series: 0 }
  let lastId: number | null = -1
  while (lastId !== null) {
    signal?.throwIfAborted()
    const afterId: number = lastId
    const done = await despiteConflicts(() => deletePage(store, afterId, beforeMs))
    outcome = { samples: outcome.samples + done.samples, series: outcome.series + done.series }
    lastId = done.lastId
    if (lastId !== null) await nextTurn()
  }
  return outcome
}

type DonePage = CleanupOutcome & { readonly lastId: number | null }

async function deletePage(store: Store, afterId: number, beforeMs: number): Promise<DonePage> {
  const [state] = await store.read<StateRow>(readState)
  const page = await store.read<OldRow>(readOld, [afterId, beforeMs])
  if (page.some(({ pending }) => pending !== null)) {
    // Of another cleanup: what it deleted is not counted again.
    await settled(store)
    return await deletePage(store, afterId, beforeMs)
  }
  const { samples, series } = await countOld(page, beforeMs)
  const change = changeBlocks(state?.blocks_form ?? 0)
  if (series > 0) await store.write([change.statement, deleteOld(beforeMs, page, series)])
  const empty = page.filter(({ t1 }) => t1 === null).map(({ id }) => id)
  let deleted = 0
  for (const ids of pagesOf(empty))
    deleted += await deleteSeries(store, ids, {
      seq: state?.seq ?? 0,
      blocksForm: series > 0 ? change.form : (state?.blocks_form ?? 0),
    })
  return { samples, series: deleted, lastId: page.length < seriesAtOnce ? null : (page.at(-1)?.id ?? null) }
}

/** Also how many series have some. */
async function countOld(page: readonly OldRow[], beforeMs: number): Promise<CleanupOutcome> {
  const outcome = { samples: 0, series: 0 }
  let read = 0
  for (const row of page) {
    const isAcross = row.t1 !== null && row.t0 < beforeMs
    if (isAcross) outcome.samples += row.n - restOf(row, beforeMs).n
    outcome.samples += row.samples ?? 0
    if (isAcross || row.samples !== null) outcome.series += 1
    if (isAcross && row.data !== null && ++read % blocksPerTurn === 0) await nextTurn()
  }
  return outcome
}

/**
 * Only while no chunk is there or comes, nor has come into blocks: it may have samples of them. They are left to the next time
 * otherwise. What their blocks still have is deleted already.
 */
async function deleteSeries(
  store: Store,
  ids: readonly number[],
  { seq, blocksForm }: { readonly seq: number; readonly blocksForm: number },
): Promise<number> {
  const noChunks = deleteChunks(Number.MAX_SAFE_INTEGER, 0)
  const sameState = {
    sql: `
      update metric_state set series_form = series_form + 1
      where id = 1 and seq = ?1 and blocks_form = ?2`,
    parameters: [seq, blocksForm],
    expectRows: 1,
  }
  const all = { sql: `delete from metric_series where id in (${idList})`, parameters: padded(ids) }
  try {
    await store.write([sameState, noChunks, all])
    return ids.length
  } catch (error) {
    if (error instanceof PlimsollError && error.code === 'STORE_CONFLICT') return 0
    throw error
  }
}
