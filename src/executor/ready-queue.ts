/** Tasks that could start, the longest remaining path first, then in the order given: a binary heap of numbers. */
export class ReadyQueue {
  /** For each task one number: the smaller, the sooner it starts. */
  readonly #turns: readonly number[]
  readonly #heap: number[] = []

  constructor(remainingMs: Float64Array) {
    this.#turns = turnsOf(remainingMs)
  }

  get size(): number {
    return this.#heap.length
  }

  peek(): number | undefined {
    return this.#taskOf(this.#heap[0])
  }

  push(index: number): void {
    const heap = this.#heap
    const turn = this.#turns[index] as number
    let at = heap.length
    heap.push(turn)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above] as number
      if (turn > parent) break
      heap[at] = parent
      at = above
    }
    heap[at] = turn
  }

  pop(): number | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last !== undefined && heap.length > 0) this.#sink(last)
    return this.#taskOf(first)
  }

  /** From the top down to where it belongs. */
  #sink(turn: number): void {
    const heap = this.#heap
    const { length } = heap
    let at = 0
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && (heap[child + 1] as number) < (heap[child] as number)) child += 1
      const best = heap[child] as number
      if (turn < best) break
      heap[at] = best
      at = child
    }
    heap[at] = turn
  }

  #taskOf(turn: number | undefined): number | undefined {
    return turn === undefined ? undefined : turn % this.#turns.length
  }
}

/** How many paths are longer, times the count of tasks, plus the number of the task: unique, and whole below 2^53. */
function turnsOf(remainingMs: Float64Array): readonly number[] {
  const longerPaths = new Map<number, number>()
  for (const ms of remainingMs.toSorted().reverse()) {
    if (!longerPaths.has(ms)) longerPaths.set(ms, longerPaths.size)
  }
  const count = remainingMs.length
  return Array.from(remainingMs, (ms, index) => (longerPaths.get(ms) as number) * count + index)
}
