/**
 * A small file beside the SQLite database with the number of the last chunk that was acknowledged. SQLite silently drops
 * what lies behind damage in its log; with this number the next start can tell how much that was.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Store } from '../store/store.ts'
import { readState, type StateRow } from './statements.ts'

/** Written in full when it is made, so that a full disk cannot keep it from being changed. */
const digits = 16

export class Acknowledged implements Disposable {
  /** Of those that were acknowledged when the number was last written, which happens moments after. */
  readonly lostChunks: number
  readonly #store: Store
  readonly #file: number
  #isNoting = false
  #isClosed = false

  static async open(stateDir: string, store: Store): Promise<Acknowledged> {
    const path = join(stateDir, 'metrics.acknowledged')
    const file = openSync(path, 'a', 0o600)
    closeSync(file)
    const before = Number.parseInt(readFileSync(path, 'utf8'), 10) || 0
    const stored = await seqOf(store)
    const opened = new Acknowledged(store, openSync(path, 'r+'), Math.max(0, before - stored))
    opened.#write(stored)
    return opened
  }

  private constructor(store: Store, file: number, lostChunks: number) {
    this.#store = store
    this.#file = file
    this.lostChunks = lostChunks
  }

  /** Several acknowledgements of the same moment are noted once. */
  note(): void {
    if (this.#isNoting) return
    this.#isNoting = true
    setImmediate(() => void this.#note())
  }

  async #note(): Promise<void> {
    try {
      this.#isNoting = false
      if (!this.#isClosed) this.#write(await seqOf(this.#store))
    } catch {
      // The samples are kept; only what a later loss would be compared with is older.
    }
  }

  #write(seq: number): void {
    if (!this.#isClosed) writeSync(this.#file, String(seq).padEnd(digits), 0)
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    closeSync(this.#file)
  }
}

const seqOf = async (store: Store): Promise<number> => (await store.read<StateRow>(readState))[0]?.seq ?? 0
