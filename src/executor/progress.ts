import { forEachDependent, type Graph } from './graph.ts'
import { isGood } from './judge.ts'
import type { Ended } from './words.ts'

/** How far a graph is: which tasks have ended, and which only wait for others. */
export class Progress<Value> {
  readonly #graph: Graph
  readonly #needsLeft: Int32Array
  readonly #onReady: (index: number) => void
  readonly #finished = Promise.withResolvers<void>()
  /** By name, in the order of their ends. */
  readonly ended = new Map<string, Ended<Value>>()

  /** Until now all have succeeded or were skipped. */
  isAllGood = true

  /** `onReady` is told the number of each task that waits for nothing any more. */
  constructor(graph: Graph, onReady: (index: number) => void) {
    this.#graph = graph
    this.#needsLeft = graph.needCounts.slice()
    this.#onReady = onReady
    if (graph.order.length === 0) this.#finished.resolve()
  }

  /** Resolves when every task has ended. */
  get finished(): Promise<void> {
    return this.#finished.promise
  }

  /** Those that need nothing are ready. */
  begin(): void {
    for (const index of this.#graph.roots) this.#onReady(index)
  }

  end(index: number, name: string, ended: Ended<Value>): void {
    this.ended.set(name, ended)
    if (!isGood(ended)) this.isAllGood = false
    forEachDependent(this.#graph, index, this.#needsOneLess)
    if (this.ended.size === this.#graph.order.length) this.#finished.resolve()
  }

  readonly #needsOneLess = (index: number): void => {
    const left = (this.#needsLeft[index] as number) - 1
    this.#needsLeft[index] = left
    if (left === 0) this.#onReady(index)
  }
}
