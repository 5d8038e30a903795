/** Bytes -> lines with their numbers, in bounded memory. */
import { PlimsollError } from '../errors.ts'

/** Bytes of one line: names, labels and all. */
const longestLine = 1_048_576

export type Line = { readonly number: number; readonly text: string }
export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** What is wrong with a line, with its number and what was found. */
export const wrongLine = (number: number, why: string, cause?: unknown): PlimsollError =>
  new PlimsollError('METRIC_TEXT_INVALID', `line ${number}: ${why}`, { cause })

/** A line ends with \n or \r\n. @throws METRIC_TEXT_INVALID: a line without an end, or one that is not UTF-8 */
export async function* linesOf(bytes: Bytes): AsyncGenerator<Line, void, undefined> {
  for await (const { number, text } of rawLinesOf(bytes))
    yield { number, text: text.endsWith('\r') ? text.slice(0, -1) : text }
}

/** The same, but a \r stays where it is. */
export async function* rawLinesOf(bytes: Bytes): AsyncGenerator<Line, void, undefined> {
  let number = 1
  for await (const line of piecesOf(bytes, () => number)) {
    yield { number, text: decoded(line, number) }
    number += 1
  }
}

async function* piecesOf(bytes: Bytes, lineNumber: () => number): AsyncGenerator<Uint8Array> {
  let begun: Uint8Array[] = []
  let begunBytes = 0
  const keep = (piece: Uint8Array): void => {
    begunBytes += piece.length
    if (begunBytes > longestLine) throw wrongLine(lineNumber(), `is longer than ${longestLine} bytes`)
    if (piece.length > 0) begun.push(piece)
  }
  const whole = (): Uint8Array => {
    const line = begun.length === 1 ? (begun[0] ?? new Uint8Array()) : Buffer.concat(begun)
    begun = []
    begunBytes = 0
    return line
  }
  for await (const chunk of bytes) {
    let at = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, at)) {
      keep(chunk.subarray(at, end))
      yield whole()
      at = end + 1
    }
    // The source may use its buffer again.
    keep(chunk.slice(at))
  }
  if (begunBytes > 0) yield whole()
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decoded(line: Uint8Array, number: number): string {
  try {
    return decoder.decode(line)
  } catch (cause) {
    throw wrongLine(number, 'is not UTF-8', cause)
  }
}
