/** The gauge: how much memory there is to use and how much is used, on the machine and in every group around us. */

import { PlimsollError } from '../errors.ts'
import { checkNames, namesIn } from '../option-names.ts'
import type { MemoryLevel } from './levels.ts'
import { type Place, type PressureLevel, pressureOf, worse } from './pressure.ts'
import { type MemorySamples, type SampleOptions, sampleMemory } from './samples.ts'
import { openSight, type Seen, type Sight } from './sight.ts'
import { type MemoryStalls, readStalls } from './stalls.ts'

export type MonitorOptions = {
  /** Where /proc and the control groups are looked for. Default `/`. */
  readonly root?: string
  /** The load line as a share of the capacity, above 0 and at most 1. Default 0.85. */
  readonly threshold?: number
  /** The load line in bytes instead; never above the capacity. Default null: the threshold decides. */
  readonly budgetBytes?: number | null
}

const optionNames = namesIn<MonitorOptions>({ root: true, threshold: true, budgetBytes: true })

export type MemoryReading = {
  /** These three belong to the level with the least room below its load line at this moment. */
  readonly capacityBytes: number
  readonly usedBytes: number
  readonly loadLineBytes: number
  /** From what is in use to the load line, where that is least; negative above the line. */
  readonly roomBytes: number
  /**
   * From what is in use to the limit itself, where that is least, whatever the budget; negative above it, which a
   * `memory.high` (it counts as a limit) or a limit lowered under what is used allows.
   */
  readonly limitRoomBytes: number
  /** The limit that `limitRoomBytes` is measured to. */
  readonly nearestLimitBytes: number
  /** The worst of all places; see `pressureOf`. It depends on the reading before, by a margin. */
  readonly level: PressureLevel
  /** The machine first, then from our own control group upwards. */
  readonly limits: readonly MemoryLevel[]
  /** What this system cannot tell, in plain sentences. */
  readonly missing: readonly string[]
}

/** Called before each reading; what it returns gets the reading before whoever asked for it. Neither may throw. */
export type MemoryListener = () => (reading: MemoryReading) => void

/**
 * Keeps a few files open (2, and 4 for each control group around us), so that a reading costs microseconds. It looks
 * for the files again when one vanishes or when this process was moved to another group.
 */
export class MemoryMonitor implements Disposable {
  readonly #root: string
  readonly #threshold: number
  readonly #budgetBytes: number | null
  readonly #listeners = new Set<MemoryListener>()
  #sight: Sight | undefined
  /** By source, as the reading before saw them. */
  #pressures: Map<string, PressureLevel> = new Map()

  constructor(options: MonitorOptions = {}) {
    checkNames('MemoryMonitor', options, optionNames)
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

  /** Synchronous; 35 us with three control groups of v1. Never throws. */
  read(): MemoryReading {
    const hearing = [...this.#listeners].map((listener) => listener())
    const { levels, missing } = this.#look()
    const before = this.#pressures
    this.#pressures = new Map()
    let tightest: Place = { limitBytes: 0, usedBytes: 0, loadLineBytes: 0 }
    let roomBytes = Number.POSITIVE_INFINITY
    let limitRoomBytes = Number.POSITIVE_INFINITY
    let nearestLimitBytes = 0
    let level: PressureLevel = 'calm'
    for (const { source, limitBytes, usedBytes } of levels) {
      if (limitBytes === null) continue
      const place = { limitBytes, usedBytes, loadLineBytes: this.loadLineBelow(limitBytes) }
      if (place.loadLineBytes - usedBytes < roomBytes) {
        roomBytes = place.loadLineBytes - usedBytes
        tightest = place
      }
      if (limitBytes - usedBytes < limitRoomBytes) {
        limitRoomBytes = limitBytes - usedBytes
        nearestLimitBytes = limitBytes
      }
      const pressure = pressureOf(place, before.get(source) ?? 'calm')
      this.#pressures.set(source, pressure)
      level = worse(level, pressure)
    }
    const { limitBytes: capacityBytes, usedBytes, loadLineBytes } = tightest
    const rooms = { roomBytes, limitRoomBytes, nearestLimitBytes }
    const reading = { capacityBytes, usedBytes, loadLineBytes, ...rooms, level, limits: levels, missing }
    for (const hear of hearing) hear(reading)
    return reading
  }

  /** Asks `listener` before each reading and tells it what was read, until disposed. */
  listen(listener: MemoryListener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** What the kernel tells of waits for memory; two files, 10 us each. Never throws. */
  stalls(): MemoryStalls {
    this.#sight ??= openSight(this.#root)
    return readStalls(this.#root, this.#sight.ownGroupV2)
  }

  /** Readings, every 100 ms while `isBusy`, else every 2 s; the first one at once. */
  samples(options: SampleOptions): MemorySamples {
    return sampleMemory(() => this.read(), options)
  }

  /** The load line of a place with this limit. */
  loadLineBelow(limitBytes: number): number {
    return Math.floor(Math.min(this.#budgetBytes ?? limitBytes * this.#threshold, limitBytes))
  }

  [Symbol.dispose](): void {
    this.#sight?.[Symbol.dispose]()
    this.#sight = undefined
  }

  #look(): Seen {
    this.#sight ??= openSight(this.#root)
    const seen = this.#sight.read()
    if (!seen.isStale) return seen
    this[Symbol.dispose]()
    this.#sight = openSight(this.#root)
    return this.#sight.read()
  }
}
