/**
 * Lines that differ only in what no rule asks for have one shape: the time, long numbers, decimals and addresses, and
 * the names of requests, each with as many digits. A service that complains with each line has few shapes, and one of
 * each need be read. Lines of one kind differ in names as well.
 *
 * Both walk over each byte of such a log: the table of bytes stands here, as V8 takes nothing imported for constant.
 */
import { endOfEscape, escapeByte } from './escapes.ts'
import { hashOf53, hashStart, secondStart, withSign } from './hash.ts'
import { smallest, type Vocabulary } from './vocabulary.ts'

/** Numbers that rules ask for, where the scanner does not find them with the line, and those of levels in records. */
const named: ReadonlySet<number> = new Set([
  ...[0, 10, 12, 13, 20, 22, 30, 40, 100, 137, 143, 227],
  ...[1040, 1044, 1045, 1142, 2002, 2003, 3306, 5432, 6379, 27_017, 308_010],
])
/** So are those that a server answers with when it fails. */
const isStatus = (number: number): boolean => number >= 400 && number < 600

/** What a byte of a word is, in `classOf`; 0 for all else. */
const digit = 1
const hexLetter = 2
const lower = 4
const upper = 8

const classOf = new Uint8Array(256)
for (let code = 0x30; code <= 0x39; code += 1) classOf[code] = digit
for (let at = 0; at < 26; at += 1) {
  const hex = at < 6 ? hexLetter : 0
  classOf[0x41 + at] = upper | hex
  classOf[0x61 + at] = lower | hex
}

const classAt = (bytes: Uint8Array, at: number): number =>
  at < bytes.length ? (classOf[bytes[at] as number] as number) : 0

/** Of a name in base 16 that is all one word, such as that of a trace: shorter ones may be codes, `0xC0000005`. */
const leastHex = 12
const uuidBytes = 36
const dashesOfUuid = [8, 13, 18, 23]
const dash = 0x2d

/** Signs that no byte is: so many digits stand here, or a name so long, whichever they are. */
const anyDigits = 0x100
const anyName = 0x10000

/** A hash of 53 bits of a line and the words that were found in it. */
export function shapeOf(bytes: Uint8Array, words: readonly number[]): number {
  let low = hashStart
  let high = secondStart
  for (const word of words) {
    low = withSign(low, word)
    high = withSign(high, word)
  }
  let isInWord = false
  for (let at = 0; at < bytes.length; ) {
    let sign = bytes[at] as number
    let end = at + 1
    const kind = classOf[sign] as number
    if (kind === 0) {
      isInWord = false
      for (const last = endOfSign(bytes, at); end < last; end += 1) {
        low = withSign(low, sign)
        high = withSign(high, sign)
        sign = bytes[end] as number
      }
    } else if (!isInWord) {
      isInWord = true
      const name = (kind & (digit | hexLetter)) === 0 ? at : endOfName(bytes, at)
      const number = kind === digit && name === at ? endOfNumber(bytes, at) : at
      if (name > at) {
        // What stands before a line is another thing where it begins with a digit.
        sign = anyName + 2 * (name - at) + (kind === digit ? 1 : 0)
        end = name
      } else if (number > at) {
        sign = anyDigits + number - at
        end = number
      }
    }
    low = withSign(low, sign)
    high = withSign(high, sign)
    at = end
  }
  return hashOf53(low, high)
}

/** Where a name in base 16 ends that begins here; `start` where none does. */
function endOfName(bytes: Uint8Array, start: number): number {
  let kinds = 0
  let end = start
  for (let kind = classAt(bytes, end); (kind & (digit | hexLetter)) !== 0; kind = classAt(bytes, end)) {
    kinds |= kind
    end += 1
  }
  if (classAt(bytes, end) !== 0) return start
  if (end - start >= leastHex && (kinds & digit) !== 0 && (kinds & hexLetter) !== 0) return end
  return end - start === dashesOfUuid[0] && isUuid(bytes, start) ? start + uuidBytes : start
}

function isUuid(bytes: Uint8Array, start: number): boolean {
  if (start + uuidBytes > bytes.length) return false
  for (let at = 0; at < uuidBytes; at += 1) {
    const isHex = (classAt(bytes, start + at) & (digit | hexLetter)) !== 0
    if (dashesOfUuid.includes(at) ? bytes[start + at] !== dash : !isHex) return false
  }
  return classAt(bytes, start + uuidBytes) === 0
}

/**
 * A number of 32 bits, never 0, of the words that were found in a line, and of all else in it but names: words in lower
 * case that no rule has, and names with digits, are one like another; numbers as in a shape.
 */
export function kindOf(bytes: Uint8Array, found: readonly number[], vocabulary: Vocabulary): number {
  let kind = hashStart
  for (const word of found) kind = withSign(kind, word)
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] as number
    const first = classOf[byte] as number
    if (first === 0) {
      for (const end = endOfSign(bytes, at); at < end; at += 1) kind = withSign(kind, bytes[at] as number)
      continue
    }
    const number = first === digit ? endOfNumber(bytes, at) : at
    if (number > at) {
      kind = withSign(kind, anyNumber)
      at = number
      continue
    }
    // A word: its hash, if it may matter.
    const start = at
    let word = hashStart
    let classes = 0
    for (let one = first; one !== 0; one = at < bytes.length ? (classOf[bytes[at] as number] as number) : 0) {
      classes |= one
      word = withSign(word, bytes[at] as number)
      at += 1
    }
    const isName = (classes & upper) === 0 && classes !== digit && !vocabulary.has(word & smallest)
    // What stands before a line is another thing where it begins with a digit, or is long.
    kind = withSign(
      kind,
      isName ? (first === digit ? anyCode : at - start > longName ? anyLong : anyWord) : word,
    )
  }
  return kind >>> 0 || 1
}

/** Signs that no byte and no word is, most likely. */
const anyWord = 0x100
const anyNumber = 0x101
const anyCode = 0x102
const anyLong = 0x103

/** In bytes: less than names before a line may have. */
const longName = 40

/**
 * Where ends what begins here with a sign and goes on with letters or digits that are of no word: a colour, also as JSON
 * writes it, and `\n`. Right after the sign where it is one alone.
 */
function endOfSign(bytes: Uint8Array, at: number): number {
  const sign = bytes[at]
  if (sign === escapeByte) return Math.max(at + 1, endOfEscape(bytes, at))
  if (sign === backslash) return endOfWritten(bytes, at)
  return sign === openBracket ? endOfColour(bytes, at) : at + 1
}

function endOfWritten(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 1]
  if (kind === letterU && bytes[at + 6] === openBracket) return endOfColour(bytes, at + 6)
  return kind === letterN || kind === letterR || kind === letterT ? at + 2 : at + 1
}

/** `[31m`; right after the bracket of another. */
function endOfColour(bytes: Uint8Array, bracket: number): number {
  let end = bracket + 1
  while (classAt(bytes, end) === digit || bytes[end] === semicolon) end += 1
  return end > bracket + 1 && bytes[end] === letterM ? end + 1 : bracket + 1
}

const openBracket = 0x5b
const backslash = 0x5c
const semicolon = 0x3b
const letterM = 0x6d
const letterN = 0x6e
const letterR = 0x72
const letterT = 0x74
const letterU = 0x75
const colon = 0x3a
const comma = 0x2c
const point = 0x2e
const lessThan = 0x3c
const zero = 0x30

/** Where a number ends that begins here and may be any; `start` where none does. */
function endOfNumber(bytes: Uint8Array, start: number): number {
  let end = start
  while (classAt(bytes, end) === digit) end += 1
  return isAny(bytes, start, end) ? end : start
}

/** Whether it does not matter which number it is: no rule asks for it; the digits after a point, or of a time. */
function isAny(bytes: Uint8Array, start: number, end: number): boolean {
  const before = start > 0 ? bytes[start - 1] : undefined
  const isAfterDigit = start > 1 && classAt(bytes, start - 2) === digit
  if (isAfterDigit && before === point) return true
  // A lone 0 after a comma is none of something; the digits of a second are more than one.
  if (isAfterDigit && before === comma && end - start > 1) return true
  if (end - start === 2 && isAfterDigit && before === colon) return true
  // None, one and several are told apart, and before a line of syslog its priority is a number.
  if (end - start === 1 || bytes[start] === zero || before === lessThan) return false
  const number = numberOf(bytes, start, end)
  return !named.has(number) && !isStatus(number)
}

function numberOf(bytes: Uint8Array, start: number, end: number): number {
  let number = 0
  for (let at = start; at < end; at += 1) number = 10 * number + (bytes[at] as number) - zero
  return number
}
