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
/** Class 0 is every byte that no word has. */
export const breakClass = 1

/** The words by number. None may be empty or hold a line break. */
export function compileLiterals(words: readonly string[]): Literals {
  const ends = words.map((word) => Buffer.from(word.toLowerCase()).subarray(-longestLooked))
  const { classOf, classes } = classesOf(ends)
  const trie = trieOf(ends, classOf, classes)
  const order = linkFailures(trie, classes)
  // Silent states first, so that one comparison tells whether there is something to do; the last is the line break.
  const silent = order.filter((node) => trie.words[node] === undefined)
  const telling = order.filter((node) => trie.words[node] !== undefined)
  const rowOf = new Int32Array(order.length)
  for (const [row, node] of [...silent, ...telling].entries()) rowOf[node] = row * classes
  const breakRow = order.length * classes
  const next = new Int32Array(breakRow + classes)
  for (let node = 0; node < order.length; node += 1) {
    const row = rowOf[node] as number
    for (let char = 0; char < classes; char += 1) {
      next[row + char] = rowOf[trie.children[node * classes + char] as number] as number
    }
    next[row + breakClass] = breakRow
  }
  next.copyWithin(breakRow, 0, classes)
  const told = new Map(telling.map((node) => [rowOf[node] as number, trie.words[node] ?? []]))
  return { next, classOf, firstTelling: silent.length * classes, told }
}

/** Bytes that words have get a class each, the two cases of a letter the same; so a state has few ways to go on. */
function classesOf(ends: readonly Buffer[]): { readonly classOf: Uint8Array; readonly classes: number } {
  const classOf = new Uint8Array(256)
  for (const byte of lineBreaks) classOf[byte] = breakClass
  let classes = breakClass + 1
  for (const end of ends) for (const byte of end) if (classOf[byte] === 0) classOf[byte] = classes++
  for (let upper = 0x41; upper <= 0x5a; upper += 1) classOf[upper] = classOf[upper + 0x20] ?? 0
  return { classOf, classes }
}

type Trie = {
  /** By `node * classes + class`; 0 is none, because nothing leads back to the root. */
  readonly children: Int32Array
  readonly words: (number[] | undefined)[]
  /** Class by which a node was reached, its first child, and the next child of its parent; 0 is none. */
  readonly charOf: number[]
  readonly firstChild: number[]
  readonly sibling: number[]
}

function trieOf(ends: readonly Buffer[], classOf: Uint8Array, classes: number): Trie {
  const mostNodes = ends.reduce((sum, { length }) => sum + length, 1)
  const children = new Int32Array(mostNodes * classes)
  const words: (number[] | undefined)[] = [undefined]
  const [charOf, firstChild, sibling] = [[0], [0], [0]]
  for (const [number, end] of ends.entries()) {
    let at = 0
    for (const byte of end) {
      const char = classOf[byte] as number
      const way = at * classes + char
      if (children[way] === 0) {
        const child = words.push(undefined) - 1
        children[way] = child
        charOf.push(char)
        firstChild.push(0)
        sibling.push(firstChild[at] as number)
        firstChild[at] = child
      }
      at = children[way] as number
    }
    words[at] = [...(words[at] ?? []), number]
  }
  return { children, words, charOf, firstChild, sibling }
}

/**
 * Where no child goes on, the longest end that begins another word does; what ends there ends here, too.
 * @returns the nodes in the order of their depth.
 */
function linkFailures(trie: Trie, classes: number): readonly number[] {
  const { children, words, charOf, firstChild, sibling } = trie
  const fail = new Int32Array(words.length)
  const order = [0]
  for (let at = 0; at < order.length; at += 1) {
    const node = order[at] as number
    const row = node * classes
    const otherwise = (fail[node] as number) * classes
    // A whole row at once: next to none of its ways is the node's own.
    if (node !== 0) children.copyWithin(row, otherwise, otherwise + classes)
    for (let child = firstChild[node] as number; child !== 0; child = sibling[child] as number) {
      const char = charOf[child] as number
      fail[child] = node === 0 ? 0 : (children[otherwise + char] as number)
      children[row + char] = child
      const same = words[fail[child] as number]
      if (same) words[child] = [...(words[child] ?? []), ...same]
      order.push(child)
    }
  }
  return order
}
