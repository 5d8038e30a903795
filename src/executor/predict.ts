import { forEachDependent, type Graph, readGraph } from './graph.ts'
import { priorityOf } from './priority.ts'
import { ReadyQueue } from './ready-queue.ts'

/** What is expected of one task. */
export type TaskPrediction = {
  readonly name: string
  readonly needs: readonly string[]
  readonly expectedBytes: number
  readonly expectedMs: number
}

export type Prediction = {
  /** Names in the order in which they would start. */
  readonly order: readonly string[]
  readonly durationMs: number
  readonly peakMemoryBytes: number
  /** The chain of tasks that decides how long the run takes at least. */
  readonly criticalPath: readonly string[]
}

/**
 * Plays a run through with expected durations and memory: the rules of the executor, no clock and no process.
 * `roomBytes` is what the tasks may use together; one may always run.
 */
export function predictRun(
  tasks: readonly TaskPrediction[],
  limits: { readonly maxConcurrentTasks: number; readonly roomBytes: number },
): Prediction {
  const graph = readGraph(tasks)
  const ready = new ReadyQueue()
  const becomeReady = (index: number): void => {
    const { expectedMs = 1, expectedBytes = 0 } = tasks[index] ?? {}
    const task = { expectedMs, reserveBytes: expectedBytes }
    ready.push({ index, priority: priorityOf(task, graph.remainingMs[index] ?? 0, () => limits.roomBytes) })
  }
  const needsLeft = [...graph.needCounts]
  graph.roots.forEach(becomeReady)

  const order: string[] = []
  let running: { readonly index: number; readonly endMs: number }[] = []
  let nowMs = 0
  let usedBytes = 0
  let peakMemoryBytes = 0
  while (ready.size > 0 || running.length > 0) {
    const next = tasks[ready.peek()?.index ?? -1]
    const fits = next && (running.length === 0 || usedBytes + next.expectedBytes <= limits.roomBytes)
    if (next && fits && running.length < limits.maxConcurrentTasks) {
      running.push({ index: ready.pop()?.index ?? -1, endMs: nowMs + next.expectedMs })
      usedBytes += next.expectedBytes
      peakMemoryBytes = Math.max(peakMemoryBytes, usedBytes)
      order.push(next.name)
    } else {
      nowMs = Math.min(...running.map(({ endMs }) => endMs))
      const over = running.filter(({ endMs }) => endMs <= nowMs)
      running = running.filter(({ endMs }) => endMs > nowMs)
      for (const { index } of over) {
        usedBytes -= tasks[index]?.expectedBytes ?? 0
        forEachDependent(graph, index, (dependent) => {
          const left = (needsLeft[dependent] ?? 0) - 1
          needsLeft[dependent] = left
          if (left === 0) becomeReady(dependent)
        })
      }
    }
  }
  return { order, durationMs: nowMs, peakMemoryBytes, criticalPath: criticalPath(tasks, graph) }
}

function criticalPath(tasks: readonly TaskPrediction[], graph: Graph): string[] {
  const longest = (candidates: readonly number[]): number | undefined => {
    let best: number | undefined
    for (const index of candidates) {
      if (best === undefined || (graph.remainingMs[index] ?? 0) > (graph.remainingMs[best] ?? 0)) best = index
    }
    return best
  }
  const path: string[] = []
  let index = longest(graph.roots)
  while (index !== undefined) {
    path.push(tasks[index]?.name ?? '')
    const dependents: number[] = []
    forEachDependent(graph, index, (dependent) => dependents.push(dependent))
    index = longest(dependents)
  }
  return path
}
