import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SpillPlace } from './answer-text.ts'

/** A folder for long answers: made when the first one comes, and removed with all of them. */
export class SpillDir implements SpillPlace, AsyncDisposable {
  readonly #parent: string | undefined
  #made: Promise<string> | undefined

  /** Inside `parent`. Default: where temporary files are. */
  constructor(parent?: string) {
    this.#parent = parent
  }

  dir(): Promise<string> {
    this.#made ??= mkdtemp(join(this.#parent ?? tmpdir(), 'plimsoll-answers-'))
    return this.#made
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#made !== undefined) await rm(await this.#made, { recursive: true, force: true })
  }
}
