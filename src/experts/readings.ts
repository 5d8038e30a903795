/** What lines say, read as seldom as can be: a shape that came before says the same again, and a kind most likely. */
import { Effort } from './effort.ts'
import { Kinds } from './kinds.ts'
import { LineScanner } from './line-scanner.ts'
import { kindOf, shapeOf } from './line-shape.ts'
import { Reading } from './reading.ts'
import type { RuleBook } from './rule-book.ts'

/** Shapes that are remembered; a new one takes the place of another. */
const mostShapes = 2_048
/** Of a longer line nothing is remembered, in bytes: with the number of shapes, some 8 MB. */
const longestRemembered = 1_024
/** With less to read nothing would be gained. */
const manyLines = 256

export class Readings {
  readonly #book: RuleBook
  readonly #isEachRead: boolean
  readonly #effort: Effort
  /** 0 is none. */
  readonly #shapes = new Float64Array(mostShapes)
  /** Of shapes that came twice: most come once, and what is kept of each line soon is old to V8, which then takes more memory. */
  readonly #readings: (Reading | undefined)[] = Array.from({ length: mostShapes }, () => undefined)
  readonly #kinds = new Kinds()
  #scanner: LineScanner | undefined
  #found: readonly number[] = []

  /** Lines that were read, before kinds are looked at. */
  #count = 0

  /** @param isEachRead each shape: nothing is taken to say what it does not. */
  constructor(book: RuleBook, { isEachRead = false, effort = new Effort() } = {}) {
    this.#book = book
    this.#isEachRead = isEachRead
    this.#effort = effort
  }

  /** False when some lines were taken to say what others of their kind said. */
  get isExact(): boolean {
    return !this.#kinds.isUsed
  }

  /** @param found the numbers of the book's words that the line has. */
  of(bytes: Uint8Array, found: readonly number[]): Reading {
    if (bytes.length > longestRemembered) return this.#read(bytes, found)
    const shape = shapeOf(bytes, found)
    const at = shape % mostShapes
    const isKnown = this.#shapes[at] === shape
    const known = isKnown ? this.#readings[at] : undefined
    if (known !== undefined) return known
    const reading = this.#ofKind(bytes, found)
    this.#shapes[at] = shape
    this.#readings[at] = isKnown ? reading : undefined
    return reading
  }

  /** Of a shape that is new, or came once. */
  #ofKind(bytes: Uint8Array, found: readonly number[]): Reading {
    this.#count += 1
    if (this.#count < manyLines || this.#isEachRead) return this.#read(bytes, found)
    const kind = kindOf(bytes, found, this.#book.vocabulary)
    const assumed = this.#kinds.assumed(kind)
    if (assumed !== undefined) return assumed
    const reading = this.#read(bytes, found)
    this.#kinds.add(kind, reading)
    return reading
  }

  /** What a line says by itself. */
  exactly(bytes: Uint8Array): Reading {
    this.#scanner ??= new LineScanner(this.#book.literals, (_line, _bytes, words) => {
      this.#found = words
    })
    this.#found = []
    this.#scanner.push(bytes)
    this.#scanner.end()
    return new Reading(bytes, this.#found, this.#book)
  }

  #read(bytes: Uint8Array, found: readonly number[]): Reading {
    this.#effort.read(bytes.length)
    return new Reading(bytes, found, this.#book)
  }
}
