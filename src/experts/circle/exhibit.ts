/** The lines that experts are shown and may cite: masked, numbered, bounded whatever is read. */
import { stripVTControlCharacters } from 'node:util'
import type { Redactor } from '../../redact/redact.ts'
import type { LogLine } from '../../spine.ts'
import type { Log } from '../words.ts'
import type { Material } from './words.ts'

/** Of all logs and texts together, in UTF-16 units. */
const mostShown = 96 * 1024
const headShare = 1 / 4
const longestLine = 400

export type ShownLine = {
  readonly log: string
  /** The first is 1; null where it is not known. */
  readonly line: number | null
  readonly text: string
}

/** Lines of one text as they come; keeps the first and the last of them. */
class LineKeeper {
  readonly #name: string
  readonly #isNumbered: boolean
  readonly #headSize: number
  readonly #tailSize: number
  /** Together at most `headSize` and `tailSize`. */
  readonly #head: ShownLine[] = []
  #tail: ShownLine[] = []
  #headUsed = 0
  #tailUsed = 0
  #from = 0
  #partial = ''
  #number = 0
  #afterReturn = false

  constructor({ name, isNumbered = true }: Pick<Log, 'name' | 'isNumbered'>, size: number) {
    this.#name = name
    this.#isNumbered = isNumbered
    this.#headSize = size * headShare
    this.#tailSize = size - this.#headSize
  }

  push(text: string): void {
    let at = 0
    for (let end = at; end < text.length; end += 1) {
      const unit = text.charCodeAt(end)
      if (unit !== 10 && unit !== 13) {
        this.#afterReturn = false
        continue
      }
      const isSecondHalf = unit === 10 && this.#afterReturn && end === at
      if (!isSecondHalf) this.#keep(this.#partial + text.slice(at, Math.min(end, at + longestLine)))
      this.#afterReturn = unit === 13
      this.#partial = ''
      at = end + 1
    }
    if (this.#partial.length < longestLine) this.#partial += text.slice(at, at + longestLine)
  }

  get lines(): readonly ShownLine[] {
    if (this.#partial !== '') this.#keep(this.#partial)
    this.#partial = ''
    return [...this.#head, ...this.#tail.slice(this.#from)]
  }

  #keep(raw: string): void {
    this.#number += 1
    const text = stripVTControlCharacters(raw)
      .replaceAll(/[^\P{Cc}\t]/gu, '')
      .slice(0, longestLine)
    if (text.trim() === '') return
    const line = { log: this.#name, line: this.#isNumbered ? this.#number : null, text }
    if (this.#headUsed + text.length <= this.#headSize && this.#tail.length === 0) {
      this.#head.push(line)
      this.#headUsed += text.length
      return
    }
    this.#tail.push(line)
    this.#tailUsed += text.length
    while (this.#tailUsed > this.#tailSize) {
      this.#tailUsed -= this.#tail[this.#from]?.text.length ?? 0
      this.#from += 1
    }
    if (this.#from < 1_024) return
    this.#tail = this.#tail.slice(this.#from)
    this.#from = 0
  }
}

export class Exhibit {
  readonly #redactor: Redactor
  readonly #size: number
  readonly #keepers: LineKeeper[] = []
  #cited: readonly ShownLine[] = []
  #lines: readonly ShownLine[] | undefined

  /** `sources`: how many texts share the room. */
  constructor(redactor: Redactor, sources: number) {
    this.#redactor = redactor
    this.#size = mostShown / Math.max(sources, 1)
  }

  /** The log as it is; what passes is noted. */
  noting<Source extends Log | Material>(source: Source): Source {
    const keeper = new LineKeeper(source, this.#size)
    this.#keepers.push(keeper)
    return { ...source, chunks: this.#pass(source.chunks, keeper) }
  }

  /** Reads it to its end. @throws what reading throws, and the reason of the signal */
  async read(source: Material, signal: AbortSignal): Promise<void> {
    for await (const _ of this.noting(source).chunks) signal.throwIfAborted()
  }

  /** Lines that somebody found worth showing, wherever they stand. */
  show(found: readonly LogLine[]): void {
    this.#cited = found
  }

  /** Their numbers are those by which they are cited, from 1. */
  get lines(): readonly ShownLine[] {
    this.#lines ??= this.#gather()
    return this.#lines
  }

  #gather(): readonly ShownLine[] {
    const all = this.#keepers.flatMap(({ lines }) => lines)
    const known = new Set(all.map(({ log, line }) => `${line}:${log}`))
    const missing = this.#cited.filter(({ log, line }) => !known.has(`${line}:${log}`))
    return [...missing.map(({ log, line, text }) => ({ log, line, text })), ...all]
  }

  async *#pass(chunks: Log['chunks'], keeper: LineKeeper): AsyncGenerator<Uint8Array> {
    const masked = this.#redactor.keptStream()
    const decoder = new TextDecoder()
    for await (const chunk of chunks) {
      keeper.push(decoder.decode(await masked.push(chunk), { stream: true }))
      yield chunk
    }
    keeper.push(decoder.decode(await masked.end(), { stream: true }) + decoder.decode())
  }
}
