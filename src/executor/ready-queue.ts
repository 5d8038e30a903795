/** Tasks that could start, the longest remaining path first, then in the order given: a binary heap of numbers. */
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
    let at = heap.length
    heap.push(index)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#before(index, heap[parent])) break
      heap[at] = heap[parent] ?? -1
      at = parent
    }
    heap[at] = index
  }

  pop(): number | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (this.#before(heap[child + 1], heap[child])) child += 1
      if (!this.#before(heap[child], last)) break
      heap[at] = heap[child] ?? -1
      at = child
    }
    heap[at] = last
    return first
  }

  #before(left: number | undefined, right: number | undefined): boolean {
    if (left === undefined || right === undefined) return right === undefined && left !== undefined
    const difference = (this.#remainingMs[left] ?? 0) - (this.#remainingMs[right] ?? 0)
    return difference > 0 || (difference === 0 && left < right)
  }
}
