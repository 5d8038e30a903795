/** Tasks that could start, the longest remaining path first, then in the order given: a binary heap of their numbers. */
export class ReadyQueue {
  readonly #remainingMs: readonly number[]
  readonly #heap: number[] = []

  constructor(remainingMs: readonly number[]) {
    this.#remainingMs = remainingMs
  }

  get size(): number {
    return this.#heap.length
  }

  peek(): number | undefined {
    return this.#heap[0]
  }

  push(index: number): void {
    const heap = this.#heap
    const remainingMs = this.#remainingMs
    const ms = remainingMs[index] as number
    let at = heap.length
    heap.push(index)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above] as number
      const parentMs = remainingMs[parent] as number
      if (parentMs > ms || (parentMs === ms && parent < index)) break
      heap[at] = parent
      at = above
    }
    heap[at] = index
  }

  pop(): number | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last !== undefined && heap.length > 0) this.#sink(last)
    return first
  }

  /** From the top down to where it belongs. */
  #sink(index: number): void {
    const heap = this.#heap
    const remainingMs = this.#remainingMs
    const ms = remainingMs[index] as number
    const { length } = heap
    let at = 0
    for (let child = 1; child < length; child = 2 * at + 1) {
      let best = heap[child] as number
      let bestMs = remainingMs[best] as number
      if (child + 1 < length) {
        const other = heap[child + 1] as number
        const otherMs = remainingMs[other] as number
        if (otherMs > bestMs || (otherMs === bestMs && other < best)) {
          child += 1
          best = other
          bestMs = otherMs
        }
      }
      if (ms > bestMs || (ms === bestMs && index < best)) break
      heap[at] = best
      at = child
    }
    heap[at] = index
  }
}
