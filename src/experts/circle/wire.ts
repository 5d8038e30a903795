/**
 * Between the provider's library and the network: what answers must be a stream of events, nothing of it is read ahead of
 * who reads, and nothing that is no model server can fill memory.
 */
import type { ReadableStreamDefaultController } from 'node:stream/web'
import { PlimsollError } from '../../errors.ts'

/** Of an answer that says what is wrong, in bytes. */
const longestRefusal = 64 * 1024
/** One event; the libraries keep a line until it ends. In bytes. */
const longestLine = 1024 ** 2
/** The pipeline of a library has so many stages, each of which may hold a chunk. */
const stages = 4
/** A parsed chunk weighs so many times what came (measured: 3). */
const weight = 3
const lineFeed = 0x0a

export class Wire {
  readonly #expert: string
  /** At most `stages`. */
  readonly #chunks: number[] = []
  #peakBytes = 0
  #problem: PlimsollError | undefined
  #isStreaming = false

  constructor(expert: string) {
    this.#expert = expert
  }

  /** What was found wrong with the server, which a library may tell in its own words. */
  get problem(): PlimsollError | undefined {
    return this.#problem
  }

  /** Whether an answer has begun. */
  get isStreaming(): boolean {
    return this.#isStreaming
  }

  /** Bytes of the answer that are in memory, on their way to who reads. */
  get heldBytes(): number {
    return this.#chunks.reduce((sum, bytes) => sum + bytes, 0) * weight
  }

  get peakBytes(): number {
    return this.#peakBytes
  }

  /** Redirects are refused: a key must not travel to where nobody sent it. */
  readonly fetch = async (
    input: Parameters<typeof globalThis.fetch>[0],
    init?: RequestInit,
  ): Promise<Response> => {
    const response = await globalThis.fetch(input, { ...init, redirect: 'manual' })
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel()
      throw this.#refuse(`redirects to another address (HTTP ${response.status})`)
    }
    if (!response.ok) return shortened(response)
    const type = response.headers.get('content-type') ?? 'nothing'
    if (/^text\/event-stream\b/i.test(type) && response.body !== null) {
      this.#isStreaming = true
      return new Response(this.#watched(response.body), response)
    }
    await response.body?.cancel()
    throw this.#refuse(`answers ${type.split(';', 1)[0]?.slice(0, 80)} where a stream of events was expected`)
  }

  #watched(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = body.getReader()
    let lineBytes = 0
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      const { value, done } = await reader.read()
      if (done) {
        controller.close()
        return
      }
      const first = value.indexOf(lineFeed)
      lineBytes = first === -1 ? lineBytes + value.length : value.length - value.lastIndexOf(lineFeed) - 1
      if (lineBytes > longestLine) {
        await reader.cancel()
        throw this.#refuse('sends an event of more than 1 MiB')
      }
      this.#note(value.length)
      controller.enqueue(value)
    }
    const cancel = (reason: unknown): Promise<void> => reader.cancel(reason)
    return new ReadableStream({ pull, cancel }, { highWaterMark: 0 })
  }

  #note(bytes: number): void {
    this.#chunks.push(bytes)
    if (this.#chunks.length > stages) this.#chunks.shift()
    this.#peakBytes = Math.max(this.#peakBytes, this.heldBytes)
  }

  #refuse(what: string): PlimsollError {
    this.#problem = new PlimsollError('EXPERT_NOT_A_MODEL', `the server of ${this.#expert} ${what}`)
    return this.#problem
  }
}

async function shortened(response: Response): Promise<Response> {
  const parts: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop closes the connection.
  for await (const part of response.body ?? []) {
    parts.push(part.subarray(0, longestRefusal - bytes))
    bytes += part.length
    if (bytes >= longestRefusal) break
  }
  const { status, statusText, headers } = response
  return new Response(Buffer.concat(parts), { status, statusText, headers })
}
