/** What lies in chunks and not yet in blocks, as columns for each series. Bounded by the compaction. */
import type { Store } from '../store/store.ts'
import { type Chunk, decodeChunk } from './chunk-codec.ts'
import { columnsOf, cut } from './columns.ts'
import { inOrder } from './merge.ts'
import {
  type ChunkMark,
  type ChunkRow,
  chunksAtOnce,
  type EndsRow,
  markBytes,
  readChunkEnds,
  readChunks,
} from './statements.ts'
import { nextTurn } from './turn.ts'
import type { Columns } from './words.ts'

type Kept = { readonly seq: number; readonly chunk: Chunk }

/** Some milliseconds of work. */
const samplesPerTurn = 32_768

/** By id of the series: ascending, no time twice, the last written wins. */
export type HeadColumns = ReadonlyMap<number, Columns>

export class Head {
  readonly #store: Store
  #kept: Kept[] = []
  /** Of the last that is kept. */
  #mark: ChunkMark | null = null
  #columns: HeadColumns = new Map()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(store: Store) {
    this.#store = store
  }

  /** Everything that was committed before the call and was not in blocks by then. */
  read(): Promise<HeadColumns> {
    const result = this.#turn.then(() => this.#refresh())
    this.#turn = result.catch(() => undefined)
    return result
  }

  async #refresh(): Promise<HeadColumns> {
    const [ends] = await this.#store.read<EndsRow>(readChunkEnds, [this.#kept.at(-1)?.seq ?? 0])
    const firstSeq = ends?.first_seq ?? Number.POSITIVE_INFINITY
    if (this.#hasForgotten(firstSeq, ends)) {
      this.#kept = []
      this.#columns = new Map()
    }
    const still = this.#kept.filter(({ seq }) => seq >= firstSeq)
    const added = await this.#readAfter(this.#kept.at(-1)?.seq ?? 0)
    const isSame = still.length === this.#kept.length && added.length === 0
    this.#kept = [...still, ...added]
    if (!isSame) this.#columns = await columnsBySeries(this.#kept.map(({ chunk }) => chunk))
    return this.#columns
  }

  /**
   * A server that crashed may have forgotten that chunks were put into blocks, or the newest chunks themselves, whose
   * numbers are given to others then. Commits are forgotten from the end: while the last one is there, all before it are.
   */
  #hasForgotten(firstSeq: number, ends: EndsRow | undefined): boolean {
    const [first] = this.#kept
    const last = this.#kept.at(-1)
    if (first === undefined || last === undefined) return false
    if (firstSeq < first.seq) return true
    return firstSeq <= last.seq && !isSameMark(ends, this.#mark)
  }

  async #readAfter(seq: number): Promise<Kept[]> {
    const found: Kept[] = []
    while (true) {
      const rows = await this.#store.read<ChunkRow>(readChunks, [found.at(-1)?.seq ?? seq])
      for (const row of rows) found.push({ seq: row.seq, chunk: decodeChunk(row.data) })
      const last = rows.at(-1)
      if (last !== undefined) this.#mark = markOf(last.data)
      if (rows.length < chunksAtOnce) return found
      await nextTurn()
    }
  }
}

/** Copies: a slice of what the driver of PostgreSQL gives would keep the whole chunk. */
const markOf = (data: Uint8Array): ChunkMark => ({
  size: data.length,
  head: new Uint8Array(data.subarray(0, markBytes)),
  tail: new Uint8Array(data.subarray(-markBytes)),
})

function isSameMark(found: EndsRow | undefined, mark: ChunkMark | null): boolean {
  if (mark === null || found === undefined || found.size !== mark.size) return false
  return Buffer.compare(found.head, mark.head) === 0 && Buffer.compare(found.tail, mark.tail) === 0
}

/** Counts first, so that each series has its part of the same columns. */
export async function columnsBySeries(chunks: readonly Chunk[]): Promise<HeadColumns> {
  const counts = new Map<number, number>()
  let total = 0
  const hasKinds = chunks.some(({ kinds }) => kinds !== null)
  await inTurns(chunks, ({ seriesIds }) => {
    for (const id of seriesIds) counts.set(id, (counts.get(id) ?? 0) + 1)
    total += seriesIds.length
  })
  const all = columnsOf(total, hasKinds)
  const filled = new Map<number, { readonly columns: Columns; count: number }>()
  let start = 0
  for (const [id, count] of counts) {
    filled.set(id, { columns: cut(all, start, start + count), count: 0 })
    start += count
  }
  await inTurns(chunks, (chunk) => {
    for (const [index, id] of chunk.seriesIds.entries()) {
      const series = filled.get(id)
      if (series !== undefined) put(chunk, index, series.columns, series.count++)
    }
  })
  const result = new Map<number, Columns>()
  for (const [id, { columns }] of filled) result.set(id, inOrder(columns))
  return result
}

function put(chunk: Chunk, index: number, columns: Columns, at: number): void {
  columns.timestampsMs[at] = chunk.timestampsMs[index] as number
  columns.values[at] = chunk.values[index] as number
  if (columns.kinds !== null) columns.kinds[at] = chunk.kinds?.[index] ?? 0
}

async function inTurns(chunks: readonly Chunk[], work: (chunk: Chunk) => void): Promise<void> {
  let samples = 0
  for (const chunk of chunks) {
    work(chunk)
    samples += chunk.seriesIds.length
    if (samples < samplesPerTurn) continue
    samples = 0
    await nextTurn()
  }
}
