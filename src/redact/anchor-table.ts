/** Finds the anchors of all rules in one pass over the bytes: an automaton, so that no byte is looked at twice (Aho and Corasick, 1975). */
import type { Rule } from './rule.ts'

/** An anchor of so many bytes ends at a state; a rule begins with it. */
export type AnchorEnd = { readonly length: number; readonly rule: Rule }

type Node = { readonly next: Map<number, number>; fail: number; readonly depth: number; ends: AnchorEnd[] }

export class AnchorTable {
  /** Of each byte, its column; 0 for all that no anchor has. Capital letters share the column of the small ones. */
  readonly columns = new Uint8Array(256)
  readonly width: number
  /** The state after a state and a byte, at `state * width + column`. */
  readonly next: Uint16Array
  /** 1 where an anchor ends. */
  readonly isEnd: Uint8Array
  /** By state: how many of the last bytes may be the beginning of an anchor. */
  readonly depth: Uint16Array
  readonly #ends: readonly (readonly AnchorEnd[])[]

  constructor(rules: readonly Rule[]) {
    const byAnchor = Map.groupBy(
      rules.flatMap((rule) => rule.anchors.map((anchor) => ({ anchor, rule }))),
      ({ anchor }) => anchor,
    )
    const alphabet = [...new Set([...byAnchor.keys()].join(''))].map((sign) => sign.charCodeAt(0))
    for (const [index, byte] of alphabet.entries()) {
      this.columns[byte] = index + 1
      if (byte >= 0x61 && byte <= 0x7a) this.columns[byte - 0x20] = index + 1
    }
    this.width = alphabet.length + 1
    const nodes = trieOf(byAnchor)
    linkFailures(nodes)
    this.#ends = nodes.map(({ ends }) => ends)
    this.isEnd = Uint8Array.from(nodes, ({ ends }) => (ends.length > 0 ? 1 : 0))
    this.depth = Uint16Array.from(nodes, ({ depth }) => depth)
    this.next = new Uint16Array(nodes.length * this.width)
    for (const [state, node] of nodes.entries()) {
      for (const byte of alphabet) {
        const row = node.next.get(byte)
        const inherited = state === 0 ? 0 : this.next[node.fail * this.width + (this.columns[byte] ?? 0)]
        this.next[state * this.width + (this.columns[byte] ?? 0)] = row ?? inherited ?? 0
      }
    }
  }

  /** Longest first. */
  endsAt(state: number): readonly AnchorEnd[] {
    return this.#ends[state] ?? []
  }
}

/** Breadth first, so that the row of a shorter suffix is complete before it is inherited. */
function trieOf(byAnchor: ReadonlyMap<string, readonly { readonly rule: Rule }[]>): Node[] {
  const nodes: Node[] = [{ next: new Map(), fail: 0, depth: 0, ends: [] }]
  let layer = [...byAnchor].map(([anchor, entries]) => ({ anchor, entries, state: 0 }))
  for (let depth = 1; layer.length > 0; depth += 1) {
    for (const item of layer) {
      const byte = item.anchor.charCodeAt(depth - 1)
      const node = nodes[item.state]
      const known = node?.next.get(byte)
      if (known === undefined) {
        node?.next.set(byte, nodes.length)
        nodes.push({ next: new Map(), fail: 0, depth, ends: [] })
      }
      item.state = known ?? nodes.length - 1
      if (item.anchor.length === depth) {
        nodes[item.state]?.ends.push(...item.entries.map(({ rule }) => ({ length: depth, rule })))
      }
    }
    layer = layer.filter(({ anchor }) => anchor.length > depth)
  }
  return nodes
}

/** The longest suffix that is itself the beginning of an anchor; what ends there ends here as well. */
function linkFailures(nodes: readonly Node[]): void {
  for (const [state, node] of nodes.entries()) {
    for (const [byte, child] of node.next) {
      const target = nodes[child]
      if (target === undefined || state === 0) continue
      let fail = node.fail
      while (fail !== 0 && !nodes[fail]?.next.has(byte)) fail = nodes[fail]?.fail ?? 0
      target.fail = nodes[fail]?.next.get(byte) ?? 0
      target.ends.push(...(nodes[target.fail]?.ends ?? []))
    }
  }
}
