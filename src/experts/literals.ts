/**
 * Finds many words in bytes in one pass (Aho and Corasick, "Efficient string matching", 1975), upper and lower case
 * alike. One table look-up for each byte, whatever the bytes are and however many words there are.
 */

/** So much of the end of a word is looked for, in bytes: enough to be rare, and the table stays small. */
const longestLooked = 14

export type Literals = {
  /** `next[state + classOf[byte]]` is the state after that byte; the start is 0. */
  readonly next: Int32Array
  readonly classOf: Uint8Array
  /** States from here on tell something: a line break, or words that end here. */
  readonly firstTelling: number
  /** The numbers of the words that end in a telling state; undefined for a line break. */
  readonly told: ReadonlyMap<number, readonly number[]>
}

const lineBreaks = [0x0a, 0x0d, 0x00]

type Node = { readonly next: Map<number, number>; fail: number; readonly words: number[] }

/** The words by number. None may be empty or hold a line break. */
export function compileLiterals(words: readonly string[]): Literals {
  const classOf = new Uint8Array(256)
  const nodes: Node[] = [{ next: new Map(), fail: 0, words: [] }]
  // Class 0 is every byte that no word has, 1 the line breaks.
  let classes = 2
  for (const byte of lineBreaks) classOf[byte] = 1
  for (const [number, word] of words.entries()) {
    let at = 0
    for (const byte of Buffer.from(word.toLowerCase()).subarray(-longestLooked)) {
      if (classOf[byte] === 0) classOf[byte] = classes++
      const known = nodes[at]?.next.get(classOf[byte] ?? 0)
      if (known === undefined) {
        nodes[at]?.next.set(classOf[byte] ?? 0, nodes.length)
        at = nodes.push({ next: new Map(), fail: 0, words: [] }) - 1
      } else at = known
    }
    nodes[at]?.words.push(number)
  }
  for (let upper = 0x41; upper <= 0x5a; upper += 1) classOf[upper] = classOf[upper + 0x20] ?? 0
  return tableOf(nodes, classes, classOf)
}

function tableOf(nodes: readonly Node[], classes: number, classOf: Uint8Array): Literals {
  const order = linkFailures(nodes)
  // Silent states first, so that one comparison tells whether there is something to do; the last is the line break.
  const silent = order.filter((node) => nodes[node]?.words.length === 0)
  const telling = order.filter((node) => nodes[node]?.words.length !== 0)
  const rowOf = new Int32Array(nodes.length)
  for (const [row, node] of [...silent, ...telling].entries()) rowOf[node] = row * classes
  const breakRow = nodes.length * classes
  const next = new Int32Array(breakRow + classes)
  for (const node of order) {
    const { next: own, fail } = nodes[node] ?? { next: new Map<number, number>(), fail: 0 }
    const row = rowOf[node] ?? 0
    if (node !== 0) next.copyWithin(row, rowOf[fail] ?? 0, (rowOf[fail] ?? 0) + classes)
    for (const [char, to] of own) next[row + char] = rowOf[to] ?? 0
    next[row + 1] = breakRow
  }
  next.copyWithin(breakRow, 0, classes)
  const told = new Map(telling.map((node) => [rowOf[node] ?? 0, nodes[node]?.words ?? []] as const))
  return { next, classOf, firstTelling: silent.length * classes, told }
}

/** Each node's longest end that begins another word; in the order of depth. What ends there ends here, too. */
function linkFailures(nodes: readonly Node[]): readonly number[] {
  const order = [0]
  for (const at of order) {
    for (const [char, to] of nodes[at]?.next ?? []) {
      const node = nodes[to]
      if (node === undefined) continue
      let fail = at === 0 ? 0 : (nodes[at]?.fail ?? 0)
      while (at !== 0 && fail !== 0 && !nodes[fail]?.next.has(char)) fail = nodes[fail]?.fail ?? 0
      const known = at === 0 ? undefined : nodes[fail]?.next.get(char)
      node.fail = known ?? 0
      node.words.push(...(nodes[node.fail]?.words ?? []))
      order.push(to)
    }
  }
  return order
}
