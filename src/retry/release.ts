import { isOf, its, look } from './answers.ts'
import type { AttemptEnd } from './words.ts'

/**
 * Lets go of what a failed attempt holds outside the heap: a body that nobody will read is cancelled, so that its
 * connection is free again (undici keeps it otherwise), and a stream is destroyed. Looks at the value or the error,
 * its `response`, and the `body` of both. `retry` does it between two attempts; never throws.
 */
export function cleanupRetryState(end: AttemptEnd): void {
  const left = 'error' in end ? end.error : end.value
  const response = look(left, its.response)
  release(left)
  release(look(left, its.body))
  if (response === undefined) return
  release(response)
  release(look(response, its.body))
}

function release(one: unknown): void {
  if (typeof one !== 'object' || one === null) return
  try {
    if (isWebStream(one)) {
      if (!one.locked) one.cancel().catch(() => undefined)
    } else if (isNodeStream(one)) {
      // Without a listener its last error would end the process.
      one.on('error', () => undefined)
      one.destroy()
    }
  } catch {
    // It was let go already, or is no stream after all.
  }
}

const isWebStream = (one: unknown): one is ReadableStream =>
  look(one, its.getReader) !== undefined && isOf(one, ReadableStream)

type NodeStream = { on(event: 'error', listener: () => void): unknown; destroy(): unknown }

function isNodeStream(one: unknown): one is NodeStream {
  return typeof look(one, its.pipe) === 'function' && typeof look(one, its.destroy) === 'function'
}
