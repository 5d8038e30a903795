/** A chunk that is being filled; when it is recorded, the next one is filled in the same memory. */
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
  count = 0
  /** Indexes of samples that may be there already: no later than others of their series. */
  late: number[] = []
  readonly #buffer: ChunkBuffer
  readonly #cache: SeriesCache
  /** Behind `count` those of the chunk before. */
  readonly #entries: Entry[] = []
  #seriesForm: number
  #kinds: Uint8Array | null = null

  constructor(capacity: number, cache: SeriesCache) {
    this.capacity = capacity
    this.#buffer = new ChunkBuffer(capacity)
    this.#cache = cache
    this.#seriesForm = cache.form
  }

  /** Empties it. What was encoded is overwritten. */
  begin(): void {
    this.count = 0
    this.late = []
    this.#kinds = null
    this.#seriesForm = this.#cache.form
  }

  /** The form of the series that the entries are of. */
  get seriesForm(): number {
    return this.#seriesForm
  }

  get isFull(): boolean {
    return this.count === this.capacity
  }

  get entries(): readonly Entry[] {
    return this.#entries.slice(0, this.count)
  }

  get timestampsMs(): Float64Array {
    return this.#buffer.timestampsMs.subarray(0, this.count)
  }

  /** @throws METRIC_INVALID; then the chunk is as before. */
  add(sample: NewSample, clock: Clock): void {
    if (typeof sample !== 'object' || sample === null) throw invalid(`a sample is no ${typeof sample}`)
    const { name, labels = noLabels, timestampMs, value } = sample
    const entry = this.#cache.entryOf(name, labels)
    const atMs = timestampMs ?? clock.now()
    checkTime(name, atMs)
    checkValue(name, value)
    const index = this.count
    // -0 is no other time than 0.
    this.#buffer.timestampsMs[index] = atMs + 0
    if (typeof value === 'number') this.#buffer.values[index] = value
    else this.#addCounter(index, value)
    this.#entries[index] = entry
    this.count = index + 1
    if (atMs > entry.latestMs) entry.latestMs = atMs
    else this.late.push(index)
  }

  #addCounter(index: number, value: bigint): void {
    this.#kinds ??= new Uint8Array(this.capacity)
    this.#kinds[index] = kindOf(value)
    bitsOf(this.#buffer.values)[index] = BigInt.asUintN(64, value)
  }

  /** Nothing is known of its series any more, nor of what is stored. */
  forget(): void {
    for (const entry of this.entries) {
      entry.isKnown = false
      entry.latestMs = Number.POSITIVE_INFINITY
    }
    this.late = Array.from({ length: this.count }, (_, index) => index)
  }

  /** In the memory of the chunk when it is full. Each time anew: an id may have changed. */
  encode(): Uint8Array {
    const chunk = this.isFull ? this.#buffer : this.#cut()
    for (let index = 0; index < this.count; index += 1)
      chunk.seriesIds[index] = (this.#entries[index] as Entry).id
    chunk.kinds = this.#kinds?.subarray(0, this.count) ?? null
    return chunk.encode()
  }

  #cut(): ChunkBuffer {
    const chunk = new ChunkBuffer(this.count)
    chunk.timestampsMs.set(this.timestampsMs)
    chunk.values.set(this.#buffer.values.subarray(0, this.count))
    return chunk
  }
}
