/** A chunk: samples as they came, of any series, in columns of eight bytes. Fast to make; blocks are small. */
import { PlimsollError } from '../errors.ts'
import type { Columns } from './words.ts'

export type Chunk = Columns & { readonly seriesIds: Float64Array }

/** A number that says: this form, in this order of bytes. */
const form = 0x504c_0001
/** Form, count, has kinds, nothing. */
const headerBytes = 16

export class ChunkBuffer implements Chunk {
  readonly seriesIds: Float64Array
  readonly timestampsMs: Float64Array
  readonly values: Float64Array
  kinds: Uint8Array | null = null
  readonly #bytes: Uint8Array
  readonly #count: number

  constructor(count: number) {
    const buffer = new ArrayBuffer(headerBytes + count * 24)
    this.#count = count
    this.#bytes = new Uint8Array(buffer)
    this.seriesIds = new Float64Array(buffer, headerBytes, count)
    this.timestampsMs = new Float64Array(buffer, headerBytes + count * 8, count)
    this.values = new Float64Array(buffer, headerBytes + count * 16, count)
  }

  encode(): Uint8Array {
    new Uint32Array(this.#bytes.buffer, 0, 3).set([form, this.#count, this.kinds === null ? 0 : 1])
    if (this.kinds === null) return this.#bytes
    const whole = new Uint8Array(this.#bytes.length + this.#count)
    whole.set(this.#bytes)
    whole.set(this.kinds, this.#bytes.length)
    return whole
  }
}

/** @throws METRIC_DATA_CORRUPT */
export function decodeChunk(data: Uint8Array): Chunk {
  const bytes = data.byteOffset % 8 === 0 ? data : data.slice()
  const { buffer, byteOffset: start, length } = bytes
  const [found, count = 0, hasKinds] = length < headerBytes ? [] : new Uint32Array(buffer, start, 3)
  const columnsEnd = headerBytes + count * 24
  if (found !== form || length !== columnsEnd + (hasKinds === 1 ? count : 0))
    throw new PlimsollError('METRIC_DATA_CORRUPT', `a chunk of metrics of ${length} bytes cannot be read`)
  const column = (index: number): Float64Array =>
    new Float64Array(buffer, start + headerBytes + index * count * 8, count)
  return {
    seriesIds: column(0),
    timestampsMs: column(1),
    values: column(2),
    kinds: hasKinds === 1 ? bytes.subarray(columnsEnd) : null,
  }
}
