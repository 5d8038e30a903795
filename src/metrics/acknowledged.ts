/**
 * A small file beside the SQLite database with the number of the last chunk that was acknowledged. SQLite silently drops
 * what lies behind damage in its log; with this number the next start can tell how much that was.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, PlimsollError, systemCodeOf } from '../errors.ts'
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

  /** @throws STATE_UNWRITABLE, STATE_FULL */
  static async open(stateDir: string, store: Store): Promise<Acknowledged> {
    const stored = await seqOf(store)
    const path = join(stateDir, 'metrics.acknowledged')
    const { file, before } = openNumber(path)
    const opened = new Acknowledged(store, file, Math.max(0, before - stored))
    try {
      opened.#write(stored)
      return opened
    } catch (cause) {
      opened[Symbol.dispose]()
      throw unwritable(path, cause)
    }
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

type OpenNumber = { readonly file: number; readonly before: number }

/** What is no number counts as none: only what was lost is then not known. @throws STATE_UNWRITABLE, STATE_FULL */
function openNumber(path: string): OpenNumber {
  try {
    closeSync(openSync(path, 'a', 0o600))
    const before = Number.parseInt(readFileSync(path, 'utf8'), 10) || 0
    return { file: openSync(path, 'r+'), before }
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

const unwritable = (path: string, cause: unknown): PlimsollError =>
  systemCodeOf(cause) === 'ENOSPC'
    ? new PlimsollError('STATE_FULL', `${path} cannot grow: the disk is full`, { cause })
    : new PlimsollError('STATE_UNWRITABLE', `${path} cannot be written: ${messageOf(cause)}`, { cause })
