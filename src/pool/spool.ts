/** What a worker process prints, on its way to who listens: a file, so that a slow listener loses nothing. */
import { closeSync, constants, ftruncateSync, openSync, read, rmSync } from 'node:fs'
import { promisify } from 'node:util'

const readAt = promisify(read)
/** The most output that is in memory at one time, in bytes. */
const chunkBytes = 64 * 1024

type Listener = (chunk: Uint8Array) => void | Promise<void>

/** Only the owner may read it: nothing in it is masked. It holds what one job printed. */
export class Spool {
  readonly path: string
  readonly descriptor: number
  #listener: Listener | undefined
  #atBytes = 0
  #copying: Promise<void> | undefined

  constructor(path: string) {
    this.path = path
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | constants.O_APPEND
    this.descriptor = openSync(path, flags, 0o600)
  }

  /** What was printed before belongs to no job any more. */
  begin(listener: Listener | undefined): void {
    ftruncateSync(this.descriptor)
    this.#atBytes = 0
    this.#listener = listener
  }

  /** Carries on what has arrived. One copy runs at a time. */
  copy(): Promise<void> {
    this.#copying ??= this.#copy().finally(() => {
      this.#copying = undefined
    })
    return this.#copying
  }

  /** Carries on the rest. @throws what the listener throws. */
  async finish(): Promise<void> {
    await this.#copying
    await this.copy()
    this.#listener = undefined
  }

  async close(): Promise<void> {
    await this.#copying?.catch(() => undefined)
    closeSync(this.descriptor)
    rmSync(this.path, { force: true })
  }

  async #copy(): Promise<void> {
    const listener = this.#listener
    if (listener === undefined) return
    const buffer = Buffer.allocUnsafeSlow(chunkBytes)
    for (;;) {
      const { bytesRead } = await readAt(this.descriptor, buffer, 0, chunkBytes, this.#atBytes)
      if (bytesRead === 0) return
      this.#atBytes += bytesRead
      await listener(buffer.subarray(0, bytesRead))
    }
  }
}
