/** How much may be taken in at once while memory is short, and how long the event loop was kept. */
import type { Clock } from '../clock.ts'
import type { PressureLevel } from '../memory/memory.ts'

export type MemoryReader = { read(): { readonly level: PressureLevel } }

/** Of the chunk that was asked for. */
const shares: Readonly<Record<PressureLevel, number>> = { calm: 1, tight: 0.5, critical: 0.1 }
/** Until the source is pulled again: others get to let go of theirs. */
const pausesMs: Readonly<Record<PressureLevel, number>> = { calm: 0, tight: 5, critical: 50 }
/** A reading costs 35 us. */
const lookEveryMs = 50
const longTurnMs = 4

export class Pressure {
  readonly #clock: Clock
  readonly #memory: MemoryReader
  #level: PressureLevel = 'calm'
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #turnBeganMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, memory: MemoryReader) {
    this.#clock = clock
    this.#memory = memory
  }

  get isTight(): boolean {
    return this.#look() !== 'calm'
  }

  chunkSize(wanted: number): number {
    return Math.max(1, Math.floor(wanted * shares[this.#look()]))
  }

  async pause(signal?: AbortSignal): Promise<void> {
    await this.#clock.sleep(pausesMs[this.#look()], signal)
  }

  /** True once when the others have waited for so long. */
  get hadLongTurn(): boolean {
    const nowMs = this.#clock.monotonic()
    if (nowMs - this.#turnBeganMs < longTurnMs) return false
    this.#turnBeganMs = nowMs
    return true
  }

  #look(): PressureLevel {
    const nowMs = this.#clock.monotonic()
    if (nowMs - this.#lookedAtMs < lookEveryMs) return this.#level
    this.#lookedAtMs = nowMs
    this.#level = this.#memory.read().level
    return this.#level
  }
}
