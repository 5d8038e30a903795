/** New samples of one series and the blocks that they fall into or behind become other blocks, which do not overlap. */
import { decodeBlock, encodeBlock } from './block-codec.ts'
import { columnsOf, cut, firstFrom, within } from './columns.ts'
import { merge } from './merge.ts'
import { LentRoom } from './room.ts'
import type { NewBlock, VisibleBlock, VisiblePlace } from './statements.ts'
import { summaryOf } from './summary.ts'
import type { Columns } from './words.ts'

/** Longer blocks hardly get smaller, and a query reads more than it wants. */
const samplesPerBlock = 1_000
/** A last block with fewer takes in what comes next. */
const fewSamples = samplesPerBlock / 2

/** What is decoded and merged is encoded again before the next. */
const rooms = { old: new LentRoom(), merged: new LentRoom(), whole: new LentRoom() }

export type Rewritten = { readonly deleted: readonly VisiblePlace[]; readonly added: readonly NewBlock[] }

/** `blocks` ascending: those of the range of `fresh`, and the one before. */
export function rewrite(seriesId: number, blocks: readonly VisibleBlock[], fresh: Columns): Rewritten {
  const deleted: VisiblePlace[] = []
  const added: NewBlock[] = []
  const add = (pieces: readonly Columns[]): void => {
    for (const piece of pieces) added.push(blockOf(seriesId, piece))
  }
  let rest = fresh
  for (const [index, block] of blocks.entries()) {
    const count = firstFrom(rest.timestampsMs, block.t1 + 1)
    const inside = cut(rest, 0, count)
    rest = cut(rest, count, rest.timestampsMs.length)
    const takesRest =
      index === blocks.length - 1 && rest.timestampsMs.length > 0 && (block.n ?? fewSamples) < fewSamples
    if (count === 0 && !takesRest) continue
    deleted.push(block)
    const old = within(decodeBlock(block.data, rooms.old), block.t0, block.t1 + 1)
    const merged = merge(old, inside, rooms.merged)
    if (!takesRest) add(evenPieces(merged))
    else {
      add(fullPieces(merge(merged, rest, rooms.whole)))
      rest = columnsOf(0, false)
    }
  }
  add(fullPieces(rest))
  return { deleted, added }
}

/** The last piece takes in what comes later. */
function fullPieces(columns: Columns): readonly Columns[] {
  const count = columns.timestampsMs.length
  return Array.from({ length: Math.ceil(count / samplesPerBlock) }, (_, piece) =>
    cut(columns, piece * samplesPerBlock, Math.min(count, (piece + 1) * samplesPerBlock)),
  )
}

/** Nothing comes behind them: no piece is small. */
function evenPieces(columns: Columns): readonly Columns[] {
  const count = columns.timestampsMs.length
  const pieces = Math.ceil(count / samplesPerBlock)
  return Array.from({ length: pieces }, (_, piece) =>
    cut(columns, Math.floor((piece * count) / pieces), Math.floor(((piece + 1) * count) / pieces)),
  )
}

function blockOf(seriesId: number, columns: Columns): NewBlock {
  const { timestampsMs } = columns
  const n = timestampsMs.length
  const data = encodeBlock(columns.kinds?.some((kind) => kind !== 0) ? columns : { ...columns, kinds: null })
  const times = { t0: timestampsMs[0] as number, t1: timestampsMs[n - 1] as number }
  return { series_id: seriesId, ...times, n, data, ...summaryOf(columns), step_ms: stepOf(timestampsMs) }
}

/** The distance of every two times; null where it is not the same. */
function stepOf(timesMs: Float64Array): number | null {
  const step = (timesMs[1] ?? Number.NaN) - (timesMs[0] as number)
  for (let index = 2; index < timesMs.length; index += 1)
    if ((timesMs[index] as number) - (timesMs[index - 1] as number) !== step) return null
  return Number.isNaN(step) ? null : step
}
