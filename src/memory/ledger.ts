/** What is set aside for running tasks and what they use of it: the admission formula. */
import { PlimsollError } from '../errors.ts'
import type { MemoryReading } from './monitor.ts'

export type Admission = {
  readonly fits: boolean
  /** Bytes below the load line that nobody uses or may still claim; negative when the line is exceeded. */
  readonly freeBytes: number
}

type Entry = { readonly reservedBytes: number; observedBytes: number }

/** As many entries as tasks run at once; the caller bounds that. */
export class Ledger {
  readonly #entries = new Map<string, Entry>()

  /** Sets `bytes` aside for `name`; a second call replaces the first and forgets what was observed. */
  reserve(name: string, bytes: number): void {
    this.#entries.set(name, {
      reservedBytes: checkBytes(bytes, `the reservation of "${name}"`),
      observedBytes: 0,
    })
  }

  /** What `name` uses at this moment. A name without a reservation is ignored: its task has just ended. */
  observe(name: string, bytes: number): void {
    const entry = this.#entries.get(name)
    if (entry !== undefined) entry.observedBytes = checkBytes(bytes, `what is observed of "${name}"`)
  }

  release(name: string): void {
    this.#entries.delete(name)
  }

  get reservedBytes(): number {
    let sum = 0
    for (const entry of this.#entries.values()) sum += entry.reservedBytes
    return sum
  }

  /** What running tasks may still take: reserved and not yet part of what the gauge sees as used. */
  get claimBytes(): number {
    let sum = 0
    for (const { reservedBytes, observedBytes } of this.#entries.values()) {
      sum += Math.max(0, reservedBytes - observedBytes)
    }
    return sum
  }

  /** Fits below the load line, or nothing else is reserved: one may always run, so that a run goes forward. */
  admit(estimateBytes: number, reading: Pick<MemoryReading, 'usedBytes' | 'loadLineBytes'>): Admission {
    const freeBytes = reading.loadLineBytes - reading.usedBytes - this.claimBytes
    const fits = checkBytes(estimateBytes, 'the estimate') <= freeBytes || this.#entries.size === 0
    return { fits, freeBytes }
  }
}

function checkBytes(bytes: number, what: string): number {
  if (bytes >= 0 && bytes < Number.POSITIVE_INFINITY) return bytes
  throw new PlimsollError('OPTION_INVALID', `${what} is ${bytes}, not a number of bytes from 0 up`)
}
