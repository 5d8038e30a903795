/**
 * The queries in memory: the least recently used leaves first, and each leaves when its time is over. What is held is one
 * text for each, so that its bytes are known exactly instead of guessed: V8 keeps no account of an object's parts.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../clock.ts'
import type { Query } from './words.ts'

/** Bytes of what V8 (64 bits) and lru-cache keep for an entry beside its texts: measured, see the test of the report. */
const entryBytes = 144
/** The header of a string. */
const stringBytes = 16
/** Of the arrays that lru-cache makes for each place, used or not. */
export const placeBytes = 28
/** How long expiry may go on before others get their turn, and how many entries lie between two looks at the clock. */
const sliceMs = 1
const entriesPerLook = 32

type Entry = {
  readonly id: string
  readonly json: string
  readonly bytes: number
  readonly expiresAtMs: number
  /** All expire after the same time, so the order in which they came is that in which they expire. */
  older: Entry | null
  newer: Entry | null
}

export type CacheCounts = {
  hits: number
  misses: number
  /** Made room for others. */
  evicted: number
  expired: number
}

export type CacheOptions = {
  readonly maxEntries: number
  readonly maxBytes: number
  readonly ttlMs: number
  readonly clock: Clock
}

export class QueryCache {
  readonly counts: CacheCounts = { hits: 0, misses: 0, evicted: 0, expired: 0 }
  readonly #options: CacheOptions
  readonly #entries: LRUCache<string, Entry>
  #oldest: Entry | null = null
  #newest: Entry | null = null

  constructor(options: CacheOptions) {
    this.#options = options
    this.#entries = new LRUCache({
      max: options.maxEntries,
      maxSize: options.maxBytes,
      sizeCalculation: ({ bytes }) => bytes,
      dispose: (entry, _id, reason) => {
        if (reason === 'evict') this.counts.evicted += 1
        this.#unlink(entry)
      },
    })
  }

  get size(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#entries.calculatedSize
  }

  keep(query: Query): void {
    const json = JSON.stringify(query)
    const bytes = entryBytes + heapBytesOf(json) + heapBytesOf(query.id)
    this.#entries.delete(query.id)
    if (bytes > this.#options.maxBytes) return
    const { clock, ttlMs } = this.#options
    const entry: Entry = {
      id: query.id,
      json,
      bytes,
      expiresAtMs: clock.now() + ttlMs,
      older: null,
      newer: null,
    }
    this.#link(entry)
    this.#entries.set(query.id, entry)
  }

  /** A copy of its own for each caller. */
  get(id: string): Query | null {
    const entry = this.#entries.get(id)
    if (entry === undefined || this.#isOver(entry)) {
      this.counts.misses += 1
      return null
    }
    this.counts.hits += 1
    return JSON.parse(entry.json)
  }

  /** Bytes that are held of it; null when it is not in memory. Not a use. */
  bytesOf(id: string): number | null {
    return this.#entries.peek(id)?.bytes ?? null
  }

  forget(id: string): void {
    this.#entries.delete(id)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** How many left. In slices: the event loop is never held for longer than one. */
  async removeExpired(signal?: AbortSignal): Promise<number> {
    const { clock } = this.#options
    const before = this.counts.expired
    let untilMs = clock.monotonic() + sliceMs
    for (let seen = 1; this.#oldest !== null && this.#isExpired(this.#oldest); seen += 1) {
      this.#expire(this.#oldest)
      if (seen % entriesPerLook !== 0 || clock.monotonic() < untilMs) continue
      await nextTurn(undefined, signal ? { signal } : {})
      untilMs = clock.monotonic() + sliceMs
    }
    return this.counts.expired - before
  }

  #isOver(entry: Entry): boolean {
    if (!this.#isExpired(entry)) return false
    this.#expire(entry)
    return true
  }

  #isExpired({ expiresAtMs }: Entry): boolean {
    return expiresAtMs <= this.#options.clock.now()
  }

  #expire({ id }: Entry): void {
    this.counts.expired += 1
    this.#entries.delete(id)
  }

  #link(entry: Entry): void {
    entry.older = this.#newest
    if (this.#newest === null) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }

  #unlink(entry: Entry): void {
    if (entry.older === null) this.#oldest = entry.newer
    else entry.older.newer = entry.newer
    if (entry.newer === null) this.#newest = entry.older
    else entry.newer.older = entry.older
    entry.older = null
    entry.newer = null
  }
}

/** Of a string of its own: a byte a character where all are of Latin-1, else two, in steps of eight. */
function heapBytesOf(text: string): number {
  const isWide = /[^\0-\xff]/.test(text)
  return stringBytes + Math.ceil((text.length * (isWide ? 2 : 1)) / 8) * 8
}
