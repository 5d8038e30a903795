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
}

function trieOf(ends: readonly Buffer[], classOf: Uint8Array, classes: number): Trie {
  const mostNodes = ends.reduce((sum, { length }) => sum + length, 1)
  const children = new Int32Array(mostNodes * classes)
  const words: (number[] | undefined)[] = [undefined]
  for (const [number, end] of ends.entries()) {
    let at = 0
    for (const byte of end) {
      const way = at * classes + (classOf[byte] as number)
      if (children[way] === 0) children[way] = words.push(undefined) - 1
      at = children[way] as number
    }
    words[at] = [...(words[at] ?? []), number]
  }
  return { children, words }
}

/**
 * Where no child goes on, the longest end that begins another word does; what ends there ends here, too.
 * @returns the nodes in the order of their depth.
 */
function linkFailures({ children, words }: Trie, classes: number): readonly number[] {
  const fail = new Int32Array(words.length)
  const order = [0]
  for (const node of order) {
    for (let char = 0; char < classes; char += 1) {
      const way = node * classes + char
      const child = children[way] as number
      const otherwise = node === 0 ? 0 : (children[(fail[node] as number) * classes + char] as number)
      if (child === 0) children[way] = otherwise
      else {
        fail[child] = otherwise
        const same = words[otherwise]
        if (same) words[child] = [...(words[child] ?? []), ...same]
        order.push(child)
      }
    }
  }
  return order
}
