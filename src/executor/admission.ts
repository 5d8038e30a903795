import type { Clock } from '../clock.ts'
import {
  type Ledger,
  type MemoryMonitor,
  type MemoryReading,
  ownMemoryBytes,
  type Reservation,
} from '../memory/memory.ts'
import { formatSize } from '../units.ts'

/** A reading is used for this long, in milliseconds: what starts meanwhile is in the ledger already. */
const readingLastsMs = 20
/** The line itself moves when somebody sets a limit anew: it is taken to stand for this long, in milliseconds. */
const lineLastsMs = 1_000

type Parts = {
  readonly monitor: MemoryMonitor
  readonly ledger: Ledger
  readonly clock: Clock
  /** What the engine itself is expected to use at most; what it does not use yet is not given away. */
  readonly ownBytes: number
  /** The guard holds a task suspended. */
  readonly isHeld: () => boolean
}

type Line = Pick<MemoryReading, 'usedBytes' | 'loadLineBytes'>

/** Why a task may not start now; null when it has been let in. */
export type Refusal = 'memory' | 'host' | 'suspended' | null

/**
 * Decides whether a task may start: what is in use, plus what running tasks have reserved but not used yet, plus what
 * the engine itself may still need, plus the estimate of the new one must stay below the load line. One task may
 * always run, so that a run goes forward. Nothing starts while the guard holds a task suspended.
 */
export class Admission {
  readonly #parts: Parts
  #reading: MemoryReading | null = null
  /** Of the last reading, with what the engine itself may still need. */
  #line: Line = { usedBytes: 0, loadLineBytes: 0 }
  #readAtMs = Number.NEGATIVE_INFINITY

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Reserves under `key` when it fits. `nowMs`: as the clock stands, where that is known. */
  admit(key: number, reservation: Reservation, nowMs?: number): Refusal {
    const { ledger, isHeld } = this.#parts
    if (isHeld()) return 'suspended'
    const line = this.#lineNow(nowMs)
    if (ledger.fits(reservation, line)) {
      ledger.reserve(key, reservation)
      return null
    }
    const { freeBytes } = ledger.admit(reservation, line)
    return freeBytes + ledger.reservedBytes < reservation.bytes ? 'host' : 'memory'
  }

  /** Below the line, neither in use nor set aside; negative above it. */
  get freeBytes(): number {
    return this.#parts.ledger.admit(0, this.#lineNow()).freeBytes
  }

  /** Reserves under `key` for what runs already, whether it fits or not. */
  take(key: number, reservation: Reservation): null {
    this.#parts.ledger.reserve(key, reservation)
    return null
  }

  /** Whether so much more would stay below the line. */
  hasRoomFor(bytes: number): boolean {
    return this.freeBytes >= bytes
  }

  /** Why a task does not fit, with the numbers. */
  explain({ bytes }: Reservation): string {
    const { ledger } = this.#parts
    const free = Math.max(0, this.freeBytes)
    const { usedBytes, loadLineBytes, capacityBytes } = this.reading()
    return (
      `waiting for memory: needs ${formatSize(bytes)}, ${formatSize(free)} free above the line ` +
      `(used ${formatSize(usedBytes)} of ${formatSize(capacityBytes)}, line at ${formatSize(loadLineBytes)}, ` +
      `reserved ${formatSize(ledger.reservedBytes)})`
    )
  }

  reading(nowMs: number = this.#parts.clock.monotonic()): MemoryReading {
    const isOld = nowMs - this.#readAtMs >= readingLastsMs
    return this.#reading === null || isOld ? this.#read(nowMs) : this.#reading
  }

  /** As it was read last: what was observed since does not matter. */
  loadLineBytes(nowMs: number = this.#parts.clock.monotonic()): number {
    const isOld = nowMs - this.#readAtMs >= lineLastsMs
    return isOld ? this.#read(nowMs).loadLineBytes : this.#line.loadLineBytes
  }

  #read(nowMs: number): MemoryReading {
    const { monitor, ownBytes } = this.#parts
    const reading = monitor.read()
    const { usedBytes, loadLineBytes } = reading
    const ownClaimBytes = ownBytes === 0 ? 0 : Math.max(0, ownBytes - ownMemoryBytes())
    this.#reading = reading
    this.#line = { usedBytes: usedBytes + ownClaimBytes, loadLineBytes }
    this.#readAtMs = nowMs
    return reading
  }

  /**
   * What was read is not true any more. An older reading together with a newer observation would count what a task
   * has taken meanwhile neither as used nor as still to be claimed.
   */
  forget(): void {
    this.#reading = null
  }

  #lineNow(nowMs?: number): Line {
    this.reading(nowMs)
    return this.#line
  }
}
