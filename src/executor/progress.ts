import type { Graph } from './graph.ts'

const none: readonly number[] = []

/** How far a graph is: which tasks have ended, and which only wait for others. */
export class Progress<Ended> {
  readonly #graph: Graph
  readonly #needsLeft: number[]
  readonly #finished = Promise.withResolvers<void>()
  /** By name, in the order of their ends. */
  readonly ended = new Map<string, Ended>()

  constructor(graph: Graph) {
    this.#graph = graph
    this.#needsLeft = [...graph.needCounts]
    if (graph.order.length === 0) this.#finished.resolve()
  }

  /** Resolves when every task has ended. */
  get finished(): Promise<void> {
    return this.#finished.promise
  }

  /** Numbers of the tasks that need nothing. */
  get first(): readonly number[] {
    return this.#graph.order.filter((index) => this.#needsLeft[index] === 0)
  }

  /** @returns the numbers of the tasks that wait for nothing any more. */
  end(index: number, name: string, ended: Ended): readonly number[] {
    this.ended.set(name, ended)
    let ready: number[] | undefined
    for (const dependent of this.#graph.dependents[index] ?? none) {
      const left = (this.#needsLeft[dependent] ?? 0) - 1
      this.#needsLeft[dependent] = left
      if (left > 0) continue
      if (ready === undefined) ready = [dependent]
      else ready.push(dependent)
    }
    if (this.ended.size === this.#graph.order.length) this.#finished.resolve()
    return ready ?? none
  }
}
