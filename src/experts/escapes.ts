/** Commands to a terminal among the text of a log (ECMA-48): colours, titles that are set, Buildkite's times. */

export const escapeByte = 0x1b

/** Longer ones are none: of a command, and of a text that is handed to the terminal, as a link is. In bytes. */
const mostOfCommand = 48
const mostOfText = 256

const open = 0x5b
const bell = 0x07
const backslash = 0x5c

/**
 * Where what begins with the ESC at `at` ends; right after it when it is no command, and -1 when more bytes are needed
 * to tell.
 */
export function endOfEscape(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 1]
  if (kind === undefined) return -1
  if (kind === open) return endOfCommand(bytes, at)
  if (kind === 0x5d || kind === 0x5f) return endOfText(bytes, at)
  return kind >= 0x40 && kind <= 0x5f ? at + 2 : at + 1
}

function endOfCommand(bytes: Uint8Array, at: number): number {
  const most = Math.min(bytes.length, at + mostOfCommand)
  let end = at + 2
  while (end < most && isParameter(bytes[end] as number)) end += 1
  if (end === bytes.length && end < at + mostOfCommand) return -1
  const last = bytes[end] as number
  return end < most && last >= 0x40 && last <= 0x7e ? end + 1 : at + 1
}

/** Digits and signs between them, and what may come after those. */
const isParameter = (byte: number): boolean => byte >= 0x20 && byte <= 0x3f

function endOfText(bytes: Uint8Array, at: number): number {
  const most = Math.min(bytes.length, at + mostOfText)
  let end = at + 2
  while (end < most && (bytes[end] as number) >= 0x20) end += 1
  if (end === bytes.length && end < at + mostOfText) return -1
  if (bytes[end] === bell && end < most) return end + 1
  if (bytes[end] !== escapeByte || end >= most) return at + 1
  if (end + 1 === bytes.length) return -1
  return bytes[end + 1] === backslash ? end + 2 : at + 1
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how they begin and end
const escapes = /\x1b(?:\[[ -?]{0,45}[@-~]|[\]_][^\x00-\x1f]{0,253}(?:\x07|\x1b\\)|[@-Z\\^])/g

/** Back to the first column, and the line is erased: a terminal shows no more what stood before, as spinners do. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how they begin
const erased = /\x1b\[1?G\x1b\[0?[JK]|\x1b\[2K\x1b\[1?G/

/** JSON writes them so, with more backslashes where it stands within JSON. */
const inJson = /\\{1,7}u001b\[[\d;]{0,40}[A-Za-z]/gi

/** A line without them, in time that is proportional to it. */
export function withoutEscapes(line: string): string {
  const said = line.includes('\\u001') ? line.replaceAll(inJson, '') : line
  if (!said.includes('\u001b')) return said
  const parts = said.split(erased).map((part) => part.replaceAll(escapes, ''))
  return parts.findLast((part) => /\p{L}/u.test(part)) ?? parts.join('')
}
