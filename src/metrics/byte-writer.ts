import { packedPadding, packedTogether, widestShifted, widthOf } from './packed.ts'

/** Bytes that grow as they are written: whole numbers of any size below 2^53 in as few bytes as they need. */
export class ByteWriter {
  #bytes = new Uint8Array(16_384)
  #length = 0

  /** What was written, until something is written again: the writer begins anew in the same memory. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#length = 0
    return taken
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** Of 0 to 2^53-1: seven bits a byte, the lowest first. */
  unsigned(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest >= 0x8000_0000) {
      this.#bytes[this.#length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.#bytes[this.#length++] = rest
  }

  /** Of up to 2^52 on either side of 0: small ones of both signs are short. */
  signed(value: number): void {
    this.unsigned(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  /** Whole milliseconds of any sign. */
  time(timeMs: number): void {
    this.byte(timeMs < 0 ? 1 : 0)
    this.unsigned(Math.abs(timeMs) % 2 ** 32)
    this.unsigned(Math.floor(Math.abs(timeMs) / 2 ** 32))
  }

  /**
   * The same numbers, some at a time, as what each is more than the least of them, in as few bits as all of these need. Up to 3
   * bytes behind them are read with the last: `pad` sees to them.
   */
  packed(values: Float64Array): void {
    for (let start = 0; start < values.length; start += packedTogether)
      this.#packSome(values.subarray(start, start + packedTogether))
  }

  pad(): void {
    for (let count = 0; count < packedPadding; count += 1) this.byte(0)
  }

  #packSome(values: Float64Array): void {
    let least = values[0] as number
    let most = least
    for (const value of values) {
      if (value < least) least = value
      if (value > most) most = value
    }
    const width = widthOf(most - least)
    this.byte(width)
    this.signed(least)
    if (width > widestShifted) for (const value of values) this.#wide(value - least, width)
    else if (width > 0) this.#narrow(values, least, width)
  }

  #narrow(values: Float64Array, least: number, width: number): void {
    let open = 0
    let bits = 0
    for (const value of values) {
      open |= (value - least) << bits
      for (bits += width; bits >= 8; bits -= 8) {
        this.byte(open & 255)
        open >>>= 8
      }
    }
    if (bits > 0) this.byte(open)
  }

  #wide(value: number, width: number): void {
    let rest = value
    for (let bits = 0; bits < width; bits += 8) {
      this.byte(rest % 256)
      rest = Math.floor(rest / 256)
    }
  }

  /** The first bytes of all numbers, then the second of all, and so on: what is alike lies side by side. */
  planes(values: Float64Array | BigUint64Array): void {
    const { length } = values
    this.#reserve(length * 8)
    const bytes = new Uint8Array(values.buffer, values.byteOffset, length * 8)
    for (let plane = 0; plane < 8; plane += 1) {
      for (let index = plane; index < bytes.length; index += 8)
        this.#bytes[this.#length++] = bytes[index] as number
    }
  }

  bytes(values: Uint8Array): void {
    this.#reserve(values.length)
    this.#bytes.set(values, this.#length)
    this.#length += values.length
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}
