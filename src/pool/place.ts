import type { Job, Measured, RunOptions } from './words.ts'

export type WorkPlace = 'inline' | 'thread' | 'process'

/** A function that keeps its event loop busy for a larger part of its time belongs into a thread. */
const mostShareInline = 0.5
/** Every so many calls a function of kind `mixed` is measured again: on the event loop nothing can be. */
const measureEvery = 50
/** Functions of kind `mixed` whose share is remembered; beyond them the one that was measured first is forgotten. */
const mostFunctions = 1_000

type Seen = { share: number; calls: number }

/** Where jobs go, learned from what they were measured to use. */
export class Places {
  readonly #seen = new Map<string, Seen>()

  placeOf(job: Job, { place, kind, limitBytes }: RunOptions): WorkPlace {
    if (limitBytes !== undefined) return 'process'
    if (place !== undefined) return place
    if (kind === 'async' || kind === 'io') return 'inline'
    return kind === 'mixed' ? this.#placeOfMixed(job) : 'thread'
  }

  /** The share of one call in a thread; older calls count half as much each time. */
  learn(job: Job, { busyShare: share }: Measured): void {
    if (share === null) return
    const key = keyOf(job)
    const seen = this.#seen.get(key)
    if (seen) seen.share = (seen.share + share) / 2
    else this.#seen.set(key, { share, calls: 0 })
    if (this.#seen.size <= mostFunctions) return
    for (const oldest of this.#seen.keys()) {
      this.#seen.delete(oldest)
      return
    }
  }

  #placeOfMixed(job: Job): WorkPlace {
    const seen = this.#seen.get(keyOf(job))
    if (seen === undefined) return 'thread'
    seen.calls += 1
    return seen.share > mostShareInline || seen.calls % measureEvery === 0 ? 'thread' : 'inline'
  }
}

const keyOf = ({ module, exportName }: Job): string => `${module}#${exportName}`
