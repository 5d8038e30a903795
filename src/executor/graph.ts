import { PlimsollError } from '../errors.ts'

/** What the graph needs to know of a task. */
export type GraphNode = {
  readonly name: string
  readonly needs?: readonly string[]
  /** Expected duration in milliseconds; the unit does not matter as long as all tasks use the same. Default 1. */
  readonly expectedMs?: number
}

/** A checked graph: tasks by number, in the order in which they were given. */
export type Graph = {
  /** Numbers of the tasks that need task i. */
  readonly dependents: readonly (readonly number[])[]
  /** How many tasks task i waits for. */
  readonly needCounts: readonly number[]
  /** Milliseconds from the start of task i to the end of the longest chain that hangs on it. */
  readonly remainingMs: readonly number[]
  /** Numbers in an order in which every task comes after what it needs. */
  readonly order: readonly number[]
}

/** @throws OPTION_INVALID for two tasks of one name, a need that does not exist, or a cycle (shown as its path). */
export function readGraph(nodes: readonly GraphNode[]): Graph {
  const numbers = numbered(nodes)
  const dependents: number[][] = nodes.map(() => [])
  const needCounts = nodes.map(({ name, needs = [] }, index) => {
    let count = 0
    for (const need of needs) {
      const number = numbers.get(need)
      if (number === undefined) {
        throw new PlimsollError('OPTION_INVALID', `task "${name}" needs "${need}", which does not exist`)
      }
      const known = dependents[number]
      if (known === undefined || known.at(-1) === index) continue // named twice, needed once
      known.push(index)
      count += 1
    }
    return count
  })
  const order = sorted(nodes, dependents, needCounts)
  return { dependents, needCounts, order, remainingMs: remaining(nodes, dependents, order) }
}

function numbered(nodes: readonly GraphNode[]): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>()
  nodes.forEach(({ name }, index) => {
    if (numbers.has(name)) throw new PlimsollError('OPTION_INVALID', `two tasks are named "${name}"`)
    numbers.set(name, index)
  })
  return numbers
}

/** Kahn's algorithm. */
function sorted(
  nodes: readonly GraphNode[],
  dependents: readonly (readonly number[])[],
  needCounts: readonly number[],
): number[] {
  const waitsFor = [...needCounts]
  const order = [...waitsFor.keys()].filter((index) => waitsFor[index] === 0)
  for (let at = 0; at < order.length; at += 1) {
    for (const dependent of dependents[order[at] ?? -1] ?? []) {
      const left = (waitsFor[dependent] ?? 0) - 1
      waitsFor[dependent] = left
      if (left === 0) order.push(dependent)
    }
  }
  if (order.length < nodes.length) {
    const stuck = new Map(nodes.flatMap((node, index) => (waitsFor[index] === 0 ? [] : [[node.name, node]])))
    throw new PlimsollError('OPTION_INVALID', `tasks need each other: ${cycleIn(stuck).join(' -> ')}`)
  }
  return order
}

/** Every node of `stuck` needs another one of it, so that a walk along the needs must come round. */
function cycleIn(stuck: ReadonlyMap<string, GraphNode>): string[] {
  const path: string[] = []
  let name = stuck.keys().next().value ?? ''
  while (!path.includes(name)) {
    path.push(name)
    name = stuck.get(name)?.needs?.find((need) => stuck.has(need)) ?? name
  }
  return [...path.slice(path.indexOf(name)), name]
}

function remaining(
  nodes: readonly GraphNode[],
  dependents: readonly (readonly number[])[],
  order: readonly number[],
): number[] {
  const remainingMs = new Array<number>(nodes.length).fill(0)
  for (const index of order.toReversed()) {
    let longest = 0
    for (const dependent of dependents[index] ?? []) longest = Math.max(longest, remainingMs[dependent] ?? 0)
    remainingMs[index] = longest + (nodes[index]?.expectedMs ?? 1)
  }
  return remainingMs
}
