/**
 * Takes out of the blocks what was deleted, a few blocks in each commit: nobody sees it any more, and whatever ends this, the
 * next one goes on. Of a block of which a part is left, the part is hidden until the block is rewritten.
 */
import type { Beside, Statement } from '../store/store.ts'
import { timesOfBlock } from './block-codec.ts'
import { firstFrom } from './columns.ts'
import { despiteConflicts } from './conflicts.ts'
import {
  type BlockPlace,
  changeBlocks,
  idList,
  idsAtOnce,
  padded,
  readState,
  type StateRow,
} from './statements.ts'
import { nextTurn } from './turn.ts'

/** Some milliseconds of work: of each series at most one of them is read. */
const blocksAtOnce = 256

type Deletion = { readonly series_id: number; readonly before_ms: number }
const readDeletions = `
  select series_id, before_ms from metric_deletions order by series_id limit ${idsAtOnce}`

/** The data is there when the times cannot be told without it. */
export type OldBlock = BlockPlace &
  (
    | { readonly step_ms: number; readonly data: Uint8Array | null }
    | { readonly step_ms: null; readonly data: Uint8Array }
  )
const readDeleted = `
  select b.series_id, b.t0, b.t1, b.n, b.step_ms,
    case when b.t1 >= d.before_ms and b.step_ms is null then b.data end as data
  from metric_deletions d
  join metric_blocks b on b.series_id = d.series_id and b.t0 < d.before_ms
  where d.series_id in (${idList})
  order by b.series_id, b.t1
  limit ${blocksAtOnce}`
const forget = `delete from metric_deletions where series_id in (${idList})`

/** How the blocks are when nothing is left to be removed: a deletion that comes later changes their form. */
export async function settled(store: Beside): Promise<StateRow | undefined> {
  while (true) {
    const [state] = await store.read<StateRow>(readState)
    if (!(await despiteConflicts(() => removeSome(store)))) return state
    await nextTurn()
  }
}

/** False when there was nothing to be removed. @throws STORE_CONFLICT */
export async function removeSome(store: Beside): Promise<boolean> {
  const [state] = await store.read<StateRow>(readState)
  const deletions = await store.read<Deletion>(readDeletions)
  if (deletions.length === 0 || state === undefined) return false
  const blocks = await store.read<OldBlock>(readDeleted, padded(deletions.map((one) => one.series_id)))
  const bySeries = Map.groupBy(blocks, (block) => block.series_id)
  const unfinished = blocks.length < blocksAtOnce ? undefined : blocks.at(-1)?.series_id
  const finished = deletions
    .map(({ series_id }) => series_id)
    .filter((id) => unfinished === undefined || id < unfinished)
  // The deletion itself is durable.
  await store.write(
    [
      changeBlocks(state.blocks_form).statement,
      ...deletions.flatMap((one) => removed(one, bySeries.get(one.series_id) ?? [])),
      ...(finished.length > 0
        ? [{ sql: forget, parameters: padded(finished), expectRows: finished.length }]
        : []),
    ],
    'normal',
  )
  return true
}

function removed({ series_id, before_ms }: Deletion, blocks: readonly OldBlock[]): readonly Statement[] {
  const whole = blocks.filter(({ t1 }) => t1 < before_ms)
  const across = blocks.filter(({ t1 }) => t1 >= before_ms)
  const last = whole.at(-1)
  return [
    ...(last === undefined
      ? []
      : [
          {
            sql: 'delete from metric_blocks where series_id = ?1 and t1 <= ?2',
            parameters: [series_id, last.t1],
            expectRows: whole.length,
          },
        ]),
    ...across.map((block) => hide(block, before_ms)),
  ]
}

/** What is before is not seen any more. */
export function hide(block: OldBlock, beforeMs: number): Statement {
  const { t0, n } = restOf(block, beforeMs)
  return {
    sql: `
      update metric_blocks set t0 = ?1, n = ?2, min = null, max = null, sum = null
      where series_id = ?3 and t1 = ?4`,
    parameters: [t0, n, block.series_id, block.t1],
    expectRows: 1,
  }
}

/** Of a block that lies across the moment: where what is left of it begins, and how many samples that are. */
export function restOf(block: OldBlock, beforeMs: number): { readonly t0: number; readonly n: number } {
  const { t0, t1, n } = block
  if (block.step_ms !== null) {
    const before = Math.ceil((beforeMs - t0) / block.step_ms)
    return { t0: t0 + before * block.step_ms, n: n - before }
  }
  const timestampsMs = timesOfBlock(block.data)
  const first = firstFrom(timestampsMs, beforeMs)
  return { t0: timestampsMs[first] ?? t1, n: timestampsMs.length - first }
}
