/**
 * Chunks become blocks, a slice at a time, while others write and read. Blocks are changed first, in small commits, and the
 * chunks removed last: until then both have the samples, which readers see once. Whatever ends it, it begins anew.
 */
import { letGo } from '../buffers.ts'
import type { Beside } from '../store/store.ts'
import type { FreshRange, Packer } from './compact-words.ts'
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

type Slice = { readonly samples: number; readonly chunks: number; readonly lastSeq: number }

/** @throws STORE_CONFLICT when another one compacts */
export async function compactSlice(store: Beside, packer: Packer): Promise<void> {
  const [state] = await store.read<StateRow>(readState)
  const { chunks, lastSeq } = await giveSlice(store, packer)
  if (chunks === 0) return
  let form = state?.blocks_form ?? 0
  const { ranges } = await packer.ask({ type: 'sort' })
  const [deletions] = await store.read<{ readonly ms: number | null }>(readNewestDeletion)
  if (firstOf(ranges) < (deletions?.ms ?? Number.NEGATIVE_INFINITY)) {
    // They came later, and would not be seen beside what is deleted.
    await settled(store)
    await compactSlice(store, packer)
    return
  }
  let open: readonly FreshRange[] = []
  for (let at = 0; open.length > 0 || at < ranges.length; ) {
    const more = rangesFrom(ranges.subarray(at, at + (idsAtOnce - open.length) * 3))
    at += more.length * 3
    const next = await touched(store, [...open, ...more])
    const { deleted, added } = await packer.ask({ type: 'rewrite', ranges: next.ranges, blocks: next.blocks })
    // An interrupted commit leaves the chunks: nothing of this has to be on disk at once.
    const change = changeBlocks(form)
    await store.write([change.statement, ...deleted.map(deleteBlock), ...added.map(insertBlock)], 'normal')
    letGo(...added.map(({ data }) => data))
    form = change.form
    open = next.left
    await nextTurn()
  }
  await store.write([changeBlocks(form).statement, deleteChunks(lastSeq, chunks)], 'normal')
}

/** A page at a time: nobody but the packer has all of it. */
async function giveSlice(store: Beside, packer: Packer): Promise<Slice> {
  let slice: Slice = { samples: 0, chunks: 0, lastSeq: 0 }
  while (slice.samples < samplesPerSlice && slice.chunks < chunksPerSlice) {
    const page = await store.read<ChunkRow>(readChunks, [slice.lastSeq])
    const given: Uint8Array[] = []
    const isFirst = slice.chunks === 0
    for (const { seq, n, data } of page) {
      if (slice.samples >= samplesPerSlice) break
      given.push(data)
      slice = { samples: slice.samples + n, chunks: slice.chunks + 1, lastSeq: seq }
    }
    await packer.ask({ type: 'take', chunks: given, isFirst })
    if (page.length < chunksAtOnce) break
    await nextTurn()
  }
  return slice
}

/** The earliest time of all ranges. */
function firstOf(ranges: Float64Array): number {
  let first = Number.POSITIVE_INFINITY
  for (let at = 1; at < ranges.length; at += 3) first = Math.min(first, ranges[at] as number)
  return first
}

const rangesFrom = (numbers: Float64Array): readonly FreshRange[] =>
  Array.from({ length: numbers.length / 3 }, (_, index) => {
    const [seriesId = -1, firstMs = 0, lastMs = 0] = numbers.subarray(index * 3)
    return { seriesId, firstMs, lastMs }
  })

type Touched = {
  readonly ranges: readonly FreshRange[]
  readonly blocks: readonly VisibleBlock[]
  /** What did not fit: samples behind the last block that was read. */
  readonly left: readonly FreshRange[]
}

async function touched(store: Beside, wanted: readonly FreshRange[]): Promise<Touched> {
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
