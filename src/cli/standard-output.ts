import { fstatSync, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { PlimsollError, systemCodeOf } from '../errors.ts'

/** Looks after standard output for one call of the command line. */
export type OutputWatch = {
  /** Resolves when all that was printed has arrived or never will. @returns what went wrong; undefined when nothing did. */
  readonly settled: () => Promise<PlimsollError | undefined>
}

/** `tell` is called at once, and once: the work goes on without its output. */
export function watchOutput(tell: (fault: PlimsollError) => Promise<void>): OutputWatch {
  const { stdout, stderr } = process
  let fault: PlimsollError | undefined
  let told: Promise<void> | undefined
  if (fstatSync(1).isFile()) writeWhole(stdout, 1)
  stdout.on('error', (cause: unknown) => {
    if (told !== undefined || wentAway(cause, stdout.isTTY)) return
    fault = unwritable(cause)
    told = tell(fault)
  })
  // Who would be told, and where?
  stderr.on('error', () => undefined)
  return {
    settled: async () => {
      for (const stream of [stdout, stderr]) await new Promise((done) => stream.write('', done))
      await told
      return fault
    },
  }
}

/** A reader that has seen enough (`| head`), or a terminal that was closed. */
const wentAway = (cause: unknown, isTerminal: boolean): boolean =>
  isTerminal || ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'].includes(systemCodeOf(cause) ?? '')

const unwritable = (cause: unknown): PlimsollError =>
  new PlimsollError(
    'STDOUT_UNWRITABLE',
    `standard output could not be written (${systemCodeOf(cause)}): what was printed is not complete`,
    { cause },
  )

/** Node.js writes a text to a file once and does not look how much of it was taken: a disk that fills up went unseen. */
function writeWhole(stream: Writable, descriptor: number): void {
  stream._write = (chunk: Buffer, _encoding, done) => {
    try {
      for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at)
      done()
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
  }
}

type Handle = { readonly setBlocking: (blocking: boolean) => void }

/**
 * Node.js lets writes to a terminal block the whole process: one that was stopped with Ctrl-S would hold the run.
 * The handle is not documented; where it is missing, that stays so.
 */
export function neverBlock(streams: readonly Writable[]): Disposable {
  const handles = streams.flatMap((stream) => {
    const handle: unknown = Reflect.get(stream, '_handle')
    return isHandle(handle) && Reflect.get(stream, 'isTTY') === true ? [handle] : []
  })
  for (const handle of handles) handle.setBlocking(false)
  return {
    [Symbol.dispose]: () => {
      for (const handle of handles) handle.setBlocking(true)
    },
  }
}

const isHandle = (handle: unknown): handle is Handle =>
  typeof handle === 'object' && handle !== null && typeof Reflect.get(handle, 'setBlocking') === 'function'
