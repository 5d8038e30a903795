/** The beginning and the end of a large file: what is read of a log while somebody waits. */
import { open } from 'node:fs/promises'
import type { Log } from './words.ts'

export type FileParts = {
  readonly logs: readonly Log[]
  readonly readBytes: number
  readonly ofBytes: number
}

const chunkBytes = 256 * 1024

/**
 * A file as one log, or, when it is larger than both parts, as two. A file that is not there has none.
 * @throws what opening it throws otherwise; reading happens when the chunks are asked for.
 */
export async function partsOfFile(
  file: string,
  name: string,
  most: { readonly headBytes: number; readonly tailBytes: number },
): Promise<FileParts> {
  await using handle = await open(file, 'r')
  const { size } = await handle.stat()
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

async function* chunksOf(file: string, from: number, to: number): AsyncIterable<Uint8Array> {
  await using handle = await open(file, 'r')
  for (let at = from; at < to; ) {
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, to - at))
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
