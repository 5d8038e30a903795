/** What green runs said as well, line by line, apart from numbers, is not why another one failed. */
import { bytesOfText } from './bytes-of-text.ts'
import type { Effort } from './effort.ts'
import { longestExcerpt } from './excerpt.ts'
import { hashOf53, hashStart, secondStart, withSign } from './hash.ts'
import { LineScanner } from './line-scanner.ts'
import { plainLogLine } from './plain-line.ts'
import { ruleBook } from './rule-book.ts'
import type { Log } from './words.ts'

/** Of some lines of a failed log, those that green logs have as well: how many are asked for bounds what is kept. */
export class FamiliarLines {
  readonly #wanted: ReadonlySet<number>
  readonly #shapes = new Set<number>()

  constructor(wanted: Iterable<string>) {
    this.#wanted = new Set(Array.from(wanted, shapeOf))
  }

  /** @throws what reading the logs throws, and the signal's reason. */
  async read(logs: readonly Log[], effort: Effort, signal?: AbortSignal): Promise<void> {
    const { literals } = ruleBook()
    for (const { chunks } of logs) {
      const scanner = new LineScanner(literals, (_line, bytes) => this.add(plainLogLine(bytes)))
      for await (const chunk of bytesOfText(chunks)) {
        signal?.throwIfAborted()
        if (effort.isOver) return
        effort.scan(chunk.length)
        scanner.push(chunk)
      }
      scanner.end()
    }
  }

  add(line: string): void {
    const shape = shapeOf(line)
    if (this.#wanted.has(shape)) this.#shapes.add(shape)
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
