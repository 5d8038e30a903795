/** What lines say, read as seldom as can be: a shape that came before says the same again, and a kind most likely. */
import { Kinds, kindOf } from './kinds.ts'
import { LineScanner } from './line-scanner.ts'
import { shapeOf } from './line-shape.ts'
import { Reading } from './reading.ts'
import type { RuleBook } from './rule-book.ts'

/** Shapes that are remembered; a new one takes the place of another. */
const mostShapes = 2_048
/** Of a longer line nothing is remembered, in bytes: with the number of shapes, some 4 MB. */
const longestRemembered = 1_024

export class Readings {
  readonly #book: RuleBook
  readonly #onRead: ((reading: Reading) => void) | undefined
  /** 0 is none. */
  readonly #shapes = new Float64Array(mostShapes)
  /** Of shapes that came twice: most come once, and what is kept of each line soon is old to V8, which then takes more memory. */
  readonly #readings: (Reading | undefined)[] = Array.from({ length: mostShapes }, () => undefined)
  readonly #kinds = new Kinds()

  /** @param onRead told of each shape at least once: with it, nothing is taken to say what it does not. */
  constructor(book: RuleBook, onRead?: (reading: Reading) => void) {
    this.#book = book
    this.#onRead = onRead
  }

  /** False when some lines were taken to say what others of their kind said. */
  get isSure(): boolean {
    return !this.#kinds.isUsed
  }

  /** @param found the numbers of the book's words that the line has. */
  of(bytes: Uint8Array, found: readonly number[]): Reading {
    if (this.#onRead !== undefined) return this.#ofShape(bytes, found)
    const kind = kindOf(bytes, found)
    const said = this.#kinds.said(kind)
    if (said !== undefined) return said
    const reading = this.#ofShape(bytes, found)
    this.#kinds.add(kind, reading)
    return reading
  }

  #ofShape(bytes: Uint8Array, found: readonly number[]): Reading {
    if (bytes.length > longestRemembered) return this.#read(bytes, found)
    const shape = shapeOf(bytes, found)
    const at = shape % mostShapes
    const isKnown = this.#shapes[at] === shape
    const known = isKnown ? this.#readings[at] : undefined
    if (known !== undefined) return known
    const reading = this.#read(bytes, found)
    this.#shapes[at] = shape
    this.#readings[at] = isKnown ? reading : undefined
    return reading
  }

  /** Reads a line by itself. */
  again(bytes: Uint8Array): Reading {
    let found: readonly number[] = []
    const scanner = new LineScanner(this.#book.literals, (_line, _bytes, words) => {
      found = words
    })
    scanner.push(bytes)
    scanner.end()
    return new Reading(bytes, found, this.#book)
  }

  #read(bytes: Uint8Array, found: readonly number[]): Reading {
    const reading = new Reading(bytes, found, this.#book)
    this.#onRead?.(reading)
    return reading
  }
}
