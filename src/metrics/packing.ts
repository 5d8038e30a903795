/** Sorts and packs a slice, in whatever thread. */
import { letGo } from '../buffers.ts'
import { decodeChunk } from './chunk-codec.ts'
import { within } from './columns.ts'
import type { CompactAnswer, CompactRequest, FreshRange, Packer } from './compact-words.ts'
import { columnsBySeries, type HeadColumns } from './head.ts'
import { type Rewritten, rewrite } from './rewrite.ts'
import type { VisibleBlock } from './statements.ts'

export class Packing {
  /** Bounded by who gives them: a slice. */
  #taken: Uint8Array[] = []
  #slice: HeadColumns = new Map()

  readonly ask = ((request: CompactRequest) => this.#answerTo(request)) as Packer['ask']

  async #answerTo(request: CompactRequest): Promise<CompactAnswer> {
    if (request.type === 'rewrite')
      return { type: 'rewritten', ...rewriteAll(this.#slice, request.ranges, request.blocks) }
    if (request.type === 'take') {
      this.#taken = request.isFirst ? [...request.chunks] : [...this.#taken, ...request.chunks]
      return { type: 'taken' }
    }
    for (const { timestampsMs, values } of this.#slice.values()) letGo(timestampsMs, values)
    this.#slice = await columnsBySeries(this.#taken.map(decodeChunk))
    letGo(...this.#taken)
    this.#taken = []
    return { type: 'ranges', ranges: rangesOf(this.#slice) }
  }
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

function rewriteAll(
  slice: HeadColumns,
  ranges: readonly FreshRange[],
  blocks: readonly VisibleBlock[],
): Rewritten {
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
