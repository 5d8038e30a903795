/**
 * All forms by their first two bytes: one pass over the text with a table of 64 KiB, and a look at the few forms that
 * begin so where it says yes.
 */
import type { Form } from './secret-forms.ts'

type Found = { readonly start: number; readonly end: number }

const [lineFeed, carriageReturn] = [0x0a, 0x0d]
/** The text ends before the form does. */
const undecided = -1

export class FormTable {
  /** 1 at `first << 8 | second` when a form may begin so. */
  readonly #pairs = new Uint8Array(65_536)
  /** By that number. A form of one byte is in every bucket of its first byte. */
  readonly #byPair = new Map<number, Form[]>()
  /** 1 where a form begins with this byte. */
  readonly #firsts = new Uint8Array(256)
  /** The most bytes of text that a form can take, line breaks included. */
  readonly #longest: number

  /** None may be empty. */
  constructor(forms: readonly Form[]) {
    this.#longest = Math.max(0, ...forms.map(({ bytes, wraps }) => bytes.length * (wraps ? 3 : 1)))
    for (const form of forms) {
      const [first = 0, second] = form.bytes
      this.#firsts[first] = 1
      if (second === undefined) for (let any = 0; any < 256; any += 1) this.#add((first << 8) | any, form)
      else this.#add((first << 8) | second, form)
      if (second !== undefined && form.wraps) {
        for (const lineBreak of [lineFeed, carriageReturn]) this.#add((first << 8) | lineBreak, form)
      }
    }
  }

  /** The longest form at the first place in `from <= start < stop` where there is one; it may end after `stop`. */
  find(bytes: Uint8Array, from: number, stop: number): Found | undefined {
    const pairs = this.#pairs
    let pair = bytes[from] ?? 0
    for (let start = from; start < stop; start += 1) {
      // Past the end a second byte of 0 stands in: only a form of one byte can match there, and its row is all 1.
      pair = ((pair & 0xff) << 8) | (bytes[start + 1] ?? 0)
      if (pairs[pair] !== 1) continue
      let end = 0
      for (const form of this.#byPair.get(pair) ?? []) end = Math.max(end, endOf(form, bytes, start))
      if (end > 0) return { start, end }
    }
    return undefined
  }

  /** The first place from which the rest of the text is the beginning of a form; the length of the text if none. */
  undecidedFrom(bytes: Uint8Array): number {
    const last = bytes.length - 1
    for (let start = Math.max(0, bytes.length - this.#longest + 1); start < last; start += 1) {
      const pair = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0)
      if (this.#pairs[pair] !== 1) continue
      if (this.#byPair.get(pair)?.some((form) => endOf(form, bytes, start) === undecided)) return start
    }
    return last >= 0 && this.#firsts[bytes[last] ?? 0] === 1 ? last : bytes.length
  }

  #add(pair: number, form: Form): void {
    this.#pairs[pair] = 1
    const bucket = this.#byPair.get(pair)
    if (bucket) bucket.push(form)
    else this.#byPair.set(pair, [form])
  }
}

/** Where the form that begins at `start` ends; 0 when it is not there. One line break may stand between two bytes. */
function endOf({ bytes: form, wraps }: Form, bytes: Uint8Array, start: number): number {
  let at = start
  for (let index = 0; index < form.length; index += 1) {
    if (wraps && index > 0) {
      if (bytes[at] === carriageReturn) {
        if (at + 1 < bytes.length && bytes[at + 1] !== lineFeed) return 0
        at += 1
      }
      if (bytes[at] === lineFeed) at += 1
    }
    if (at >= bytes.length) return undecided
    if (bytes[at] !== form[index]) return 0
    at += 1
  }
  return at
}
