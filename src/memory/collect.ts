/** Asking V8 for a full collection: milliseconds to hundreds of them, so only when memory is short. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options?: { readonly type: 'minor' }) => void

let collect: Collect | undefined

/** A full collection of this thread; it blocks the event loop. Afterwards `heapBytes` counts what is alive. */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as Collect
  }
  collect()
  // V8 frees dead buffers on another thread, and waits for that when the next collection begins.
  collect({ type: 'minor' })
}

/** Bytes of this thread's heap and of its buffers outside, garbage included; 0.4 us. */
export function heapBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics()
  return used_heap_size + external_memory
}
