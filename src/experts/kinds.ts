/**
 * Lines that have the same words of rules are of one kind. When many have said the same trouble, the next of
 * their kind is taken to say so, too, whatever its names and numbers are: of a service that complains with each line
 * few lines tell anything new. Who keeps such a line reads it in the end.
 */
import type { Reading } from './reading.ts'
import type { Mark } from './words.ts'

/** So many of a kind must have said the same, one after the other; */
const enough = 64
/** after them one in so many is read, and where it says something else, it begins anew. */
const oneIn = 16
/** Kinds that are remembered; a new one takes the place of another. */
const mostKinds = 512

/** What a line may say beside what rules find in it; of other marks each line counts. */
const trouble: ReadonlySet<Mark['kind']> = new Set<Mark['kind']>(['failure', 'trouble'])

export class Kinds {
  /** 0 is none. */
  readonly #kinds = new Uint32Array(mostKinds)
  readonly #counts = new Uint32Array(mostKinds)
  readonly #readings: (Reading | undefined)[] = Array.from({ length: mostKinds }, () => undefined)
  #isUsed = false

  /** Whether any line was taken to say what others said. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  /** What a line of this kind is taken to say; undefined where it is to be read. */
  said(kind: number): Reading | undefined {
    const at = kind % mostKinds
    if (this.#kinds[at] !== kind || (this.#counts[at] as number) < enough) return undefined
    const count = (this.#counts[at] as number) + 1
    this.#counts[at] = count % oneIn === 0 ? enough : count
    if (count % oneIn === 0) return undefined
    this.#isUsed = true
    return this.#readings[at]
  }

  /** A line of this kind was read. */
  add(kind: number, reading: Reading): void {
    const at = kind % mostKinds
    const before = this.#kinds[at] === kind ? this.#readings[at] : undefined
    if (before !== undefined && saysTheSame(before, reading)) {
      if ((this.#counts[at] as number) < enough) this.#counts[at] = (this.#counts[at] as number) + 1
      return
    }
    this.#kinds[at] = kind
    this.#counts[at] = 1
    this.#readings[at] = isTrouble(reading) ? reading : undefined
  }
}

/** A number of 32 bits, never 0, of the words that were found in a line, and of whether it counts none of something. */
export function kindOf(bytes: Uint8Array, words: readonly number[]): number {
  let kind = countsNone(bytes) ? 1 : 2
  for (const word of words) kind = Math.imul(kind ^ word, 0x01000193)
  return kind >>> 0 || 1
}

/** A 0 that stands alone. */
function countsNone(bytes: Uint8Array): boolean {
  let isInWord = false
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number
    if (byte === zero && !isInWord && !(at + 1 < bytes.length && isAlphanumeric(bytes[at + 1] as number)))
      return true
    isInWord = isAlphanumeric(byte)
  }
  return false
}

const zero = 0x30
const isAlphanumeric = (byte: number): boolean =>
  byte >= zero && (byte <= 0x39 || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a))

function isTrouble({ rules, marks, cmake, isOfException, isSoft }: Reading): boolean {
  if (cmake !== null || isOfException || isSoft) return false
  return (rules.size > 0 || marks.size > 0) && [...marks.keys()].every((kind) => trouble.has(kind))
}

function saysTheSame(one: Reading, other: Reading): boolean {
  if (one === other) return true
  if (one.cmake !== other.cmake || one.isOfException !== other.isOfException) return false
  return hasSame(one.rules, other.rules) && hasSame(one.marks, other.marks) && one.isSoft === other.isSoft
}

function hasSame<Key, Value>(one: ReadonlyMap<Key, Value>, other: ReadonlyMap<Key, Value>): boolean {
  if (one.size !== other.size) return false
  for (const [key, value] of one) if (other.get(key) !== value) return false
  return true
}
