/** Parts of a large file: its beginning and its end are what is read of a log while somebody waits. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import type { Log } from './words.ts'

/** Bytes of a file, `to` not included. */
export type Range = { readonly from: number; readonly to: number }

export type FileParts = {
  readonly logs: readonly Log[]
  /** In order, apart from each other. */
  readonly ranges: readonly Range[]
  readonly readBytes: number
  readonly ofBytes: number
}

const chunkBytes = 256 * 1024

/** Opening a fifo that nobody writes to would wait for ever. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK

/**
 * A file, each range of it as one log.
 * @throws what opening it throws, LOG_UNREADABLE where it is no file; reading happens when the chunks are asked for.
 */
export async function partsOfFile(
  file: string,
  name: string,
  rangesOf: (size: number) => readonly Range[],
): Promise<FileParts> {
  await using handle = await open(file, flags)
  const stats = await handle.stat()
  if (!stats.isFile()) throw new PlimsollError('LOG_UNREADABLE', `${file} is no file`)
  const { size } = stats
  const ranges = rangesOf(size)
  return {
    logs: ranges.map(({ from, to }, at) => ({
      name,
      chunks: chunksOf(file, from, to),
      ...(from > 0 && { isNumbered: false }),
      skippedAfterBytes: (ranges[at + 1]?.from ?? size) - to,
    })),
    ranges,
    readBytes: ranges.reduce((sum, { from, to }) => sum + to - from, 0),
    ofBytes: size,
  }
}

/** So much of the beginning and of the end, or all of it. */
export const endsWithin =
  (headBytes: number, tailBytes: number) =>
  (size: number): readonly Range[] =>
    joined(size, [
      { from: 0, to: headBytes },
      { from: size - tailBytes, to: size },
    ])

/** What stands as far from the beginning as what was read of another file, or as far from the end. */
export const alike =
  ({ ranges, ofBytes }: Pick<FileParts, 'ranges' | 'ofBytes'>) =>
  (size: number): readonly Range[] => {
    const further = size - ofBytes
    return joined(size, [
      ...ranges,
      ...ranges.map(({ from, to }) => ({ from: from + further, to: to + further })),
    ])
  }

/** In order, cut to the file; those that touch are one. */
function joined(size: number, ranges: readonly Range[]): readonly Range[] {
  const all: Range[] = []
  const cut = ranges.map(({ from, to }) => ({ from: Math.max(0, from), to: Math.min(size, to) }))
  for (const { from, to } of cut.toSorted((left, right) => left.from - right.from)) {
    const last = all.at(-1)
    if (to <= from) continue
    if (last === undefined || from > last.to) all.push({ from, to })
    else all[all.length - 1] = { from: last.from, to: Math.max(last.to, to) }
  }
  return all
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
