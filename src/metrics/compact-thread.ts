/** The thread that sorts and packs, so that the event loop does not: it has no database and keeps one slice. */
import { parentPort } from 'node:worker_threads'
import { letGo } from '../buffers.ts'
import { decodeChunk } from './chunk-codec.ts'
import { within } from './columns.ts'
import type { CompactAnswer, CompactRequest, FreshRange } from './compact-words.ts'
import { columnsBySeries, type HeadColumns } from './head.ts'
import { type Rewritten, rewrite } from './rewrite.ts'
import type { VisibleBlock } from './statements.ts'

/** Bounded by who sends them: a slice. */
let taken: Uint8Array[] = []
let slice: HeadColumns = new Map()

async function answerTo(request: CompactRequest): Promise<CompactAnswer> {
  if (request.type === 'rewrite') return { type: 'rewritten', ...rewriteAll(request.ranges, request.blocks) }
  if (request.type === 'take') {
    taken = request.isFirst ? [...request.chunks] : [...taken, ...request.chunks]
    return { type: 'taken' }
  }
  for (const { timestampsMs, values } of slice.values()) letGo(timestampsMs, values)
  slice = await columnsBySeries(taken.map(decodeChunk))
  letGo(...taken)
  taken = []
  return { type: 'ranges', ranges: rangesOf(slice) }
}

function rangesOf(slice: HeadColumns): Float64Array {
  const ids = Float64Array.from(slice.keys()).sort()
  const ranges = new Float64Array(ids.length * 3)
  for (const [index, id] of ids.entries()) {
    const times = slice.get(id)?.timestampsMs ?? new Float64Array()
    ranges.set([id, times[0] as number, times.at(-1) as number], index * 3)
  }
  return ranges
}

function rewriteAll(ranges: readonly FreshRange[], blocks: readonly VisibleBlock[]): Rewritten {
  const bySeries = Map.groupBy(blocks, (block) => block.series_id)
  const all = ranges.map(({ seriesId, firstMs, lastMs }): Rewritten => {
    const fresh = slice.get(seriesId)
    if (fresh === undefined) throw new Error(`series ${seriesId} is not in the slice`)
    return rewrite(seriesId, bySeries.get(seriesId) ?? [], within(fresh, firstMs, lastMs + 1))
  })
  letGo(...blocks.map(({ data }) => data))
  return {
    deleted: all.flatMap(({ deleted }) =>
      deleted.map(({ series_id, t0, t1, n }) => ({ series_id, t0, t1, n })),
    ),
    added: all.flatMap(({ added }) => added),
  }
}

const port = parentPort
port?.on('message', async (request: CompactRequest) => {
  const answer = await answerTo(request).catch(
    (error: unknown): CompactAnswer => ({
      type: 'failed',
      message: error instanceof Error ? error.message : String(error),
    }),
  )
  port.postMessage(
    answer,
    answer.type === 'rewritten' ? answer.added.map(({ data }) => data.buffer as ArrayBuffer) : [],
  )
})
