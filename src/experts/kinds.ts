/**
 * Lines that differ only in names and numbers are of one kind. When many have said the same trouble, the next of their
 * kind is taken to say so, too: of a service that complains with each line few lines tell anything new. Who shows such a
 * line reads it before.
 */

import { hashStart, withSign } from './hash.ts'
import type { Phrase } from './phrase.ts'
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
  /** A hash of what they said. */
  readonly #said = new Int32Array(mostKinds)
  /** Of those that have said it often enough: what is kept of each line soon is old to V8, which then takes more memory. */
  readonly #readings: (Reading | undefined)[] = Array.from({ length: mostKinds }, () => undefined)
  #isUsed = false

  /** Whether any line was taken to say what others said. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  /** What a line of this kind is taken to say; undefined where it is to be read. */
  assumed(kind: number): Reading | undefined {
    const at = kind % mostKinds
    const reading = this.#readings[at]
    if (reading === undefined || this.#kinds[at] !== kind) return undefined
    const count = (this.#counts[at] as number) + 1
    this.#counts[at] = count
    if (count % oneIn === 0) return undefined
    this.#isUsed = true
    return reading
  }

  /** A line of this kind was read. */
  add(kind: number, reading: Reading): void {
    const at = kind % mostKinds
    const said = isTrouble(reading) ? hashOf(reading) : 0
    const isAsBefore = said !== 0 && this.#kinds[at] === kind && this.#said[at] === said
    const count = isAsBefore ? (this.#counts[at] as number) + 1 : 1
    const isEnough = count >= enough && !reading.isSoft
    this.#kinds[at] = kind
    this.#said[at] = said
    this.#counts[at] = count
    if (!isEnough) this.#readings[at] = undefined
    else this.#readings[at] ??= reading
  }
}

function isTrouble({ rules, marks, cmake, isOfException }: Reading): boolean {
  if (cmake !== null || isOfException) return false
  return rules.length + marks.length > 0 && marks.every(({ kind }) => trouble.has(kind))
}

/** A number of 32 bits, never 0, of the rules and marks that a line fits, and how well. */
function hashOf({ rules, marks }: Reading): number {
  let hash = hashStart
  const add = (name: string, { length }: Phrase): void => {
    for (let at = 0; at < name.length; at += 1) hash = withSign(hash, name.charCodeAt(at))
    hash = withSign(hash, 0x10000 + length)
  }
  for (const { rule, phrase } of rules) add(rule.id, phrase)
  for (const { kind, phrase } of marks) add(kind, phrase)
  return hash || 1
}
