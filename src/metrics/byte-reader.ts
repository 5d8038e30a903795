import { packedPadding, packedTogether, widest, widestShifted } from './packed.ts'

/** Reads what ByteWriter wrote. Bytes that end too early are told by `isSound`, once, at the end. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Everything was read and nothing more. */
  get isSound(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0
  }

  unsigned(): number {
    const bytes = this.#bytes
    let byte = bytes[this.#at++] ?? 0
    if (byte < 128) return byte
    let value = byte & 127
    let scale = 128
    do {
      byte = bytes[this.#at++] ?? 0
      value += (byte & 127) * scale
      scale *= 128
    } while (byte >= 128)
    return value
  }

  signed(): number {
    const value = this.unsigned()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  time(): number {
    const sign = this.byte() === 1 ? -1 : 1
    return sign * (this.unsigned() + this.unsigned() * 2 ** 32)
  }

  /**
   * As many signed numbers as there is room for, most of one or two bytes. No branch depends on whether one or two: the
   * processor would guess half of them wrong.
   */
  fillSigned(values: Float64Array): void {
    const bytes = this.#bytes
    const last = bytes.length - 1
    let at = this.#at
    for (let index = 0; index < values.length; index += 1) {
      const byte = at < last ? (bytes[at] as number) : 128
      const next = at < last ? (bytes[at + 1] as number) : 128
      if ((byte & next & 128) === 0) {
        const isLong = byte >> 7
        const value = (byte & 127) | ((next << 7) & -isLong)
        values[index] = (value >> 1) ^ -(value & 1)
        at += 1 + isLong
      } else {
        this.#at = at
        values[index] = this.signed()
        at = this.#at
      }
    }
    this.#at = at
  }

  /** As many as there is room for, of what `packed` wrote. @throws RangeError when the bytes end too early */
  fillPacked(values: Float64Array): void {
    for (let start = 0; start < values.length; start += packedTogether)
      this.#unpackSome(values.subarray(start, start + packedTogether))
  }

  skipPad(): void {
    this.#at += packedPadding
  }

  #unpackSome(values: Float64Array): void {
    const width = this.byte()
    const least = this.signed()
    if (width === 0) values.fill(least)
    else if (width <= widestShifted) this.#fillNarrow(values, least, width)
    else if (width <= widest)
      for (let index = 0; index < values.length; index += 1) values[index] = least + this.#wide(width)
    else throw new RangeError(`a number of ${width} bits`)
  }

  #fillNarrow(values: Float64Array, least: number, width: number): void {
    const { buffer, byteOffset, byteLength } = this.#bytes
    const bytes = new DataView(buffer, byteOffset, byteLength)
    const start = this.#at
    const mask = 2 ** width - 1
    let bit = 0
    for (let index = 0; index < values.length; index += 1) {
      values[index] = least + ((bytes.getUint32(start + (bit >> 3), true) >>> (bit & 7)) & mask)
      bit += width
    }
    this.#at = start + ((bit + 7) >> 3)
  }

  #wide(width: number): number {
    let value = 0
    for (let scale = 1; scale < 2 ** width; scale *= 256) value += this.byte() * scale
    return value
  }

  planes(count: number): Float64Array {
    const values = new Float64Array(count)
    const bytes = new Uint8Array(values.buffer)
    for (let plane = 0; plane < 8; plane += 1) {
      for (let index = plane; index < bytes.length; index += 8) bytes[index] = this.byte()
    }
    return values
  }

  bytes(count: number): Uint8Array {
    const values = this.#bytes.slice(this.#at, this.#at + count)
    this.#at += count
    return values
  }
}
