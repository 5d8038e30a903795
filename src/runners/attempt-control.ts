import { writeFileSync } from 'node:fs'
import { PlimsollError } from '../errors.ts'
import type { TreeWatch } from '../memory/memory.ts'
import type { TaskControl } from '../spine.ts'
import type { Attempt } from './words.ts'

/** What the guard may do with the processes of one attempt; nothing any more once it is disposed. */
export class AttemptControl implements TaskControl, Disposable {
  readonly attempt: Attempt
  readonly #pid: number
  readonly #watch: TreeWatch
  readonly #atOnce = new AbortController()
  #ended = false

  constructor(attempt: Attempt, pid: number, watch: TreeWatch) {
    this.attempt = attempt
    this.#pid = pid
    this.#watch = watch
  }

  /** Told to the guard, unless the attempt has ended while it was being recorded. */
  offer(): null {
    if (!this.#ended) this.attempt.onControl(this)
    return null
  }

  /** Aborts when what is being stopped gets no time to clean up. */
  get killSignal(): AbortSignal {
    return AbortSignal.any([this.attempt.killSignal, this.#atOnce.signal])
  }

  currentBytes(): number {
    return this.#ended ? 0 : this.#watch.look()
  }

  suspend(): void {
    const { ending, instruments, token } = this.attempt
    if (this.#ended || ending.signal.aborted) return
    ending.pause()
    instruments.suspender.suspend(this.#pid, () => {
      this.#watch.look()
      return instruments.finder.members({ pid: this.#pid, token, members: this.#watch.members() })
    })
  }

  resume(): void {
    if (this.#ended) return
    this.attempt.instruments.suspender.resume(this.#pid)
    this.attempt.ending.resume()
  }

  evict(reason: string): void {
    if (this.#ended) return
    noteEviction(this.attempt.files.evicted)
    this.#atOnce.abort()
    this.attempt.ending.because(
      new PlimsollError('TASK_REQUEUED', `it was stopped to be started again later: ${reason}`),
    )
  }

  [Symbol.dispose](): void {
    if (this.#ended) return
    this.resume()
    this.#ended = true
    this.attempt.onControl(null)
  }
}

/** Before it is killed: an engine that goes on knows then why it is gone, and that it was to be started again. */
function noteEviction(file: string): void {
  try {
    writeFileSync(file, '', { mode: 0o600 })
  } catch {
    // Memory cannot wait for a disk that is full.
  }
}
