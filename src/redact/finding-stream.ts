/**
 * Masks what looks like a secret, in a stream of bytes. Linear in time: a byte is looked at once for anchors, and at each
 * anchor one form is tried on a bounded window. Holds back at most `mostHeld` bytes, and only from where a secret may
 * begin that is not whole yet.
 */
import { AnchorTable } from './anchor-table.ts'
import type { MaskingStream } from './masker.ts'
import { KeyBody } from './private-key.ts'
import { alphabets, type Rule } from './rule.ts'
import { rules } from './rules.ts'
import { endsInSign, mostBefore } from './word-start.ts'

const mask = Buffer.from('***')
const nothing = new Uint8Array(0)
const lineFeed = 0x0a

export type FindingStream = MaskingStream & {
  /** Whether something was let through since the last question that secretlint should look at. */
  takeSuspicion(): boolean
}

/** Made when the first text is masked: 100 KB. */
let table: AnchorTable | undefined

const tables = Object.fromEntries(
  Object.entries(alphabets).map(([name, signs]) => [name, tableOf(signs)]),
) as Readonly<Record<keyof typeof alphabets, Uint8Array>>

const isWordByte = tableOf(/[A-Za-z0-9]/)

/** What is looked through at one time; `latin1` is made of it where a form is tried: one character for each byte. */
type Text = { readonly bytes: Uint8Array; readonly isLast: boolean; latin1?: string }

/** Of `length` bytes from `start` on the first `kept` stay readable. */
type Found = {
  readonly rule: Rule | null
  readonly start: number
  readonly kept: number
  readonly length: number
}

const nothingFound: Found = { rule: null, start: 0, kept: 0, length: 0 }

export function findingStream(): FindingStream {
  table ??= new AnchorTable(rules)
  return new Finder(table)
}

class Finder implements FindingStream {
  readonly #table: AnchorTable
  #held: Uint8Array = nothing
  /** The last bytes before what is held. */
  #before: Uint8Array = nothing
  /** Bytes between the last line end and what is held. */
  #column = 0
  /** What a secret that is being masked may go on with. */
  #more: Uint8Array | null = null
  #key: KeyBody | null = null
  #suspicious = false

  constructor(anchors: AnchorTable) {
    this.#table = anchors
  }

  takeSuspicion(): boolean {
    const was = this.#suspicious
    this.#suspicious = false
    return was
  }

  push(chunk: Uint8Array): Uint8Array {
    return this.#advance(chunk, false)
  }

  end(): Uint8Array {
    return this.#advance(nothing, true)
  }

  #advance(chunk: Uint8Array, isLast: boolean): Uint8Array {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const text: Text = { bytes, isLast }
    const parts: Uint8Array[] = []
    /** Everything before is written or masked. */
    let done = 0
    let at = 0
    for (;;) {
      if (this.#more !== null) {
        at = done = endOfRun(bytes, at, this.#more)
        if (at === bytes.length) break
        this.#more = null
      }
      if (this.#key !== null) {
        const step = this.#key.advance(bytes, at, isLast)
        for (const { start, end, isNew } of step.masked) {
          parts.push(bytes.subarray(done, start))
          if (isNew) parts.push(mask)
          done = end
        }
        at = step.stoppedAt
        if (!step.isOver) break
        this.#key = null
      }
      const found = this.#find(text, at)
      at = found.start
      if (found.rule === null) break
      if (found.rule.means === 'private-key') {
        this.#key = new KeyBody(this.#columnOf(bytes, at))
        at += found.length
        continue
      }
      parts.push(bytes.subarray(done, at + found.kept), mask)
      at = done = at + found.length
      if (found.rule.more !== 'none') this.#more = tables[found.rule.more]
    }
    return this.#release(bytes, { parts, done, stop: at })
  }

  /** The first finding from `from` on; without one, `start` is from where the text must be held back. */
  #find(text: Text, from: number): Found {
    const { columns, width, next, isEnd, depth } = this.#table
    const { bytes, isLast } = text
    let state = 0
    for (let at = from; at < bytes.length; at += 1) {
      state = next[state * width + (columns[bytes[at] as number] as number)] as number
      if (isEnd[state] !== 1) continue
      for (const { length, rule } of this.#table.endsAt(state)) {
        const start = at + 1 - length
        const verdict = this.#judge(rule, text, start)
        if (verdict === null) continue
        if (verdict === 'undecided') return { ...nothingFound, start: at + 1 - (depth[state] as number) }
        if (rule.means !== 'suspect') return verdict
        this.#suspicious = true
      }
    }
    return { ...nothingFound, start: isLast ? bytes.length : bytes.length - (depth[state] as number) }
  }

  #judge(rule: Rule, text: Text, start: number): Found | 'undecided' | null {
    const { bytes, isLast } = text
    const before = start === 0 ? this.#before.at(-1) : bytes[start - 1]
    if (before !== undefined) {
      const isInWord = !rule.inside && isWordByte[before] === 1
      if (isInWord && !endsInSign(this.#lastBefore(bytes, start))) return null
      if (rule.notAfter?.charCodeAt(0) === before) return null
    }
    const mayGoOn = !isLast && start + rule.reach > bytes.length
    if (mayGoOn && bytes.indexOf(lineFeed, start) === -1) return 'undecided'
    text.latin1 ??= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
    rule.form.lastIndex = start
    const match = rule.form.exec(text.latin1)
    return match && { rule, start, kept: match[1]?.length ?? 0, length: match[0].length }
  }

  #lastBefore(bytes: Uint8Array, end: number): Uint8Array {
    if (end >= mostBefore || this.#before.length === 0)
      return bytes.subarray(Math.max(0, end - mostBefore), end)
    return Buffer.concat([this.#before, bytes.subarray(0, end)]).subarray(-mostBefore)
  }

  #columnOf(bytes: Uint8Array, at: number): number {
    const lineStart = bytes.lastIndexOf(lineFeed, at - 1) + 1
    return at === 0 || lineStart === 0 ? this.#column + at : at - lineStart
  }

  #release(
    bytes: Uint8Array,
    { parts, done, stop }: { parts: Uint8Array[]; done: number; stop: number },
  ): Uint8Array {
    if (stop > 0) {
      this.#column = this.#columnOf(bytes, stop)
      this.#before = new Uint8Array(this.#lastBefore(bytes, stop))
    }
    this.#held = stop === bytes.length ? nothing : new Uint8Array(bytes.subarray(stop))
    if (done === 0 && stop === bytes.length) return bytes
    if (done < stop) parts.push(bytes.subarray(done, stop))
    return Buffer.concat(parts)
  }
}

/** 1 for each byte that is one of these signs. */
function tableOf(signs: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (signs.test(String.fromCharCode(byte)) ? 1 : 0))
}

function endOfRun(bytes: Uint8Array, from: number, table: Uint8Array): number {
  let at = from
  while (at < bytes.length && table[bytes[at] as number] === 1) at += 1
  return at
}
