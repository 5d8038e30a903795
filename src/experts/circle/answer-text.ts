/** The text of an answer while it comes: masked already, its beginning in memory, all of a longer one in a file. */
import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PlimsollError, systemCodeOf } from '../../errors.ts'
import type { SpilledText } from './words.ts'

/** In UTF-16 units. */
const longestInline = 64 * 1024

export type SpillPlace = { dir(): Promise<string> }

export class AnswerText implements AsyncDisposable {
  readonly #place: SpillPlace
  #head = ''
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
    return this.#head.length * 2
  }

  /** The same twice: its bytes, and what they say. @throws STATE_FULL, STATE_UNWRITABLE */
  async add(bytes: Uint8Array, text: string): Promise<void> {
    const room = longestInline - this.#head.length
    if (this.#file === undefined && text.length > room) await this.#write(Buffer.from(this.#head))
    if (this.#file !== undefined) await this.#write(bytes)
    if (room > 0) this.#head += text.slice(0, room)
  }

  /** Null when all of it is in `head`. */
  async end(): Promise<SpilledText | null> {
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

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      this.#file ??= await openSpill(await this.#place.dir())
      await this.#file.handle.appendFile(bytes)
      this.#bytes += bytes.length
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
