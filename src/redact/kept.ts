/** What is kept for long passes secretlint as well, where our own rules say that there may be something for it. */
import type { FindingStream } from './finding-stream.ts'
import { secondLook } from './second-look.ts'

export type KeptStream = {
  push(chunk: Uint8Array): Promise<Uint8Array>
  end(): Promise<Uint8Array>
}

/** A suspicious text is held back until its line ends, but no more than this, in bytes. */
const mostHeld = 64 * 1024
const lineFeed = 0x0a
const nothing = new Uint8Array(0)

/** Bytes stay bytes: each is one character for secretlint, whose rules are about ASCII. */
export function keptStream(stream: FindingStream): KeptStream {
  /** The beginning of a line that secretlint is to see whole. */
  let held: Uint8Array = nothing
  const pass = async (masked: Uint8Array, isLast: boolean): Promise<Uint8Array> => {
    const isSuspicious = stream.takeSuspicion() || held.length > 0
    if (!isSuspicious) return masked
    const bytes = Buffer.concat([held, masked])
    const lineEnd = bytes.lastIndexOf(lineFeed) + 1
    const stop = isLast || bytes.length - lineEnd > mostHeld ? bytes.length : lineEnd
    held = bytes.subarray(stop)
    return Buffer.from(await secondLook(bytes.toString('latin1', 0, stop)), 'latin1')
  }
  return {
    push: (chunk) => pass(stream.push(chunk), false),
    end: () => pass(stream.end(), true),
  }
}

/** A copy of plain data in which every text has passed; a promise of it only where secretlint was asked. */
export function keptValue<Value>(value: Value, open: () => FindingStream): Value | Promise<Value> {
  let isSuspicious = false
  const masked = mapTexts(value, (text) => {
    const stream = open()
    const bytes = Buffer.from(text)
    const clean = Buffer.concat([stream.push(bytes), stream.end()])
    isSuspicious = stream.takeSuspicion() || isSuspicious
    // A lone surrogate would not survive the way through bytes.
    return clean.equals(bytes) ? text : clean.toString()
  })
  return isSuspicious ? lookAgain(masked) : masked
}

async function lookAgain<Value>(value: Value): Promise<Value> {
  const texts = new Set<string>()
  mapTexts(value, (text) => {
    texts.add(text)
    return text
  })
  const looked = new Map<string, string>()
  for (const text of texts) looked.set(text, await secondLook(text))
  return mapTexts(value, (text) => looked.get(text) ?? text)
}

function mapTexts<Value>(value: Value, map: (text: string) => string): Value {
  const walk = (inner: unknown): unknown => {
    if (typeof inner === 'string') return map(inner)
    if (Array.isArray(inner)) return inner.map(walk)
    if (typeof inner !== 'object' || inner === null) return inner
    return Object.fromEntries(Object.entries(inner).map(([key, one]) => [key, walk(one)]))
  }
  return walk(value) as Value
}
