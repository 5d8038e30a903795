/**
 * Finds many words in bytes in one pass (Aho and Corasick, "Efficient string matching", 1975), upper and lower case
 * alike. One table look-up for each byte, whatever the bytes are and however many words there are. A row of the table is
 * made when a text first needs it: few texts need more than some hundred of the many thousand, and a process that reads
 * one log does not wait for the others.
 */

import { escapeByte } from './escapes.ts'

/** So much of the end of a word is looked for, in bytes: enough to be rare, and the table stays small. */
const longestLooked = 14

export type Literals = {
  readonly classOf: Uint8Array
  /**
   * `next[state + classOf[byte]]` is the state after that byte. Below 0 there is something to do on arrival, and
   * `arrive` tells what and where. Never 0 in the row of a state.
   */
  readonly next: Int32Array
  readonly start: number
  /** How many words there are. */
  readonly words: number
  /** What a place in the table leads to, when there is a number below 0. `next` may be another one afterwards. */
  arrive(way: number): Arrival
}

export type Arrival = {
  readonly state: number
  /** The numbers of the words that end here; null at a line break and at an escape. */
  readonly words: readonly number[] | null
}

const lineBreaks = [0x0a, 0x0d, 0x00]
/** Class 0 is every byte that no word has. */
export const breakClass = 1
/** Of the byte that a command to a terminal begins with: words are looked for as if it were not there. */
export const escapeClass = 2

/** The words by number. None may be empty or hold a line break or an escape. */
export function compileLiterals(words: readonly string[]): Literals {
  const ends = words.map((word) => endOf(word.toLowerCase()))
  const { classOf, classes } = classesOf(ends)
  return new Table(ends, classOf, classes)
}

/** Its last bytes, a character each. */
const endOf = (word: string): string =>
  isAscii.test(word)
    ? word.slice(-longestLooked)
    : Buffer.from(word).subarray(-longestLooked).toString('latin1')
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are of ASCII, too
const isAscii = /^[\x00-\x7f]*$/

/** Bytes that words have get a class each, the two cases of a letter the same; so a state has few ways to go on. */
function classesOf(ends: readonly string[]): { readonly classOf: Uint8Array; readonly classes: number } {
  const classOf = new Uint8Array(256)
  let classes = escapeClass + 1
  for (const end of ends) {
    for (let at = 0; at < end.length; at += 1) {
      const byte = end.charCodeAt(at)
      if (classOf[byte] === 0) classOf[byte] = classes++
    }
  }
  for (const byte of lineBreaks) classOf[byte] = breakClass
  classOf[escapeByte] = escapeClass
  for (let upper = 0x41; upper <= 0x5a; upper += 1) classOf[upper] = classOf[upper + 0x20] ?? 0
  return { classOf, classes }
}

/** Of rows in the beginning: a log needs some hundred of the many thousand. */
const firstRows = 256

/** The words that begin alike stand together when they are sorted: a node is a range of them and the length in which they agree. */
type Node = {
  readonly from: number
  readonly to: number
  readonly length: number
  /** The node of the longest end of it that begins a word, too. */
  readonly fail: Node | null
  /** Those of `fail` are among them. */
  readonly words: readonly number[] | null
  /** Where its row begins; 0 is nowhere yet. */
  state: number
}

class Table implements Literals {
  readonly classOf: Uint8Array
  readonly words: number
  /** Above 0 a way leads to a row, below 0 to a node by number. */
  next: Int32Array
  readonly #ends: readonly string[]
  /** The numbers of the words in the order of their letters. */
  readonly #sorted: readonly number[]
  readonly #classes: number
  readonly #nodes: Node[] = []
  /** By row. None has row 0. */
  readonly #withRow: Node[] = []

  constructor(ends: readonly string[], classOf: Uint8Array, classes: number) {
    this.classOf = classOf
    this.words = ends.length
    this.#ends = ends
    this.#sorted = sorted(ends)
    this.#classes = classes
    this.next = new Int32Array(firstRows * classes)
    const root: Node = { from: 0, to: ends.length, length: 0, fail: null, words: [], state: 0 }
    const lineBreak: Node = { ...root, words: null }
    this.#nodes.push(root, lineBreak)
    this.#withRow.push(root)
    const start = this.#newRow(root)
    this.next.fill(start, start, start + classes)
    this.#addChildren(root)
    this.next[start + breakClass] = -1
    this.next[start + escapeClass] = -1
    const afterBreak = this.#newRow(lineBreak)
    this.next.copyWithin(afterBreak, start, start + classes)
  }

  get start(): number {
    return this.#classes
  }

  arrive(way: number): Arrival {
    const node = this.#nodes[-(this.next[way] as number)] as Node
    if (node.state === 0) this.#makeRow(node)
    // Next time there is nothing to do.
    if (node.words?.length === 0) this.next[way] = node.state
    return node
  }

  /** Where no word goes on, the longest end that begins another does; what ends there ends here, too. */
  #makeRow(node: Node): void {
    const other = node.fail as Node
    if (other.state === 0) this.#makeRow(other)
    const row = this.#newRow(node)
    this.next.copyWithin(row, other.state, other.state + this.#classes)
    this.#addChildren(node)
  }

  #newRow(node: Node): number {
    node.state = (this.#withRow.push(node) - 1) * this.#classes
    if (node.state === this.next.length) this.#grow()
    return node.state
  }

  #grow(): void {
    const next = new Int32Array(2 * this.next.length)
    next.set(this.next)
    this.next = next
  }

  #addChildren(node: Node): void {
    const { to, length, fail } = node
    let from = this.#afterWordsOf(length, node.from, to)
    while (from < to) {
      const letter = this.#letter(from, length)
      const end = this.#afterLetter(letter, length, from, to)
      const char = this.classOf[letter] as number
      const shorter = fail === null ? node : this.#nodeAt(this.next[fail.state + char] as number)
      const own = this.#sorted.slice(from, this.#afterWordsOf(length + 1, from, end))
      const words = [...own, ...(shorter.words ?? [])]
      const child = { from, to: end, length: length + 1, fail: shorter, words, state: 0 }
      this.next[node.state + char] = 1 - this.#nodes.push(child)
      from = end
    }
  }

  /** Words that are a node, and not only begin with it, stand first in it. */
  #afterWordsOf(length: number, from: number, to: number): number {
    let at = from
    while (at < to && this.#end(this.#sorted[at] as number).length === length) at += 1
    return at
  }

  /** Those with this letter stand together: of the first node thousands. */
  #afterLetter(letter: number, length: number, from: number, to: number): number {
    let [last, after] = [from, to]
    for (let step = 1; last + step < after; step *= 2) {
      if (this.#letter(last + step, length) === letter) last += step
      else after = last + step
    }
    while (after - last > 1) {
      const middle = (last + after) >> 1
      if (this.#letter(middle, length) === letter) last = middle
      else after = middle
    }
    return after
  }

  #letter(at: number, index: number): number {
    return this.#end(this.#sorted[at] as number).charCodeAt(index)
  }

  #end(word: number): string {
    return this.#ends[word] as string
  }

  #nodeAt(way: number): Node {
    return (way < 0 ? this.#nodes[-way] : this.#withRow[way / this.#classes]) as Node
  }
}

/** The numbers of the words in the order of their letters. */
function sorted(ends: readonly string[]): readonly number[] {
  const digits = `${ends.length}`.length
  const numbered = ends.map((end, word) => `${end}\0${`${word}`.padStart(digits, '0')}`).sort()
  return numbered.map((text) => Number(text.slice(text.indexOf('\0') + 1)))
}
