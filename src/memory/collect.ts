/** Asking V8 for a full collection: milliseconds to hundreds of them, so only when memory is short. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options?: { readonly type: 'minor' | 'major'; readonly flavor?: 'last-resort' }) => void

let collect: Collect | undefined
/** The heap of a start with a plan of a few tasks is 12 MB. */
const worthCollectingBytes = 20e6

/** A full collection of this thread; it blocks the event loop. Afterwards `heapBytes` counts what is alive. */
export function collectGarbage(): void {
  collect ??= exposed()
  collect()
  // V8 frees dead buffers on another thread, and waits for that when the next collection begins.
  collect({ type: 'minor' })
}

/**
 * Collects where a heap has grown and what comes next can do without: 16 MB after a plan of 1,000 tasks was read. A small
 * heap is left alone: a collection of 20 ms would give back 2 MB.
 */
export function giveBackMemory(): void {
  if (heapBytes() < worthCollectingBytes) return
  collect ??= exposed()
  collect({ type: 'major', flavor: 'last-resort' })
}

/** Bytes of this thread's heap and of its buffers outside, garbage included; 0.4 us. */
export function heapBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics()
  return used_heap_size + external_memory
}

function exposed(): Collect {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}
