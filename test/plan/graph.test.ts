import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkGraph, sortGraph } from '../../src/plan/graph.ts'

/** Needs point at earlier numbers only, so that there is no cycle. */
const anyGraph = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
  .map((lists) =>
    lists.map((list, index) => (index === 0 ? [] : [...new Set(list.map((need) => need % index))])),
  )

const needsMap = (lists: readonly (readonly number[])[]): Map<string, string[]> =>
  new Map(lists.map((list, index) => [`t${index}`, list.map((need) => `t${need}`)]))

test('the order has every task once, after all that it needs', () => {
  fc.assert(
    fc.property(anyGraph, (lists) => {
      const needs = needsMap(lists)
      const { order, cycles } = sortGraph(needs)
      assert.deepEqual(cycles, [])
      assert.deepEqual([...order].sort(), [...needs.keys()].sort())
      for (const [name, wanted] of needs) {
        for (const need of wanted) assert.ok(order.indexOf(need) < order.indexOf(name))
      }
    }),
  )
})

test('one edge back makes a cycle, and its path is made of edges that exist', () => {
  fc.assert(
    fc.property(anyGraph, fc.nat(), (lists, pick) => {
      const needs = needsMap(lists)
      const from = `t${pick % lists.length}`
      const above = ancestors(needs, from)
      const to = [...above, from][pick % (above.size + 1)] ?? from
      needs.get(to)?.push(from)
      const { cycles } = sortGraph(needs)
      assert.ok(cycles.length > 0)
      for (const cycle of cycles) {
        assert.equal(cycle[0], cycle.at(-1))
        for (const [index, name] of cycle.slice(0, -1).entries()) {
          assert.ok(needs.get(name)?.includes(cycle[index + 1] ?? ''))
        }
      }
    }),
  )
})

function ancestors(needs: ReadonlyMap<string, readonly string[]>, name: string): Set<string> {
  const found = new Set<string>()
  const open = [...(needs.get(name) ?? [])]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue
    found.add(next)
    open.push(...(needs.get(next) ?? []))
  }
  return found
}

test('a reference is allowed exactly when the task waits for the other, directly or through others', () => {
  fc.assert(
    fc.property(anyGraph, (lists) => {
      const needs = needsMap(lists)
      const nodes = [...needs].map(([name, wanted]) => ({ name, section: 'tasks' as const, needs: wanted }))
      const names = [...needs.keys()]
      const references = names.flatMap((from) =>
        names.map((to) => ({ from, to, path: [from, to], offset: undefined })),
      )
      const refused = new Set<string>()
      checkGraph(nodes, references, (path) => refused.add(path.join()))
      for (const { from, to } of references) {
        assert.equal(refused.has(`${from},${to}`), !ancestors(needs, from).has(to), `${from} -> ${to}`)
      }
    }),
  )
})

test('a chain of ten thousand tasks is sorted and checked without recursion', () => {
  const nodes = Array.from({ length: 10_000 }, (_, index) => ({
    name: `t${index}`,
    section: 'tasks' as const,
    needs: index === 9_999 ? [] : [`t${index + 1}`],
  }))
  const references = nodes
    .slice(0, -1)
    .map(({ name }) => ({ from: name, to: 't9999', path: [name], offset: undefined }))
  checkGraph(nodes, references, (path, message) => assert.fail(`${path}: ${message}`))
})
