import { didYouMean } from '../nearest.ts'
import type { Hook } from '../spine.ts'
import { type Path, type Report, show } from './problems.ts'

export type GraphNode = {
  readonly name: string
  /** Where it stands in the plan file. */
  readonly section: 'tasks' | Hook
  /** Null where they could not be read: then nothing is said of what the task does not wait for. */
  readonly needs: readonly string[] | null
}

/** A place where one task names another whose result it reads. */
export type Reference = {
  readonly from: string
  readonly to: string
  readonly path: Path
  readonly offset: number | undefined
}

/** More names of a cycle than this say no more. */
const mostNames = 20

/** Needs and references point at tasks that exist and run before. Every loop is iterative: chains may be long. */
export function checkGraph(
  nodes: readonly GraphNode[],
  references: readonly Reference[],
  report: Report,
): void {
  const needs = new Map(nodes.map((node) => [node.name, node.needs ?? []]))
  const sectionOf = new Map(nodes.map(({ name, section }) => [name, section]))
  const unread = new Set(nodes.filter((node) => node.needs === null).map(({ name }) => name))
  const isKnown = (task: string, path: Path, offset?: number): boolean => {
    if (needs.has(task)) return true
    const at = offset === undefined ? {} : { offset }
    report(
      path,
      () => `found ${show(task)}, which is not a task of this plan${didYouMean(task, needs.keys())}`,
      at,
    )
    return false
  }
  for (const [name, wanted] of needs) {
    for (const [index, need] of wanted.entries()) {
      // A single name may be written without a list: the path then ends at "needs" all the same.
      isKnown(need, [sectionOf.get(name) ?? 'tasks', name, 'needs', index])
    }
  }
  const known = references.filter(
    ({ from, to, path, offset }) => isKnown(to, path, offset) && !unread.has(from),
  )
  const { order, cycles } = sortGraph(needs)
  for (const cycle of cycles) {
    const [first = ''] = cycle
    report(
      [sectionOf.get(first) ?? 'tasks', first, 'needs'],
      `tasks that wait for each other: ${showCycle(cycle)}`,
    )
  }
  if (cycles.length === 0) checkReferences(needs, order, known, report)
}

function showCycle(cycle: readonly string[]): string {
  const names = cycle.map((name) => (/^[\p{L}\p{N}_.:/-]{1,200}$/u.test(name) ? name : show(name)))
  if (names.length <= mostNames) return names.join(' -> ')
  const half = mostNames / 2
  const left = names.length - mostNames
  return [...names.slice(0, half), `(${left} more)`, ...names.slice(-half)].join(' -> ')
}

type Needs = ReadonlyMap<string, readonly string[]>
type Sorted = { readonly order: readonly string[]; readonly cycles: readonly (readonly string[])[] }

/** Depth first. `order` has every task after what it needs; every edge back into the current path is a cycle. */
export function sortGraph(needs: Needs): Sorted {
  const order: string[] = []
  const cycles: string[][] = []
  const done = new Set<string>()
  for (const start of needs.keys()) {
    const path = new Map<string, number>()
    const stack = [{ name: start, next: 0 }]
    while (stack.length > 0) {
      const top = stack[stack.length - 1]
      if (top === undefined) break
      if (done.has(top.name)) {
        stack.pop()
        continue
      }
      path.set(top.name, stack.length - 1)
      const need = needs.get(top.name)?.[top.next]
      top.next += 1
      if (need === undefined) {
        order.push(top.name)
        done.add(top.name)
        path.delete(top.name)
        stack.pop()
      } else if (path.has(need)) {
        const names = stack.slice(path.get(need)).map(({ name }) => name)
        // Each cycle is a problem of its own, but one place is told of once.
        if (cycles.length < mostNames) cycles.push([...names, need])
      } else if (needs.has(need) && !done.has(need)) stack.push({ name: need, next: 0 })
    }
  }
  return { order, cycles }
}

/** A task may read only of tasks that it waits for, directly or through others. */
function checkReferences(
  needs: Needs,
  order: readonly string[],
  references: readonly Reference[],
  report: Report,
): void {
  const far = references.filter(({ from, to }) => !needs.get(from)?.includes(to))
  if (far.length === 0) return
  const waitsFor = ancestry(needs, order, [...new Set(far.map(({ to }) => to))])
  for (const { from, to, path, offset } of far) {
    if (waitsFor(from, to)) continue
    const message =
      from === to
        ? `${show(from)} reads its own result, which is not there before it ends`
        : `${show(from)} reads of ${show(to)} without waiting for it: add ${show(to)} to its "needs"`
    report(path, message, offset === undefined ? {} : { offset })
  }
}

/** One bit for each task and each `target`: 12.5 MB at most, with the 10,000 tasks that a plan may have. */
function ancestry(
  needs: Needs,
  order: readonly string[],
  targets: readonly string[],
): (from: string, to: string) => boolean {
  const words = Math.ceil(targets.length / 32)
  const rows = new Map(order.map((name, index) => [name, index * words]))
  const bits = new Map(targets.map((name, index) => [name, index]))
  const table = new Uint32Array(order.length * words)
  const set = (row: number, bit: number): void => {
    const at = row + (bit >>> 5)
    table[at] = (table[at] ?? 0) | (1 << (bit & 31))
  }
  for (const name of order) {
    const row = rows.get(name) ?? 0
    for (const need of new Set(needs.get(name))) {
      const needRow = rows.get(need)
      if (needRow === undefined) continue
      for (let word = 0; word < words; word += 1) {
        table[row + word] = (table[row + word] ?? 0) | (table[needRow + word] ?? 0)
      }
      const bit = bits.get(need)
      if (bit !== undefined) set(row, bit)
    }
  }
  return (from, to) => {
    const bit = bits.get(to) ?? 0
    return (((table[(rows.get(from) ?? 0) + (bit >>> 5)] ?? 0) >>> (bit & 31)) & 1) === 1
  }
}
