type Ready = { readonly index: number; readonly priority: number }

/** Tasks that could start, the greatest priority first, then in the order given: a binary heap. */
export class ReadyQueue<Item extends Ready> {
  /** As many as could start at once; bounded by the graph. */
  readonly #heap: Item[] = []

  get size(): number {
    return this.#heap.length
  }

  peek(): Item | undefined {
    return this.#heap[0]
  }

  push(item: Item): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(item)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above] as Item
      if (!isBefore(item, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = item
  }

  pop(): Item | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last !== undefined && heap.length > 0) this.#sink(last)
    return first
  }

  /** From the top down to where it belongs. */
  #sink(item: Item): void {
    const heap = this.#heap
    const { length } = heap
    let at = 0
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && isBefore(heap[child + 1] as Item, heap[child] as Item)) child += 1
      const best = heap[child] as Item
      if (isBefore(item, best)) break
      heap[at] = best
      at = child
    }
    heap[at] = item
  }
}

const isBefore = (one: Ready, other: Ready): boolean =>
  one.priority > other.priority || (one.priority === other.priority && one.index < other.index)
