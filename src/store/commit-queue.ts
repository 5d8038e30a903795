/** Callers wait here, and those who wait at the same time share one commit. */
import type { PlimsollError } from '../errors.ts'
import { storable } from './values.ts'
import type { Durability, Statement } from './words.ts'

/** One commit takes at most so many calls; further callers wait for the next. */
const callsPerCommit = 256

export type Calls = readonly (readonly Statement[])[]

/** In the order of the calls; null is committed. Rejects with what every one of them gets. */
export type Commit = (calls: Calls, durability: Durability) => Promise<readonly (PlimsollError | null)[]>

type Call = {
  readonly statements: readonly Statement[]
  readonly durability: Durability
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class CommitQueue {
  readonly #commit: Commit
  /** One entry for each caller that awaits: as long as there are callers, never longer. */
  readonly #waiting: Call[] = []
  #isCommitting = false
  #onIdle: (() => void)[] = []

  constructor(commit: Commit) {
    this.#commit = commit
  }

  write(statements: readonly Statement[], durability: Durability = 'full'): Promise<void> {
    return new Promise((resolve, reject) => {
      const stored = statements.map((one) => {
        const parameters = storable(one.parameters)
        return parameters === one.parameters ? one : { ...one, parameters }
      })
      this.#waiting.push({ statements: stored, durability, resolve, reject })
      // Not at once: whoever calls in the same turn joins the same commit.
      if (this.#waiting.length === 1 && !this.#isCommitting) queueMicrotask(() => void this.#work())
    })
  }

  /** Resolves when nobody waits. */
  async idle(): Promise<void> {
    if (!this.#isCommitting && this.#waiting.length === 0) return
    await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }

  async #work(): Promise<void> {
    if (this.#isCommitting) return
    this.#isCommitting = true
    while (this.#waiting.length > 0) await this.#commitSome(this.#waiting.splice(0, callsPerCommit))
    this.#isCommitting = false
    for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  async #commitSome(calls: readonly Call[]): Promise<void> {
    try {
      const durability = calls.some((call) => call.durability === 'full') ? 'full' : 'normal'
      const failures = await this.#commit(
        calls.map(({ statements }) => statements),
        durability,
      )
      for (const [index, { resolve, reject }] of calls.entries()) {
        const failure = failures[index] ?? null
        if (failure === null) resolve()
        else reject(failure)
      }
    } catch (error) {
      for (const { reject } of calls) reject(error)
    }
  }
}
