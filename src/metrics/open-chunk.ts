/** A chunk that is being filled. */
import type { Clock } from '../clock.ts'
import { ChunkBuffer } from './chunk-codec.ts'
import { bitsOf, kindOf } from './columns.ts'
import { checkTime, checkValue } from './sample.ts'
import type { Entry, SeriesCache } from './series-cache.ts'
import { invalid } from './series-key.ts'
import type { NewSample } from './words.ts'

const noLabels = Object.freeze({})

export class OpenChunk {
  readonly capacity: number
  /** The form of the series that the entries are of. */
  readonly seriesForm: number
  readonly entries: Entry[] = []
  readonly timestampsMs: Float64Array
  /** Indexes of samples that may be there already: no later than others of their series. */
  late: number[] = []
  readonly #values: Float64Array
  readonly #cache: SeriesCache
  #kinds: Uint8Array | null = null

  constructor(capacity: number, cache: SeriesCache) {
    this.capacity = capacity
    this.seriesForm = cache.form
    this.timestampsMs = new Float64Array(capacity)
    this.#values = new Float64Array(capacity)
    this.#cache = cache
  }

  get count(): number {
    return this.entries.length
  }

  get isFull(): boolean {
    return this.entries.length === this.capacity
  }

  /** @throws METRIC_INVALID; then the chunk is as before. */
  add(sample: NewSample, clock: Clock): void {
    if (typeof sample !== 'object' || sample === null) throw invalid(`a sample is no ${typeof sample}`)
    const { name, labels = noLabels, timestampMs, value } = sample
    const entry = this.#cache.entryOf(name, labels)
    const atMs = timestampMs ?? clock.now()
    checkTime(name, atMs)
    checkValue(name, value)
    const index = this.entries.push(entry) - 1
    // -0 is no other time than 0.
    this.timestampsMs[index] = atMs + 0
    if (typeof value === 'number') this.#values[index] = value
    else this.#addCounter(index, value)
    if (atMs > entry.latestMs) entry.latestMs = atMs
    else this.late.push(index)
  }

  #addCounter(index: number, value: bigint): void {
    this.#kinds ??= new Uint8Array(this.capacity)
    this.#kinds[index] = kindOf(value)
    bitsOf(this.#values)[index] = BigInt.asUintN(64, value)
  }

  /** Nothing is known of its series any more, nor of what is stored. */
  forget(): void {
    for (const entry of this.entries) {
      entry.isKnown = false
      entry.latestMs = Number.POSITIVE_INFINITY
    }
    this.late = [...this.entries.keys()]
  }

  /** Each time anew: an id may have changed. */
  encode(): Uint8Array {
    const chunk = new ChunkBuffer(this.count)
    for (const [index, { id }] of this.entries.entries()) chunk.seriesIds[index] = id
    chunk.timestampsMs.set(this.timestampsMs.subarray(0, this.count))
    chunk.values.set(this.#values.subarray(0, this.count))
    chunk.kinds = this.#kinds?.subarray(0, this.count) ?? null
    return chunk.encode()
  }
}
