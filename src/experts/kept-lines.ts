import type { LinePool } from './line-pool.ts'
import type { Phrase } from './phrase.ts'

export type KeptLine = {
  line: number
  /** In the pool; `noSlot` where only the line's number is kept. */
  slot: number
  phrase: Phrase
  soft: boolean
}

export const noSlot = -1

/** Keeps the first and the last of what comes. Once it is full it makes no more objects, nor after `clear`. */
export class KeptLines {
  readonly #most: number
  readonly #pool: LinePool
  /** The first, and after them the last in the order of a ring. */
  readonly #kept: KeptLine[] = []
  #size = 0
  #next = 0
  #last: KeptLine | undefined

  constructor(most: number, pool: LinePool) {
    this.#most = most
    this.#pool = pool
  }

  get last(): KeptLine | undefined {
    return this.#last
  }

  add(line: number, slot: number, phrase: Phrase, soft: boolean): void {
    if (slot !== noSlot) this.#pool.share(slot)
    let kept = this.#kept[this.#next]
    const isFree = this.#next >= this.#size
    if (isFree) this.#size += 1
    if (kept === undefined) {
      kept = { line, slot, phrase, soft }
      this.#kept.push(kept)
    } else {
      if (!isFree && kept.slot !== noSlot) this.#pool.release(kept.slot)
      kept.line = line
      kept.slot = slot
      kept.phrase = phrase
      kept.soft = soft
    }
    this.#last = kept
    this.#next += 1
    if (this.#next === 2 * this.#most) this.#next = this.#most
  }

  /** @throws when there is none. */
  replaceLast(slot: number, phrase: Phrase, soft: boolean): void {
    const kept = this.#last as KeptLine
    this.#pool.share(slot)
    this.#pool.release(kept.slot)
    kept.slot = slot
    kept.phrase = phrase
    kept.soft = soft
  }

  /** In order. */
  get items(): readonly KeptLine[] {
    const kept = this.#kept
    if (this.#size < 2 * this.#most) return kept.slice(0, this.#size)
    return [...kept.slice(0, this.#most), ...kept.slice(this.#next), ...kept.slice(this.#most, this.#next)]
  }

  /** For another log, with a pool that is empty again. */
  clear(): void {
    this.#size = 0
    this.#next = 0
    this.#last = undefined
  }
}
