/**
 * Writing for readers that may be slow, or never read, or go away. Either the writer waits for them
 * (`writeSteadily`), or they miss what they do not take in time (`LossyWriter`). A vanished reader ends both, quietly.
 */
import type { Writable } from 'node:stream'

/**
 * Resolves when the stream takes more, so that whoever awaits it keeps at most one text in memory. A stream whose
 * reader went away (`| head`) swallows the rest: what is being reported goes on.
 */
export async function writeSteadily(stream: Writable, text: string | Uint8Array): Promise<void> {
  if (isClosed(stream) || stream.write(text)) return
  await drained(stream)
}

export const isClosed = (stream: Writable): boolean =>
  stream.destroyed || stream.writableEnded || stream.errored !== null

/** Bytes that may wait for a reader: some 10,000 lines. */
const mostWaitingBytes = 2 ** 20

/** Nothing ever waits for this writer: lines that find no room are left out, counted, and told when there is room again. */
export class LossyWriter {
  readonly #stream: Writable
  #linesLeftOut = 0

  constructor(stream: Writable) {
    this.#stream = stream
  }

  get hasRoom(): boolean {
    return this.#stream.writableLength < mostWaitingBytes
  }

  writeLine(line: string): void {
    if (this.hasRoom) this.write(line)
    else this.leaveOut(1)
  }

  /** Also without room: for what must be there when the reader reads at last. Seldom used, so that little waits. */
  write(text: string): void {
    if (!isClosed(this.#stream)) this.#stream.write(this.noteOfLeftOut() + text)
  }

  leaveOut(lines: number): void {
    this.#linesLeftOut += lines
  }

  /** A line about what was left out, once; else the empty text. */
  noteOfLeftOut(): string {
    const count = this.#linesLeftOut
    this.#linesLeftOut = 0
    return count === 0
      ? ''
      : `(${count} ${count === 1 ? 'line' : 'lines'} left out: nobody read them in time)\n`
  }
}

/** One wait for each stream, however many writers share it. */
const waits = new WeakMap<Writable, Promise<void>>()

function drained(stream: Writable): Promise<void> {
  const waiting = waits.get(stream)
  if (waiting !== undefined) return waiting
  const { promise, resolve } = Promise.withResolvers<void>()
  const events = ['drain', 'close', 'error'] as const
  const done = (): void => {
    for (const event of events) stream.off(event, done)
    waits.delete(stream)
    resolve()
  }
  for (const event of events) stream.on(event, done)
  waits.set(stream, promise)
  return promise
}
