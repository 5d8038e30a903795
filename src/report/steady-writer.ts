/** Writing that a slow reader slows and a vanished reader ends, quietly. */
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
