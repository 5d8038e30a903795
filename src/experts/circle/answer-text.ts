/** The text of an answer while it comes: masked already, its beginning in memory, all of a longer one in a file. */
import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PlimsollError, systemCodeOf } from '../../errors.ts'
import type { SpilledText } from './words.ts'

/** In UTF-16 units. */
const longestInline = 64 * 1024
/** What goes to the file at once, in UTF-16 units. */
const pieceLength = 64 * 1024

export type SpillPlace = { readonly dir: () => Promise<string> }

export class AnswerText implements AsyncDisposable {
  readonly #place: SpillPlace
  #head = ''
  #waiting = ''
  #file: { readonly path: string; readonly handle: FileHandle } | undefined
  #bytes = 0
  #isKept = false

  constructor(place: SpillPlace) {
    this.#place = place
  }

  get head(): string {
    return this.#head
  }

  get heldBytes(): number {
    return (this.#head.length + this.#waiting.length) * 2
  }

  /** @throws STATE_FULL, STATE_UNWRITABLE */
  async add(text: string): Promise<void> {
    if (this.#file === undefined && this.#head.length + text.length <= longestInline) {
      this.#head += text
      return
    }
    if (this.#file === undefined) {
      const room = longestInline - this.#head.length
      this.#waiting = this.#head + text
      this.#head += text.slice(0, room)
    } else this.#waiting += text
    if (this.#waiting.length >= pieceLength) await this.#flush()
  }

  /** Null when all of it is in `head`. */
  async end(): Promise<SpilledText | null> {
    if (this.#waiting !== '') await this.#flush()
    if (this.#file === undefined) return null
    this.#isKept = true
    await this.#file.handle.close()
    return { file: this.#file.path, bytes: this.#bytes }
  }

  /** What did not come to its end leaves no file. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#file === undefined || this.#isKept) return
    await this.#file.handle.close().catch(() => undefined)
    await rm(this.#file.path, { force: true })
  }

  async #flush(): Promise<void> {
    const text = this.#waiting
    this.#waiting = ''
    try {
      this.#file ??= await openSpill(await this.#place.dir())
      await this.#file.handle.appendFile(text)
      this.#bytes += Buffer.byteLength(text)
    } catch (cause) {
      const isFull = systemCodeOf(cause) === 'ENOSPC'
      throw new PlimsollError(
        isFull ? 'STATE_FULL' : 'STATE_UNWRITABLE',
        `a long answer cannot be kept (${systemCodeOf(cause)})`,
        { cause },
      )
    }
  }
}

async function openSpill(dir: string) {
  const path = join(dir, `answer-${randomUUID()}.txt`)
  return { path, handle: await open(path, 'wx', 0o600) }
}
