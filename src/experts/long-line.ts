/**
 * Windows of a line that is too long to be looked at as a whole, each around words that were found. Secrets are masked
 * before it is cut: a part of one would not be known as one.
 */
import { createRedactor } from '../redact/redact.ts'
import { endOfEscape, escapeByte } from './escapes.ts'
import { escapeClass, type Literals } from './literals.ts'

/** A piece of a long line. */
export type Piece = {
  readonly bytes: Uint8Array
  /** So many of its bytes were looked at before: they tell what the others are part of. */
  readonly knownBytes: number
  /** Its first bytes are not those of the line. */
  readonly isCutBefore: boolean
  /** The line goes on after it. */
  readonly isCutAfter: boolean
}

export type WordWindow = { readonly word: number; readonly bytes: Uint8Array }

/** Longer lines are looked at around the words that were found, this far on either side, in bytes. */
export const windowBytes = 2_048

/** So that neither end is taken for that of the line. */
const leftOut = Buffer.from('…')
const nothing = Buffer.alloc(0)

const redactor = createRedactor([])

/** Of each of these words the first place that is new in this piece, less what may be a part of a longer secret. */
export function* windowsOf(
  piece: Piece,
  words: readonly number[],
  literals: Literals,
): Generator<WordWindow> {
  const { bytes, knownBytes, isCutBefore, isCutAfter } = piece
  const stream = redactor.stream()
  const known = stream.push(bytes.subarray(0, knownBytes))
  const masked = Buffer.concat([known, stream.push(bytes.subarray(knownBytes)), stream.end()])
  const from = isCutBefore ? firstBound(masked) : 0
  const to = isCutAfter ? lastBound(masked, 0) : masked.length
  const wanted = new Set(words)
  for (const { word, end } of placesIn(masked.subarray(0, to), literals)) {
    if (end <= Math.max(from, known.length) || !wanted.delete(word)) continue
    const [left, right] = [Math.max(from, end - windowBytes), Math.min(to, end + windowBytes)]
    const isEnd = right === masked.length && !isCutAfter
    yield {
      word,
      bytes: Buffer.concat([
        left > 0 ? leftOut : nothing,
        masked.subarray(left, right),
        isEnd ? nothing : leftOut,
      ]),
    }
  }
}

function* placesIn(
  bytes: Uint8Array,
  literals: Literals,
): Generator<{ readonly word: number; readonly end: number }> {
  const { classOf } = literals
  let { next, start: state } = literals
  for (let at = 0; at < bytes.length; at += 1) {
    const way = state + (classOf[bytes[at] as number] as number)
    state = next[way] as number
    if (state > 0) continue
    if (bytes[at] === escapeByte) {
      state = way - escapeClass
      const after = endOfEscape(bytes, at)
      at = after < 0 ? bytes.length : after - 1
      continue
    }
    const arrived = literals.arrive(way)
    next = literals.next
    state = arrived.state
    for (const word of arrived.words ?? []) yield { word, end: at + 1 }
  }
}

/** No secret that is longer than a window goes on over a white space or a quote. */
const isBound = (byte: number | undefined): boolean =>
  byte !== undefined && (byte <= 0x20 || byte === 0x22 || byte === 0x27 || byte === 0x60)

function firstBound(bytes: Uint8Array): number {
  let at = 0
  while (at < bytes.length && !isBound(bytes[at])) at += 1
  return at
}

/** Behind the last bound, not before `least`; without one `least`. */
export function lastBound(bytes: Uint8Array, least: number): number {
  let at = bytes.length
  while (at > least && !isBound(bytes[at - 1])) at -= 1
  return at
}
