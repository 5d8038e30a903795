/** Bytes that grow as they are written: whole numbers of any size below 2^53 in as few bytes as they need. */
export class ByteWriter {
  #bytes = new Uint8Array(16_384)
  #length = 0

  /** What was written, as a copy; the writer begins anew and keeps its room. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length)
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
