/** What green runs said, line by line, apart from numbers: what they said as well is not why another one failed. */
import { longestExcerpt } from './excerpt.ts'
import { hashOf53, hashStart, secondStart, withSign } from './hash.ts'

/** Of all green logs together; about 1 MB. */
const mostShapes = 20_000

/** Hashes of lines with words that were looked for. */
export class FamiliarLines {
  readonly #shapes = new Set<number>()

  readonly add = (line: string): void => {
    if (this.#shapes.size < mostShapes) this.#shapes.add(shapeOf(line))
  }

  get isEmpty(): boolean {
    return this.#shapes.size === 0
  }

  /** There was no room for all of them. */
  get isFull(): boolean {
    return this.#shapes.size >= mostShapes
  }

  has(line: string): boolean {
    return this.#shapes.size > 0 && this.#shapes.has(shapeOf(line))
  }
}

const anyNumber = 0x23

/** Numbers, also those in base 16, are all the same, but none is not some, `0 failed`, and codes are told apart. */
function shapeOf(line: string): number {
  const length = Math.min(line.length, longestExcerpt)
  let low = hashStart
  let high = secondStart
  for (let at = 0; at < length; ) {
    let end = at
    let hasDigit = false
    for (; end < length && isHex(line.charCodeAt(end)); end += 1) hasDigit ||= line.charCodeAt(end) <= nine
    if (end === at) end += 1
    if (hasDigit && isTold(line, at, end)) hasDigit = false
    for (let index = at; index < (hasDigit ? at + 1 : end); index += 1) {
      const code = hasDigit ? anyNumber : line.charCodeAt(index)
      low = withSign(low, code)
      high = withSign(high, code)
    }
    at = end
  }
  return hashOf53(low, high)
}

/** Whether it matters which number it is: none of something, and codes. */
function isTold(line: string, at: number, end: number): boolean {
  const before = line.slice(Math.max(0, at - mostBefore), at)
  const isNone =
    line.slice(at, end) === '0' && !partOfNumber.test(before) && !goesOn.test(line.slice(end, end + 2))
  return isNone || code.test(before)
}

const mostBefore = 10
/** Of a time, a decimal, an address; and a unit. */
const partOfNumber = /\d[.:-]$/
const goesOn = /^[\w%]|^[.:-]\d/
const code = /(?:code|status|errno|error|http)[ =:]{1,2}$/i

const nine = 0x39
const isHex = (code: number): boolean =>
  (code >= 0x30 && code <= nine) || (code >= 0x61 && code <= 0x66) || (code >= 0x41 && code <= 0x46)
