/**
 * Chunks become blocks, a slice at a time, while others write and read. Blocks are changed first, in small commits, and the
 * chunks removed last: until then both have the samples, which readers see once. Whatever ends it, it begins anew.
 */
import { letGo } from '../buffers.ts'
import type { Store } from '../store/store.ts'
import type { FreshRange } from './compact-words.ts'
import type { CompactWorker } from './compact-worker.ts'
import { settled } from './removal.ts'
import {
  type ChunkRow,
  changeBlocks,
  chunksAtOnce,
  deleteBlock,
  deleteChunks,
  idsAtOnce,
  insertBlock,
  readChunks,
  readState,
  readTouched,
  type StateRow,
  touchedAtOnce,
  type VisibleBlock,
} from './statements.ts'
import { nextTurn } from './turn.ts'

/** A slice ends with the chunk that reaches one of these; 3 MB of samples. */
export const samplesPerSlice = 131_072
export const chunksPerSlice = 4_096

const readNewestDeletion = 'select max(before_ms) as ms from metric_deletions'

/** @throws STORE_CONFLICT when another one compacts */
export async function compactSlice(store: Store, worker: CompactWorker): Promise<void> {
  const [state] = await store.read<StateRow>(readState)
  const rows = await readSlice(store)
  const lastSeq = rows.at(-1)?.seq
  if (lastSeq === undefined) return
  let form = state?.blocks_form ?? 0
  const { ranges } = await worker.ask({ type: 'chunks', chunks: rows.map(({ data }) => data) })
  const [deletions] = await store.read<{ readonly ms: number | null }>(readNewestDeletion)
  const deletedMs = deletions?.ms ?? Number.NEGATIVE_INFINITY
  if (ranges.some(({ firstMs }) => firstMs < deletedMs)) {
    // They came later, and would not be seen beside what is deleted.
    await settled(store)
    await compactSlice(store, worker)
    return
  }
  let open: readonly FreshRange[] = ranges
  while (open.length > 0) {
    const next = await touched(store, open.slice(0, idsAtOnce))
    const { deleted, added } = await worker.ask({ type: 'rewrite', ranges: next.ranges, blocks: next.blocks })
    // An interrupted commit leaves the chunks: nothing of this has to be on disk at once.
    await store.write([changeBlocks(form), ...deleted.map(deleteBlock), ...added.map(insertBlock)], 'normal')
    letGo(...added.map(({ data }) => data))
    form += 1
    open = [...next.left, ...open.slice(idsAtOnce)]
    await nextTurn()
  }
  await store.write([changeBlocks(form), deleteChunks(lastSeq, rows.length)], 'normal')
}

async function readSlice(store: Store): Promise<readonly ChunkRow[]> {
  const rows: ChunkRow[] = []
  let samples = 0
  while (samples < samplesPerSlice && rows.length < chunksPerSlice) {
    const page = await store.read<ChunkRow>(readChunks, [rows.at(-1)?.seq ?? 0])
    for (const row of page) {
      if (samples >= samplesPerSlice) break
      rows.push(row)
      samples += row.n
    }
    if (page.length < chunksAtOnce) break
    await nextTurn()
  }
  return rows
}

type Touched = {
  readonly ranges: readonly FreshRange[]
  readonly blocks: readonly VisibleBlock[]
  /** What did not fit: samples behind the last block that was read. */
  readonly left: readonly FreshRange[]
}

async function touched(store: Store, wanted: readonly FreshRange[]): Promise<Touched> {
  const parameters = Array.from({ length: idsAtOnce }, (_, index) => {
    const { seriesId = -1, firstMs = 0, lastMs = 0 } = wanted[index] ?? {}
    return [seriesId, firstMs, lastMs]
  })
  const blocks = await store.read<VisibleBlock>(readTouched, parameters.flat())
  const last = blocks.at(-1)
  if (blocks.length < touchedAtOnce || last === undefined) return { ranges: wanted, blocks, left: [] }
  const before = wanted.filter(({ seriesId }) => seriesId < last.series_id)
  const behind = wanted.filter(({ seriesId }) => seriesId > last.series_id)
  const within = wanted.filter(({ seriesId }) => seriesId === last.series_id)
  return {
    blocks,
    ranges: [...before, ...within.map((range) => ({ ...range, lastMs: Math.min(range.lastMs, last.t1) }))],
    left: [
      ...within
        .map((range) => ({ ...range, firstMs: Math.max(range.firstMs, last.t1 + 1) }))
        .filter(({ firstMs, lastMs }) => firstMs <= lastMs),
      ...behind,
    ],
  }
}
