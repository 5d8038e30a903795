/** Tasks that could start, the greatest priority first, then in the order given: a binary heap of their numbers. */
export class ReadyQueue {
  readonly #priorities: readonly number[]
  readonly #heap: number[] = []

  constructor(priorities: readonly number[]) {
    this.#priorities = priorities
  }

  get size(): number {
    return this.#heap.length
  }

  peek(): number | undefined {
    return this.#heap[0]
  }

  push(index: number): void {
    const heap = this.#heap
    const priorities = this.#priorities
    const priority = priorities[index] as number
    let at = heap.length
    heap.push(index)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above] as number
      const parentPriority = priorities[parent] as number
      if (parentPriority > priority || (parentPriority === priority && parent < index)) break
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
    const priorities = this.#priorities
    const priority = priorities[index] as number
    const { length } = heap
    let at = 0
    for (let child = 1; child < length; child = 2 * at + 1) {
      let best = heap[child] as number
      let bestPriority = priorities[best] as number
      if (child + 1 < length) {
        const other = heap[child + 1] as number
        const otherPriority = priorities[other] as number
        if (otherPriority > bestPriority || (otherPriority === bestPriority && other < best)) {
          child += 1
          best = other
          bestPriority = otherPriority
        }
      }
      if (priority > bestPriority || (priority === bestPriority && index < best)) break
      heap[at] = best
      at = child
    }
    heap[at] = index
  }
}
