/** The gauge: how much memory there is to use and how much is used, on the machine and in every group around us. */
import { PlimsollError } from '../errors.ts'
import type { MemoryLevel } from './levels.ts'
import { openSight, portableSight, type Seen, type Sight } from './sight.ts'

export type MonitorOptions = {
  /** Where /proc and the control groups are looked for. Default `/`. */
  readonly root?: string
  /** The load line as a share of the capacity, above 0 and at most 1. Default 0.85. */
  readonly threshold?: number
  /** The load line in bytes instead; never above the capacity. Default null: the threshold decides. */
  readonly budgetBytes?: number | null
}

export type MemoryReading = {
  /** These three belong to the level with the least room below its load line at this moment. */
  readonly capacityBytes: number
  readonly usedBytes: number
  readonly loadLineBytes: number
  /** The machine first, then from our own control group upwards. */
  readonly limits: readonly MemoryLevel[]
  /** What this system cannot tell, in plain sentences. */
  readonly missing: readonly string[]
}

/**
 * Keeps a few files open (2, and 4 for each control group around us), so that a reading costs microseconds. It looks
 * for the files again when one vanishes or when this process was moved to another group.
 */
export class MemoryMonitor implements Disposable {
  readonly #root: string
  readonly #threshold: number
  readonly #budgetBytes: number | null
  #sight: Sight | undefined

  constructor(options: MonitorOptions = {}) {
    const { root = '/', threshold = 0.85, budgetBytes = null } = options
    if (!(threshold > 0 && threshold <= 1)) {
      throw new PlimsollError(
        'OPTION_INVALID',
        `the memory threshold is ${threshold}, not above 0 and at most 1`,
      )
    }
    if (budgetBytes !== null && !(budgetBytes >= 1)) {
      throw new PlimsollError('OPTION_INVALID', `the memory budget is ${budgetBytes} bytes, not 1 or more`)
    }
    this.#root = root
    this.#threshold = threshold
    this.#budgetBytes = budgetBytes
  }

  /** Synchronous; 45 us with three control groups of v1. Never throws. */
  read(): MemoryReading {
    const { levels, missing } = this.#look()
    let tightest = { capacityBytes: 0, usedBytes: 0, loadLineBytes: 0 }
    let leastRoom = Number.POSITIVE_INFINITY
    for (const { limitBytes, usedBytes } of levels) {
      if (limitBytes === null) continue
      const loadLineBytes = Math.floor(
        Math.min(this.#budgetBytes ?? limitBytes * this.#threshold, limitBytes),
      )
      if (loadLineBytes - usedBytes >= leastRoom) continue
      leastRoom = loadLineBytes - usedBytes
      tightest = { capacityBytes: limitBytes, usedBytes, loadLineBytes }
    }
    return { ...tightest, limits: levels, missing }
  }

  [Symbol.dispose](): void {
    this.#sight?.[Symbol.dispose]()
    this.#sight = undefined
  }

  #look(): Seen {
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      try {
        this.#sight ??= openSight(this.#root)
        return this.#sight.read()
      } catch {
        this[Symbol.dispose]()
      }
    }
    return portableSight()
  }
}
