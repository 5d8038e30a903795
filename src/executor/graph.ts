import { PlimsollError } from '../errors.ts'

/** What the graph needs to know of a task. */
export type GraphNode = {
  readonly name: string
  readonly needs?: readonly string[]
  /** Expected duration in milliseconds; the unit does not matter as long as all tasks use the same. Default 1. */
  readonly expectedMs?: number
}

/**
 * Who waits for whom, by number. In rows of numbers rather than lists, and read in loops rather than by functions for
 * each task: a graph may have very many tasks, and it is read once, by code that is cold.
 */
type Edges = {
  /** Numbers of the tasks that need task i: from place `starts[i]` to before `starts[i + 1]`. */
  readonly dependents: Int32Array
  readonly starts: Int32Array
  /** How many tasks task i waits for. */
  readonly needCounts: Int32Array
  /** Numbers of the tasks that wait for none. */
  readonly roots: readonly number[]
}

/** A checked graph: tasks by number, in the order in which they were given. */
export type Graph = Edges & {
  /** Milliseconds from the start of task i to the end of the longest chain that hangs on it. */
  readonly remainingMs: readonly number[]
  /** Numbers in an order in which every task comes after what it needs. */
  readonly order: Int32Array
}

const none: readonly string[] = []

/** @throws OPTION_INVALID for two tasks of one name, a need that does not exist, or a cycle (shown as its path). */
export function readGraph(nodes: readonly GraphNode[]): Graph {
  const needs = readNeeds(nodes)
  const { starts, needCounts, roots } = needs
  const edges = { starts, needCounts, roots, dependents: turnedRound(needs) }
  const order = needs.isInOrder ? needCounts.map((_, index) => index) : sorted(nodes, edges)
  return { ...edges, order, remainingMs: remaining(nodes, edges, order) }
}

/** Numbers of the tasks that need task `index`. */
export function forEachDependent(graph: Edges, index: number, visit: (dependent: number) => void): void {
  const { dependents, starts } = graph
  const end = starts[index + 1] as number
  for (let at = starts[index] as number; at < end; at += 1) visit(dependents[at] as number)
}

type Needs = Omit<Edges, 'dependents'> & {
  /** What task 0 needs, then what task 1 needs, and so on. */
  readonly needed: Int32Array
  /** No task needs one that comes after it. */
  readonly isInOrder: boolean
}

function readNeeds(nodes: readonly GraphNode[]): Needs {
  const { numbers, needsInAll } = numbered(nodes)
  const count = nodes.length
  const needCounts = new Int32Array(count)
  const starts = new Int32Array(count + 1)
  const lastAsker = new Int32Array(count).fill(-1)
  const needed = new Int32Array(needsInAll)
  const roots: number[] = []
  let found = 0
  let isInOrder = true
  for (let index = 0; index < count; index += 1) {
    const { name, needs = none } = nodes[index] as GraphNode
    const before = found
    for (let at = 0; at < needs.length; at += 1) {
      const need = numbers.get(needs[at] as string)
      if (need === undefined) {
        throw new PlimsollError('OPTION_INVALID', `task "${name}" needs "${needs[at]}", which does not exist`)
      }
      if (lastAsker[need] === index) continue // named twice, needed once
      lastAsker[need] = index
      needed[found++] = need
      ;(starts[need + 1] as number) += 1
      if (need >= index) isInOrder = false
    }
    if (found === before) roots.push(index)
    needCounts[index] = found - before
  }
  for (let index = 0; index < count; index += 1) (starts[index + 1] as number) += starts[index] as number
  return { needed, needCounts, roots, starts, isInOrder }
}

/** From what each task needs to what needs each task. */
function turnedRound({ needed, needCounts, starts }: Needs): Int32Array {
  const dependents = new Int32Array(starts[needCounts.length] as number)
  const next = starts.slice()
  let at = 0
  for (let index = 0; index < needCounts.length; index += 1) {
    for (const end = at + (needCounts[index] as number); at < end; at += 1) {
      const need = needed[at] as number
      dependents[next[need] as number] = index
      ;(next[need] as number) += 1
    }
  }
  return dependents
}

type Numbers = { readonly numbers: ReadonlyMap<string, number>; readonly needsInAll: number }

function numbered(nodes: readonly GraphNode[]): Numbers {
  const numbers = new Map<string, number>()
  let needsInAll = 0
  for (let index = 0; index < nodes.length; index += 1) {
    const { name, needs = none } = nodes[index] as GraphNode
    numbers.set(name, index)
    needsInAll += needs.length
  }
  if (numbers.size === nodes.length) return { numbers, needsInAll }
  const twice = nodes.find(({ name }, index) => numbers.get(name) !== index)
  throw new PlimsollError('OPTION_INVALID', `two tasks are named "${twice?.name}"`)
}

/** Kahn's algorithm. */
function sorted(nodes: readonly GraphNode[], edges: Edges): Int32Array {
  const { dependents, starts, needCounts, roots } = edges
  const waitsFor = needCounts.slice()
  const order = new Int32Array(nodes.length)
  order.set(roots)
  let found = roots.length
  for (let at = 0; at < found; at += 1) {
    const index = order[at] as number
    const end = starts[index + 1] as number
    for (let edge = starts[index] as number; edge < end; edge += 1) {
      const dependent = dependents[edge] as number
      const left = (waitsFor[dependent] as number) - 1
      waitsFor[dependent] = left
      if (left === 0) order[found++] = dependent
    }
  }
  if (found < nodes.length) {
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

function remaining(nodes: readonly GraphNode[], edges: Edges, order: Int32Array): readonly number[] {
  const { dependents, starts } = edges
  // No Float64Array: each number read from one is an object until the code is compiled.
  const remainingMs: number[] = new Array(nodes.length).fill(0)
  for (let at = order.length - 1; at >= 0; at -= 1) {
    const index = order[at] as number
    const end = starts[index + 1] as number
    let longest = 0
    for (let edge = starts[index] as number; edge < end; edge += 1) {
      longest = Math.max(longest, remainingMs[dependents[edge] as number] as number)
    }
    remainingMs[index] = longest + ((nodes[index] as GraphNode).expectedMs ?? 1)
  }
  return remainingMs
}
