/** In bytes, of each of two buffers: one is filled while the other is read. Larger texts live long enough to fill the reader's heap. */
const bufferBytes = 16 * 1024

type Send = (bytes: Uint8Array<ArrayBuffer>) => void

/**
 * From one that writes to one that reads in another thread: what comes while the reader is away is sent in one piece, and
 * who writes waits when that is full. The same two buffers go back and forth, so that the length of the text costs nothing.
 */
export class Outbox {
  readonly #send: Send
  #filling = new Uint8Array(bufferBytes)
  #filledBytes = 0
  /** Null while the reader has it. */
  #spare: Uint8Array<ArrayBuffer> | null = new Uint8Array(bufferBytes)
  #wake: (() => void) | undefined

  constructor(send: Send) {
    this.#send = send
  }

  /** Resolves when all of it is sent or in the buffer. @throws the reason of the signal */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + bufferBytes - this.#filledBytes)
      this.#filling.set(part, this.#filledBytes)
      this.#filledBytes += part.length
      at += part.length
      this.#sendOn(wholeCharacters(this.#filling, this.#filledBytes))
      if (this.#filledBytes === bufferBytes) await this.#returned(signal)
    }
  }

  /** Resolves when all of it is sent. @throws the reason of the signal */
  async end(signal: AbortSignal): Promise<void> {
    if (this.#spare === null && this.#filledBytes > 0) await this.#returned(signal)
    this.#sendOn(this.#filledBytes)
  }

  /** The reader has read it, and gives it back. */
  take(buffer: ArrayBuffer): void {
    this.#spare = new Uint8Array(buffer)
    this.#sendOn(wholeCharacters(this.#filling, this.#filledBytes))
    this.#wake?.()
  }

  #sendOn(bytes: number): void {
    const next = this.#spare
    if (next === null || bytes === 0) return
    const full = this.#filling
    next.set(full.subarray(bytes, this.#filledBytes))
    this.#filledBytes -= bytes
    this.#filling = next
    this.#spare = null
    this.#send(full.subarray(0, bytes))
  }

  async #returned(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const stop = (): void => reject(signal.reason)
    signal.throwIfAborted()
    signal.addEventListener('abort', stop, { once: true })
    this.#wake = resolve
    try {
      await promise
    } finally {
      this.#wake = undefined
      signal.removeEventListener('abort', stop)
    }
  }
}

/** How many of the bytes are no beginning of a character that is cut. */
function wholeCharacters(bytes: Uint8Array, length: number): number {
  for (let back = 1; back <= Math.min(3, length); back += 1) {
    const byte = bytes[length - back] as number
    if (byte < 0x80) return length
    if (byte < 0xc0) continue
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    return needed > back ? length - back : length
  }
  return length
}
