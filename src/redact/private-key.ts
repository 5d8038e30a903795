/** The lines of a private key, after the line that begins it: however they are wrapped, indented, escaped or prefixed. */

/** `isNew`: not the rest of a run whose mask is written already. */
type Span = { readonly start: number; readonly end: number; readonly isNew: boolean }

export type KeyStep = {
  readonly masked: readonly Span[]
  /** From here on the text is undecided, or no longer of the key. */
  readonly stoppedAt: number
  readonly isOver: boolean
}

/** Shorter runs are common in the words that a log puts before each line. */
const shortestRun = 16
/** A key of 16384 bits has 12 KiB; with prefixes of lines and room. */
const longestKey = 64 * 1024
/** So many lines without a part of the key may stand between, as where two tasks print at once. */
const mostStrangers = 3

const dash = 0x2d
const lineFeed = 0x0a
const carriageReturn = 0x0d
const space = 0x20
const end = Buffer.from('-----END')

/** Base64, and the backslash of an escaped line end. */
const isKeyByte = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[A-Za-z0-9+/=\\]/.test(String.fromCharCode(byte)) ? 1 : 0,
)

export class KeyBody {
  /** Where lines of the key begin: below the text that begins it, or where the last one did. */
  #column: number
  #at = 0
  #bytes = 0
  #strangers = 0
  /** The line before had a part of the key. */
  #followsKey = false
  /** Of this line: something was masked; something stands there; only blanks stand after what was masked. */
  #hasKey = true
  #hasText = false
  #isBehindKey = false
  /** Inside a run that is being masked. */
  #inRun = false

  /** `column` is that of the line which begins the key; that line itself is passed already. */
  constructor(column: number) {
    this.#column = column
    this.#at = Number.POSITIVE_INFINITY
  }

  advance(bytes: Uint8Array, from: number, isLast: boolean): KeyStep {
    const masked: Span[] = []
    let at = from
    const stop = (isOver: boolean): KeyStep => {
      this.#bytes += at - from
      return { masked, stoppedAt: at, isOver }
    }
    while (at < bytes.length) {
      if (this.#bytes + at - from > longestKey) return stop(true)
      const byte = bytes[at] as number
      if (isKeyByte[byte] === 1) {
        const runEnd = endOfRun(bytes, at)
        const isWhole = runEnd < bytes.length || isLast
        const isLong = this.#inRun || runEnd - at >= shortestRun
        if (!isLong && !isWhole) return stop(false)
        if (isLong || this.#isRest(bytes[runEnd])) {
          masked.push({ start: at, end: runEnd, isNew: !this.#inRun })
          if (isLong && !this.#hasKey) this.#column = this.#at
          this.#inRun = !isWhole
          this.#hasKey ||= isLong
          this.#isBehindKey = true
        }
        this.#hasText = true
        this.#at += runEnd - at
        at = runEnd
        continue
      }
      this.#inRun = false
      if (byte === dash) {
        const seen = bytes.subarray(at, at + end.length)
        if (end.subarray(0, seen.length).equals(seen)) {
          if (seen.length === end.length) return stop(true)
          if (!isLast) return stop(false)
        }
      }
      if (byte === lineFeed) {
        if (this.#isStrange()) return stop(true)
      } else {
        if (byte !== space) this.#isBehindKey = false
        if (byte > space) this.#hasText = true
        this.#at += 1
      }
      at += 1
    }
    return stop(isLast)
  }

  /** A short run: behind one that was masked, or alone on the last line of the key. */
  #isRest(next: number | undefined): boolean {
    const isAlone = next === undefined || next === lineFeed || next === carriageReturn
    return this.#isBehindKey || (this.#followsKey && this.#at === this.#column && isAlone)
  }

  /** At the end of a line: whether too many have passed without a part of the key. */
  #isStrange(): boolean {
    if (this.#hasKey) this.#strangers = 0
    else if (this.#hasText) this.#strangers += 1
    this.#at = 0
    this.#followsKey = this.#hasKey
    this.#hasKey = this.#hasText = this.#isBehindKey = false
    return this.#strangers > mostStrangers
  }
}

function endOfRun(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && isKeyByte[bytes[at] as number] === 1) at += 1
  return at
}
