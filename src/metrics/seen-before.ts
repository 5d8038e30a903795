/** Which samples of a chunk are there already: asked only for those that are no later than others of their series. */
import type { Store } from '../store/store.ts'
import { decodeBlock } from './block-codec.ts'
import { blocksOf, samplesOf } from './blocks.ts'
import { firstFrom } from './columns.ts'
import type { HeadColumns } from './head.ts'
import type { OpenChunk } from './open-chunk.ts'
import type { Entry } from './series-cache.ts'
import { pagesOf, type VisibleBlock } from './statements.ts'

/** Times of so many blocks are kept for the next chunk: 16 MB. */
const mostBlocks = 2_000

export class SeenBefore {
  readonly #store: Store
  /** By series, last time and number of samples, which no other form of the block has in common with it. */
  readonly #times = new Map<string, Float64Array>()

  constructor(store: Store) {
    this.#store = store
  }

  /** How many samples of the chunk overwrite one that is older, in the database or in the chunk itself. */
  async count(chunk: OpenChunk, head: HeadColumns): Promise<number> {
    const late = stillLate(chunk)
    if (late.size === 0) return 0
    const stored = await this.#stored(rangesOf(chunk, late), head)
    const seen = new Map<Entry, Set<number>>()
    let duplicates = 0
    for (const [index, entry] of chunk.entries.entries()) {
      const isStored = stored.get(entry)
      if (isStored === undefined) continue
      const atMs = chunk.timestampsMs[index] as number
      const before = seen.get(entry) ?? new Set()
      seen.set(entry, before)
      if (before.has(atMs) || (late.has(index) && isStored(atMs))) duplicates += 1
      before.add(atMs)
    }
    return duplicates
  }

  async #stored(
    ranges: ReadonlyMap<Entry, Range>,
    head: HeadColumns,
  ): Promise<ReadonlyMap<Entry, (atMs: number) => boolean>> {
    const times = new Map<number, Float64Array[]>()
    for (const page of pagesOf([...ranges.keys()].sort((one, other) => one.id - other.id))) {
      const all = page.map((entry) => ranges.get(entry) as Range)
      const range = {
        seriesIds: page.map(({ id }) => id),
        fromMs: Math.min(...all.map(({ fromMs }) => fromMs)),
        toMs: Math.max(...all.map(({ lastMs }) => lastMs)) + 1,
      }
      for await (const block of blocksOf(this.#store, range))
        times.set(block.series_id, [...(times.get(block.series_id) ?? []), this.#timesOf(block)])
    }
    return new Map(
      [...ranges.keys()].map((entry) => {
        const columns = [
          head.get(entry.id)?.timestampsMs ?? new Float64Array(),
          ...(times.get(entry.id) ?? []),
        ]
        return [entry, (atMs) => columns.some((column) => column[firstFrom(column, atMs)] === atMs)]
      }),
    )
  }

  #timesOf(block: VisibleBlock): Float64Array {
    // Others may have the same times of begin and end.
    if (block.n === null) return samplesOf(block).timestampsMs
    const key = `${block.series_id} ${block.t1} ${block.t0} ${block.n}`
    const times = this.#times.get(key) ?? decodeBlock(block.data).timestampsMs
    this.#times.delete(key)
    this.#times.set(key, times)
    const oldest = this.#times.size > mostBlocks ? this.#times.keys().next().value : undefined
    if (oldest !== undefined) this.#times.delete(oldest)
    return times.subarray(firstFrom(times, block.t0))
  }
}

/** Where nobody had looked for the latest time of a series when the chunk was filled, that is known now. */
function stillLate(chunk: OpenChunk): ReadonlySet<number> {
  const late = new Set<number>()
  for (const index of chunk.late) {
    const entry = chunk.entries[index] as Entry
    const atMs = chunk.timestampsMs[index] as number
    if (atMs > entry.latestMs) entry.latestMs = atMs
    else late.add(index)
  }
  return late
}

type Range = { readonly fromMs: number; readonly lastMs: number }

function rangesOf(chunk: OpenChunk, late: ReadonlySet<number>): ReadonlyMap<Entry, Range> {
  const ranges = new Map<Entry, Range>()
  for (const index of late) {
    const entry = chunk.entries[index] as Entry
    const atMs = chunk.timestampsMs[index] as number
    const { fromMs = atMs, lastMs = atMs } = ranges.get(entry) ?? {}
    ranges.set(entry, { fromMs: Math.min(fromMs, atMs), lastMs: Math.max(lastMs, atMs) })
  }
  return ranges
}
