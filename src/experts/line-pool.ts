/**
 * Lines that are kept until a log is read, as bytes outside of V8's heap. As strings they would survive the scavenges
 * of the young generation, which V8 then enlarges up to 128 MB.
 */
const slotsOfABlock = 64

export class LinePool {
  readonly #slotBytes: number
  readonly #blocks: Buffer[] = []
  readonly #lengths: number[] = []
  readonly #users: number[] = []
  readonly #free: number[] = []

  /** @param slotBytes of a line at most so much is kept. */
  constructor(slotBytes: number) {
    this.#slotBytes = slotBytes
  }

  /** Copies a line. @returns its slot, with one user. */
  hold(line: Uint8Array): number {
    if (this.#free.length === 0) this.#grow()
    const slot = this.#free.pop() as number
    const length = Math.min(line.length, this.#slotBytes)
    const block = this.#blocks[Math.floor(slot / slotsOfABlock)] as Buffer
    const start = (slot % slotsOfABlock) * this.#slotBytes
    for (let at = 0; at < length; at += 1) block[start + at] = line[at] as number
    this.#lengths[slot] = length
    this.#users[slot] = 1
    return slot
  }

  share(slot: number): void {
    this.#users[slot] = (this.#users[slot] as number) + 1
  }

  release(slot: number): void {
    const users = (this.#users[slot] as number) - 1
    this.#users[slot] = users
    if (users === 0) this.#free.push(slot)
  }

  bytes(slot: number): Uint8Array {
    const start = (slot % slotsOfABlock) * this.#slotBytes
    const block = this.#blocks[Math.floor(slot / slotsOfABlock)] as Buffer
    return block.subarray(start, start + (this.#lengths[slot] as number))
  }

  /** How many bytes those lines have that are longer than this. */
  bytesOfLines(longerThan: number): number {
    return this.#lengths.reduce(
      (sum, length, slot) => sum + (length > longerThan && this.#users[slot] !== 0 ? length : 0),
      0,
    )
  }

  /** Nobody uses any slot any more. */
  clear(): void {
    this.#free.length = 0
    for (let slot = this.#users.length - 1; slot >= 0; slot -= 1) {
      this.#users[slot] = 0
      this.#free.push(slot)
    }
  }

  #grow(): void {
    const first = this.#users.length
    this.#blocks.push(Buffer.allocUnsafeSlow(slotsOfABlock * this.#slotBytes))
    for (let slot = first + slotsOfABlock - 1; slot >= first; slot -= 1) {
      this.#users[slot] = 0
      this.#lengths[slot] = 0
      this.#free.push(slot)
    }
  }
}
