import { endOfEscape, escapeByte } from './escapes.ts'
import { breakClass, escapeClass, type Literals } from './literals.ts'
import { lastBound, windowBytes, windowsOf } from './long-line.ts'

/** Of a line with words that were looked for: its number, its bytes, and the numbers of the words, each once. */
export type TellLine = (line: number, bytes: Uint8Array, words: readonly number[]) => void

/** So much of an unfinished line is kept until more of it comes. */
const mostKeptBytes = 16_384
/** So much of what was looked at is kept of an unfinished line: what begins in it may be a secret that goes on after it. */
const knownBytes = 8_192
/** A piece of an unfinished line ends at a bound, if there is one in so many bytes. */
const mostLeftBytes = 4_096
/** Words of one line beyond these are not told. */
const mostWords = 64

const lineFeed = Buffer.from('\n')

/**
 * Cuts a stream of bytes into lines and tells those that have any of the words, in order. A lone carriage return ends a
 * line, too, as in editors (progress bars are many lines); so does a NUL byte (binary files), which is not counted. Words
 * are found across colours. It keeps at most 16 KiB.
 */
export class LineScanner {
  readonly #literals: Literals
  readonly #tell: TellLine
  #line = 1
  #state: number
  #afterReturn = false
  #kept: Uint8Array = new Uint8Array(0)
  /** How many of the last bytes of what is kept are of an escape that is not finished. */
  #unread = 0
  /** So many bytes of it were looked at before; 0 in a line that is kept from its beginning. */
  #known = 0
  /**
   * The words that were found in this line. Not an array made for each line: V8 makes those among the old now and then,
   * and a log of 1 GB took 250 MB instead of 50.
   */
  readonly #words = new Uint32Array(mostWords)
  #found = 0
  /** Since when a word was last found in this line: 0 is never. */
  readonly #seen: Uint32Array
  #round = 1

  constructor(literals: Literals, tell: TellLine) {
    this.#literals = literals
    this.#tell = tell
    this.#state = literals.start
    this.#seen = new Uint32Array(literals.words)
  }

  /** The number of the line that is being read, from 1. */
  get line(): number {
    return this.#line
  }

  push(chunk: Uint8Array): void {
    const rest = this.#kept.length === 0 ? chunk : this.#finishLine(chunk)
    if (rest.length > 0) this.#keep(rest, this.#scan(rest, 0))
  }

  /** What is kept was the last line; a command to a terminal that does not end is none. */
  end(): void {
    if (this.#unread > 0) {
      const line = this.#line
      this.push(lineFeed)
      this.#line = line
    }
    this.#endLine(this.#kept)
    this.#known = 0
    this.#kept = new Uint8Array(0)
    this.#unread = 0
    this.#state = this.#literals.start
  }

  /** The line that was begun is read with what belongs to it; only that is copied. @returns what comes after it. */
  #finishLine(chunk: Uint8Array): Uint8Array {
    const { classOf } = this.#literals
    let end = 0
    while (end < chunk.length && classOf[chunk[end] as number] !== breakClass) end += 1
    const line = Buffer.concat([this.#kept, chunk.subarray(0, end + 1)])
    const start = this.#scan(line, this.#kept.length - this.#unread)
    this.#keep(line, start)
    return chunk.subarray(end + 1)
  }

  /** Of a long line that is not finished what was found is told now. */
  #keep(bytes: Uint8Array, start: number): void {
    const rest = bytes.subarray(start)
    if (rest.length <= mostKeptBytes) {
      this.#kept = Buffer.from(rest)
      return
    }
    const least = rest.length - mostLeftBytes
    const bound = lastBound(rest, least)
    const end = bound > least ? bound : rest.length
    this.#endPiece(rest.subarray(0, end), true)
    this.#kept = Buffer.from(rest.subarray(end - knownBytes))
    this.#known = knownBytes
  }

  /** @returns where the unfinished line begins. */
  #scan(bytes: Uint8Array, from: number): number {
    const literals = this.#literals
    const { classOf } = literals
    let { next } = literals
    let state = this.#state
    let start = 0
    this.#unread = 0
    for (let at = from; at < bytes.length; at += 1) {
      const way = state + (classOf[bytes[at] as number] as number)
      state = next[way] as number
      if (state > 0) continue
      if (bytes[at] === escapeByte) {
        state = way - escapeClass
        const end = endOfEscape(bytes, at)
        if (end < 0) this.#unread = bytes.length - at
        at = end < 0 ? bytes.length : end - 1
        continue
      }
      const arrived = literals.arrive(way)
      state = arrived.state
      if (arrived.words !== null) this.#hit(arrived.words)
      else {
        if (this.#found > 0) this.#endLine(bytes.subarray(start, at))
        this.#known = 0
        this.#countLine(bytes[at], at === start)
        start = at + 1
      }
      // The table may have grown, also while a long line was told.
      next = literals.next
    }
    this.#state = state
    return start
  }

  /** A line feed right after a carriage return ends the same line. */
  #countLine(byte: number | undefined, isEmpty: boolean): void {
    if (byte === 0x0d || (byte === 0x0a && !(this.#afterReturn && isEmpty))) this.#line += 1
    this.#afterReturn = byte === 0x0d
  }

  #hit(words: readonly number[]): void {
    for (const word of words) {
      if (this.#seen[word] === this.#round || this.#found >= mostWords) continue
      this.#seen[word] = this.#round
      this.#words[this.#found] = word
      this.#found += 1
    }
  }

  #endLine(bytes: Uint8Array): void {
    if (this.#found === 0) return
    if (bytes.length > 2 * windowBytes) this.#endPiece(bytes, false)
    else this.#tell(this.#line, bytes, this.#foundWords())
    this.#forget([])
  }

  /** Words that are not told yet may be so with more of the line. */
  #endPiece(bytes: Uint8Array, isCutAfter: boolean): void {
    const words = this.#foundWords()
    if (words.length === 0) return
    const piece = { bytes, knownBytes: this.#known, isCutBefore: this.#known > 0, isCutAfter }
    const told = new Set<number>()
    for (const { word, bytes: window } of windowsOf(piece, words, this.#literals)) {
      told.add(word)
      this.#tell(this.#line, window, [word])
    }
    this.#forget(words.filter((word) => !told.has(word)))
  }

  #foundWords(): readonly number[] {
    const words: number[] = []
    for (let at = 0; at < this.#found; at += 1) words.push(this.#words[at] as number)
    return words
  }

  #forget(except: readonly number[]): void {
    this.#found = 0
    this.#round += 1
    this.#hit(except)
  }
}
