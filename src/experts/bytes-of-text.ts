/**
 * The chunks of a log as UTF-8, also when it is UTF-16: with a byte order mark, with every other byte 0, or of another
 * alphabet when its first bytes are text as that only. Of UTF-16 behind text that is none, as PowerShell's `>>` writes,
 * what is Latin can be read.
 */
export async function* bytesOfText(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  let head: Uint8Array = Buffer.alloc(0)
  let read: Reader | undefined
  for await (const chunk of chunks) {
    if (read) yield read(chunk)
    else {
      head = Buffer.concat([head, chunk])
      if (head.length < looked) continue
      read = readerFor(head)
      yield read(head)
    }
  }
  yield read ? read(Buffer.alloc(0), true) : readerFor(head)(head, true)
}

/** So many bytes decide. */
const looked = 512

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be'

type Reader = (bytes: Uint8Array, isLast?: boolean) => Uint8Array

function readerFor(first: Uint8Array): Reader {
  const encoding = encodingOf(first)
  if (encoding === 'utf-8') return zerosLeftOut()
  const decoder = new TextDecoder(encoding)
  return (bytes) => Buffer.from(decoder.decode(bytes, { stream: true }))
}

function encodingOf(first: Uint8Array): Encoding {
  const [one, two] = first
  if (one === 0xff && two === 0xfe) return 'utf-16le'
  if (one === 0xfe && two === 0xff) return 'utf-16be'
  const head = first.subarray(0, looked)
  const zeros = [0, 0]
  for (const [at, byte] of head.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros
  if (odd > head.length * 0.4 && even * 8 < odd) return 'utf-16le'
  if (even > head.length * 0.4 && odd * 8 < even) return 'utf-16be'
  if ((even === 0) === (odd === 0) || isText(head, 'utf-8')) return 'utf-8'
  const wide = even === 0 ? 'utf-16le' : 'utf-16be'
  return isText(head, wide) ? wide : 'utf-8'
}

/** Whether it is text as UTF-16: of other alphabets than Latin, half of its bytes look like control characters. */
export function isUtf16(head: Uint8Array): boolean {
  const encoding = encodingOf(head)
  return encoding !== 'utf-8' && isText(head, encoding)
}

/** Whether all of it is characters of that encoding, but for a last one that is cut. */
function isText(bytes: Uint8Array, encoding: Encoding): boolean {
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one, and zeros divide names
    return /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Z}\p{Cf}\s\0\u001b]*$/u.test(text)
  } catch {
    return false
  }
}

/** A zero between two other bytes is left out where there is another zero beyond one of them. */
function zerosLeftOut(): Reader {
  /** The last two bytes before a chunk, and those of a chunk with zeros: what comes after them decides. */
  let before: Uint8Array = Buffer.from([1, 1])
  let held: Uint8Array = Buffer.alloc(0)
  return (bytes, isLast = false) => {
    const all = held.length === 0 ? bytes : Buffer.concat([held, bytes])
    const hasZero = all.includes(0)
    const end = hasZero && !isLast ? Math.max(0, all.length - 2) : all.length
    const byteAt = (at: number): number | undefined => (at < 0 ? before[2 + at] : all[at])
    const isBetween = (at: number): boolean =>
      byteAt(at - 1) !== 0 && byteAt(at + 1) !== 0 && (byteAt(at - 2) === 0 || byteAt(at + 2) === 0)
    const ready = all.subarray(0, end)
    const kept = hasZero ? ready.filter((byte, at) => byte !== 0 || !isBetween(at)) : ready
    before = Buffer.concat([before, ready.subarray(-2)]).subarray(-2)
    held = Buffer.from(all.subarray(end))
    return kept
  }
}
