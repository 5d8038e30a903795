import { Writable } from 'node:stream'

/** What the engine may have been sent and not have taken yet, in bytes; beyond it a writer is told to wait. */
const mostUntaken = 256 * 1024

/**
 * What the functions of a thread print. Not through the streams that a worker thread has: reading those keeps the
 * engine alive, and does not say which job it was.
 */
export class ThreadOutput {
  /** Whether the job that runs has a listener; without one, what is printed is let go. */
  isHeard = false
  readonly #send: (chunk: Uint8Array<ArrayBuffer>) => void
  readonly #held: (() => void)[] = []
  #untakenBytes = 0
  #isLeaving = false
  #onTaken: (() => void) | undefined

  constructor(send: (chunk: Uint8Array<ArrayBuffer>) => void) {
    this.#send = send
    for (const name of ['stdout', 'stderr'] as const) {
      Object.defineProperty(process, name, { configurable: true, enumerable: true, value: this.#stream() })
    }
    process.on('exit', () => {
      this.#isLeaving = true
      this.#goOn()
    })
  }

  /** The engine has taken so much. */
  taken(bytes: number): void {
    this.#untakenBytes -= bytes
    if (this.#untakenBytes < mostUntaken) this.#goOn()
    if (this.#untakenBytes === 0) this.#onTaken?.()
  }

  get isTaken(): boolean {
    return this.#untakenBytes === 0
  }

  async untilTaken(): Promise<void> {
    while (!this.isTaken) {
      await new Promise<void>((resolve) => {
        this.#onTaken = resolve
      })
    }
  }

  /** One for each of the two streams at most. */
  #goOn(): void {
    for (const done of this.#held.splice(0)) done()
  }

  #stream(): Writable {
    return new Writable({
      decodeStrings: true,
      write: (chunk: Uint8Array, _encoding, done) => {
        if (!this.isHeard) {
          done()
          return
        }
        this.#untakenBytes += chunk.length
        // A copy: a small buffer is part of a large one, and all of that would travel.
        this.#send(new Uint8Array(chunk))
        if (this.#isLeaving || this.#untakenBytes < mostUntaken) done()
        else this.#held.push(done)
      },
    })
  }
}
