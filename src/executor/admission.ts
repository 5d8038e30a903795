import type { Clock } from '../clock.ts'
import type { Ledger, MemoryMonitor, MemoryReading } from '../memory/memory.ts'
import { formatSize } from '../units.ts'

/** A reading is used for this long, in milliseconds: what starts meanwhile is in the ledger already. */
const readingLastsMs = 20

/**
 * Decides whether a task may start: what is in use, plus what running tasks have reserved but not used yet, plus
 * the estimate of the new one must stay below the load line. One task may always run, so that a run goes forward.
 */
export class Admission {
  readonly #monitor: MemoryMonitor
  readonly #ledger: Ledger
  readonly #clock: Clock
  #reading: MemoryReading | null = null
  #readAtMs = 0

  constructor(parts: { monitor: MemoryMonitor; ledger: Ledger; clock: Clock }) {
    this.#monitor = parts.monitor
    this.#ledger = parts.ledger
    this.#clock = parts.clock
  }

  /** Reserves `bytes` under `key` when they fit. */
  admit(key: string, bytes: number): boolean {
    if (!this.#ledger.admit(bytes, this.reading()).fits) return false
    this.#ledger.reserve(key, bytes)
    return true
  }

  /** Why `bytes` do not fit, with the numbers. */
  explain(bytes: number): string {
    const reading = this.reading()
    const free = Math.max(0, this.#ledger.admit(bytes, reading).freeBytes)
    return (
      `waiting for memory: needs ${formatSize(bytes)}, ${formatSize(free)} free above the line ` +
      `(used ${formatSize(reading.usedBytes)} of ${formatSize(reading.capacityBytes)}, ` +
      `reserved ${formatSize(this.#ledger.reservedBytes)})`
    )
  }

  reading(): MemoryReading {
    const nowMs = this.#clock.monotonic()
    if (this.#reading === null || nowMs - this.#readAtMs >= readingLastsMs) {
      this.#reading = this.#monitor.read()
      this.#readAtMs = nowMs
    }
    return this.#reading
  }
}
