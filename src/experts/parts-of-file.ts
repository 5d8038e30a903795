/** The beginning and the end of a large file: what is read of a log while somebody waits. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import type { Log } from './words.ts'

export type FileParts = {
  readonly logs: readonly Log[]
  readonly readBytes: number
  readonly ofBytes: number
}

const chunkBytes = 256 * 1024

/** Opening a fifo that nobody writes to would wait for ever. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK

/**
 * A file as one log, or, when it is larger than both parts, as two.
 * @throws what opening it throws, LOG_UNREADABLE where it is no file; reading happens when the chunks are asked for.
 */
export async function partsOfFile(
  file: string,
  name: string,
  most: { readonly headBytes: number; readonly tailBytes: number },
): Promise<FileParts> {
  await using handle = await open(file, flags)
  const stats = await handle.stat()
  if (!stats.isFile()) throw new PlimsollError('LOG_UNREADABLE', `${file} is no file`)
  const { size } = stats
  const { headBytes, tailBytes } = most
  if (size <= headBytes + tailBytes) {
    return { logs: [{ name, chunks: chunksOf(file, 0, size) }], readBytes: size, ofBytes: size }
  }
  const skippedBytes = size - headBytes - tailBytes
  return {
    logs: [
      { name, chunks: chunksOf(file, 0, headBytes), skippedAfterBytes: skippedBytes },
      { name, chunks: chunksOf(file, size - tailBytes, size), isNumbered: false },
    ],
    readBytes: headBytes + tailBytes,
    ofBytes: size,
  }
}

/** Each time it is gone through, it is read anew. @throws LOG_UNREADABLE */
const chunksOf = (file: string, from: number, to: number): AsyncIterable<Uint8Array> => ({
  async *[Symbol.asyncIterator]() {
    try {
      yield* readIn(file, from, to)
    } catch (cause) {
      throw new PlimsollError('LOG_UNREADABLE', `${file} cannot be read (${systemCodeOf(cause)})`, { cause })
    }
  },
})

async function* readIn(file: string, from: number, to: number): AsyncIterable<Uint8Array> {
  await using handle = await open(file, flags)
  for (let at = from; at < to; ) {
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, to - at))
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
