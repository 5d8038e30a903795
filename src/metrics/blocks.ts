/** Reads blocks in pages, in order of series and time, so that a slow reader holds nothing open. */
import type { Store } from '../store/store.ts'
import { decodeBlock } from './block-codec.ts'
import { within } from './columns.ts'
import type { Room } from './room.ts'
import {
  blocksAtOnce,
  padded,
  readBlocks,
  readSummaries,
  type SummaryRow,
  type VisibleBlock,
} from './statements.ts'
import { nextTurn } from './turn.ts'
import type { Columns } from './words.ts'

/** Below and above every time. */
export const firstMs = -8.64e15
export const afterLastMs = 8.64e15 + 1

export type BlockRange = {
  /** At most `idsAtOnce`, ascending. */
  readonly seriesIds: readonly number[]
  readonly fromMs: number
  readonly toMs: number
}

/** Of which blocks a summary will do. */
export type Buckets = {
  readonly stepMs: number
  /** Of those that end before. */
  readonly beforeMs: number
}

export const blocksOf = (store: Store, range: BlockRange): AsyncGenerator<VisibleBlock> =>
  blocksOrSummaries(store, range, null) as AsyncGenerator<VisibleBlock>

/**
 * Those that have a time of the range, with `buckets` without data where their summary will do. Blocks that another process rewrites meanwhile come as they were or as they are:
 * the next page begins behind the last time of the one before.
 */
export async function* blocksOrSummaries(
  store: Store,
  range: BlockRange,
  buckets: Buckets | null,
): AsyncGenerator<VisibleBlock | SummaryRow> {
  const { stepMs = 1, beforeMs = firstMs } = buckets ?? {}
  const ofBuckets = buckets ? [beforeMs, stepMs, Math.floor(firstMs / stepMs) * stepMs] : []
  const sql = buckets ? readSummaries : readBlocks
  let part = { ids: range.seriesIds, fromMs: range.fromMs, isOne: false }
  while (part.ids.length > 0) {
    const parameters = [...padded(part.ids), part.fromMs, range.toMs, ...ofBuckets]
    const rows = await store.read<VisibleBlock | SummaryRow>(sql, parameters)
    yield* rows
    const last = rows.at(-1)
    // A page that ends within a series goes on with that one alone: each page is then one search in the index.
    if (rows.length === blocksAtOnce && last)
      part = { ids: [last.series_id], fromMs: last.t1 + 1, isOne: true }
    else if (part.isOne) part = { ...range, ids: idsAfter(range.seriesIds, part.ids[0]), isOne: false }
    else return
    await nextTurn()
  }
}

const idsAfter = (ids: readonly number[], after = Number.POSITIVE_INFINITY): readonly number[] =>
  ids.filter((id) => id > after)

/** What is visible of a block. */
export const samplesOf = ({ data, t0, t1 }: Pick<VisibleBlock, 'data' | 't0' | 't1'>, room?: Room): Columns =>
  within(decodeBlock(data, room), t0, t1 + 1)
