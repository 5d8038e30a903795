/** Finds the forms of secrets in bytes and writes `***` instead. */
import { type FindingStream, findingStream } from './finding-stream.ts'
import { FormTable } from './form-table.ts'
import { type KeptStream, keptStream, keptValue } from './kept.ts'
import { secretForms } from './secret-forms.ts'

export type MaskingStream = {
  /** The chunk without secrets (the chunk itself when nothing is to be changed), less what may be the beginning of one; that comes with a later call. */
  push(chunk: Uint8Array): Uint8Array
  /** What was held back. */
  end(): Uint8Array
}

export type Masker = {
  text(text: string): string
  /** Holds back at most 767 bytes, and only what may be the beginning of a form. */
  stream(): MaskingStream
}

/** A masker that also finds what nobody told it. */
export type Redactor = Masker & {
  stream(): FindingStream
  /** For what is kept: secretlint has looked as well, where there was something for it. May hold back a line, of at most 64 KiB. */
  keptStream(): KeptStream
  /** The same for every text in plain data; a promise only where secretlint has to be asked. Keys stay. */
  kept<Value>(value: Value): Value | Promise<Value>
}

const mask = Buffer.from('***')
const nothing = new Uint8Array(0)

/**
 * The values, their encodings (`encodings.ts`), and each longer line of a value of several lines; and after that what
 * looks like a secret though nobody named it (`rules.ts`). Holds back at most 1,200 bytes.
 */
export function createRedactor(secrets: Iterable<string>): Redactor {
  const exact = createMasker(secrets)
  const stream = (): FindingStream => {
    const first = exact.stream()
    const second = findingStream()
    return {
      push: (chunk) => second.push(first.push(chunk)),
      end: () => Buffer.concat([second.push(first.end()), second.end()]),
      takeSuspicion: () => second.takeSuspicion(),
    }
  }
  return {
    text: (text) => maskText(text, stream()),
    stream,
    keptStream: () => keptStream(stream()),
    kept: (value) => keptValue(value, stream),
  }
}

/** Only what it was told: the values, their encodings, and each longer line of a value of several lines. */
export function createMasker(secrets: Iterable<string>): Masker {
  const forms = secretForms(secrets)
  if (forms.length === 0) {
    return { text: (text) => text, stream: () => ({ push: (chunk) => chunk, end: () => nothing }) }
  }
  const table = new FormTable(forms)
  const stream = (): MaskingStream => maskingStream(table)
  return { text: (text) => maskText(text, stream()), stream }
}

function maskText(text: string, stream: MaskingStream): string {
  const bytes = Buffer.from(text)
  const masked = Buffer.concat([stream.push(bytes), stream.end()])
  // A lone surrogate would not survive the way through bytes.
  return masked.equals(bytes) ? text : masked.toString()
}

/** Overlapping secrets are masked as one, so that no rest of the second remains. */
function maskingStream(table: FormTable): MaskingStream {
  /** A copy, because the caller may use the memory of its chunk again. Shorter than the longest form with its line breaks. */
  let held: Uint8Array = nothing
  /** Bytes at the start of `held` that belong to a secret whose mask is already written. */
  let coveredBytes = 0

  function advance(chunk: Uint8Array, isLast: boolean): Uint8Array {
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    const stop = isLast ? bytes.length : table.undecidedFrom(bytes)
    const parts: Uint8Array[] = []
    /** Everything before is written or masked. */
    let done = coveredBytes
    let found = table.find(bytes, 0, stop)
    while (found !== undefined) {
      if (found.start >= done) parts.push(bytes.subarray(done, found.start), mask)
      done = Math.max(done, found.end)
      found = table.find(bytes, found.start + 1, stop)
    }
    coveredBytes = Math.max(0, done - stop)
    held = new Uint8Array(bytes.subarray(stop))
    if (done === 0 && stop === bytes.length) return bytes
    if (done < stop) parts.push(bytes.subarray(done, stop))
    return Buffer.concat(parts)
  }

  return { push: (chunk) => advance(chunk, false), end: () => advance(nothing, true) }
}
