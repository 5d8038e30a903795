/** Deletes what is older than a moment: whole blocks; of a block that lies across it only the old part is hidden. */
import { PlimsollError } from '../errors.ts'
import type { Statement, Store } from '../store/store.ts'
import { timesOfBlock } from './block-codec.ts'
import { firstFrom } from './columns.ts'
import { despiteConflicts } from './conflicts.ts'
import { seriesOf } from './series-reader.ts'
import {
  type BlockRow,
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

const readOld = `
  select series_id, sum(n) as n from metric_blocks
  where series_id in (${idList}) and t1 < ?65 group by series_id`
const readLeft = `
  select series_id, count(*) as n from metric_blocks
  where series_id in (${idList}) and t1 >= ?65 group by series_id`
const readAcross = `
  select series_id, t0, t1, n, data from metric_blocks
  where series_id in (${idList}) and t1 >= ?65 and t0 < ?65`
const deleteOld = `delete from metric_blocks where series_id in (${idList}) and t1 < ?65`
const hideOld = `
  update metric_blocks set t0 = ?1, n = ?2, min = null, max = null, sum = null where series_id = ?3 and t1 = ?4`

type Count = { readonly series_id: number; readonly n: number }

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
  for await (const found of seriesOf(store, {}, { test: () => true })) {
    for (const page of pagesOf(found)) {
      signal?.throwIfAborted()
      const ids = page.map(({ id }) => id)
      const { samples, series } = await despiteConflicts(() => deletePage(store, ids, beforeMs))
      outcome = { samples: outcome.samples + samples, series: outcome.series + series }
      await nextTurn()
    }
  }
  return outcome
}

async function deletePage(store: Store, ids: readonly number[], beforeMs: number): Promise<CleanupOutcome> {
  const parameters = [...padded(ids), beforeMs]
  const [state] = await store.read<StateRow>(readState)
  const old = await store.read<Count>(readOld, parameters)
  const left = new Set((await store.read<Count>(readLeft, parameters)).map((row) => row.series_id))
  const across = (await store.read<BlockRow>(readAcross, parameters)).map((row) => hide(row, beforeMs))
  const statements = [
    ...(old.length > 0 ? [{ sql: deleteOld, parameters }] : []),
    ...across.map(({ statement }) => statement),
  ]
  if (statements.length > 0)
    await store.write([changeBlocks(state?.blocks_form ?? 0), ...statements], 'normal')
  const empty = ids.filter((id) => !left.has(id))
  return {
    samples: [...old, ...across].reduce((sum, { n }) => sum + n, 0),
    series: await deleteSeries(store, empty, state),
  }
}

type Hidden = { readonly n: number; readonly statement: Statement }

/** What is before is not seen any more. */
export function hide(block: BlockRow, beforeMs: number): Hidden {
  const timestampsMs = timesOfBlock(block.data)
  const first = firstFrom(timestampsMs, beforeMs)
  const left = timestampsMs.length - first
  const t0 = timestampsMs[first] ?? block.t1
  return {
    n: block.n - left,
    statement: {
      sql: hideOld,
      parameters: [t0, left, block.series_id, block.t1],
      expectRows: 1,
    },
  }
}

/** Only while no chunk is there or comes: it may have samples of them. They are left to the next time otherwise. */
async function deleteSeries(
  store: Store,
  ids: readonly number[],
  state: StateRow | undefined,
): Promise<number> {
  if (ids.length === 0 || state === undefined) return 0
  const noChunks = deleteChunks(Number.MAX_SAFE_INTEGER, 0)
  const sameState = {
    sql: 'update metric_state set series_form = series_form + 1 where id = 1 and seq = ?1',
    parameters: [state.seq],
    expectRows: 1,
  }
  const all = { sql: `delete from metric_series where id in (${idList})`, parameters: padded(ids) }
  try {
    await store.write([sameState, noChunks, all], 'normal')
    return ids.length
  } catch (error) {
    if (error instanceof PlimsollError && error.code === 'STORE_CONFLICT') return 0
    throw error
  }
}
