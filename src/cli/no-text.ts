/** What is no log, by its first bytes: compressed files, programs and other binary data. */
import { isUtf16 } from '../experts/experts.ts'

/** So many bytes decide; shorter files are looked at whole. */
export const lookedBytes = 4_096

/** First bytes of each format, and what unpacks it to standard output. */
const compressed: readonly (readonly [format: string, first: readonly number[], reader: string])[] = [
  ['gzip', [0x1f, 0x8b], 'zcat'],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd], 'zstdcat'],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'xzcat'],
  ['bzip2', [0x42, 0x5a, 0x68, -1, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59], 'bzcat'],
  ['lz4', [0x04, 0x22, 0x4d, 0x18], 'lz4cat'],
  ['zip', [0x50, 0x4b, 0x03, 0x04], 'unzip -p'],
]

/** Of UTF-16: other alphabets than Latin have bytes that look like control characters. */
const byteOrderMarks: readonly (readonly number[])[] = [
  [0xff, 0xfe],
  [0xfe, 0xff],
]

const programs: readonly (readonly number[])[] = [
  // ELF
  [0x7f, 0x45, 0x4c, 0x46],
  // Mach-O of 64 bits, and of several architectures, which is also the beginning of a Java class
  [0xcf, 0xfa, 0xed, 0xfe],
  [0xca, 0xfe, 0xba, 0xbe],
  // WebAssembly
  [0x00, 0x61, 0x73, 0x6d],
]

/**
 * Why these bytes are no text, and null where they may be one: UTF-16 has many bytes 0, and so has a log that was cut
 * while its writer went on, but neither has many control characters beside them.
 */
export function whyNoText(head: Uint8Array, file: string | null): string | null {
  const begins = (first: readonly number[]): boolean =>
    first.every((byte, at) => byte === -1 || byte === head[at])
  const [format, , reader] = compressed.find(([, first]) => begins(first)) ?? []
  if (format !== undefined)
    return `is compressed (${format}): ${
      file === null ? `pipe it through "${reader}"` : `${reader} ${shellWord(file)} | plimsoll diagnose -`
    }`
  if (byteOrderMarks.some(begins)) return null
  return programs.some(begins) || (isBinary(head) && !isUtf16(head)) ? 'is no text but binary data' : null
}

/** Of the first bytes. */
const leastZeros = 1 / 10
/** Of those that are not 0: text has next to none. */
const leastControls = 1 / 10

function isBinary(head: Uint8Array): boolean {
  const looked = head.subarray(0, lookedBytes)
  const zeros = looked.filter((byte) => byte === 0).length
  const controls = looked.filter(isControl).length
  return zeros > leastZeros * looked.length && controls > leastControls * (looked.length - zeros)
}

/** None that logs have: tabs, ends of lines and pages, backspaces, bells and colours. */
const isControl = (byte: number): boolean =>
  byte !== 0 && (byte < 7 || (byte > 13 && byte < 27) || (byte > 27 && byte < 32))

const shellWord = (text: string): string =>
  /^[\w./:@%+,][\w./:@%+,-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
