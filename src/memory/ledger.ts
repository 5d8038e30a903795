/** What is set aside for running tasks and what they use of it: the admission formula. */
import { PlimsollError } from '../errors.ts'
import type { MemoryReading } from './monitor.ts'
import { expectedMsLeft, expectedUse, type MemoryProfile } from './profile.ts'

export type Admission = {
  readonly fits: boolean
  /** Bytes below the load line that nobody uses or may still claim; negative when the line is exceeded. */
  readonly freeBytes: number
}

/** What is set aside: the greatest use expected, and how it develops where that is known. */
export type Reservation = { readonly bytes: number; readonly profile?: MemoryProfile | null }

/** Whom something is set aside for: a name or a number that nobody else uses. */
type Holder = string | number
type Entry = {
  reservation: Reservation
  observedBytes: number
  activeMs: number
  /** What it may still take: reserved and not observed. */
  claimBytes: number
}
type Line = Pick<MemoryReading, 'usedBytes' | 'loadLineBytes'>

/** At so many moments of a task's expected time, beside the ends of others, the sum of all is looked at. */
const evenMoments = 24
/** A task that should have ended is taken to go on for this share of its expected time. */
const overdueShare = 0.3

/** As many entries as tasks run at once; the caller bounds that. */
export class Ledger {
  readonly #entries = new Map<Holder, Entry>()
  #claimBytes = 0

  /** Sets `bytes` aside for `holder`; a second call replaces the first and forgets what was observed. */
  reserve(holder: Holder, reservation: number | Reservation): void {
    const checked = checkReservation(reservation, 'the reservation of', holder)
    this.release(holder)
    const claimBytes = checked.bytes
    this.#entries.set(holder, { reservation: checked, observedBytes: 0, activeMs: 0, claimBytes })
    this.#claimBytes += claimBytes
  }

  /** What `holder` uses at this moment. Who holds nothing is ignored: its task has just ended. */
  observe(holder: Holder, bytes: number, activeMs = 0): void {
    const entry = this.#entries.get(holder)
    if (entry === undefined) return
    entry.observedBytes = checkBytes(bytes, 'what is observed of', holder)
    entry.activeMs = activeMs
    this.#claimAnew(entry)
  }

  /** What is expected of `holder` has changed; what was observed stays. */
  revise(holder: Holder, reservation: number | Reservation): void {
    const entry = this.#entries.get(holder)
    if (entry === undefined) return
    entry.reservation = checkReservation(reservation, 'the reservation of', holder)
    this.#claimAnew(entry)
  }

  release(holder: Holder): void {
    const entry = this.#entries.get(holder)
    if (entry === undefined) return
    this.#entries.delete(holder)
    // A sum of fractions may be a little beside 0 when nothing is left of it.
    this.#claimBytes = this.#entries.size === 0 ? 0 : this.#claimBytes - entry.claimBytes
  }

  get reservedBytes(): number {
    let sum = 0
    for (const { reservation } of this.#entries.values()) sum += reservation.bytes
    return sum
  }

  /** What running tasks may still take: reserved and not yet part of what the gauge sees as used. */
  get claimBytes(): number {
    return this.#claimBytes
  }

  #claimAnew(entry: Entry): void {
    const claimBytes = Math.max(0, entry.reservation.bytes - entry.observedBytes)
    this.#claimBytes += claimBytes - entry.claimBytes
    entry.claimBytes = claimBytes
  }

  /**
   * Fits below the load line, or nothing else is reserved: one may always run, so that a run goes forward. Where it is
   * known how tasks develop, they fit also when their peaks together do not, as long as they do not fall together.
   */
  admit(estimate: number | Reservation, line: Line): Admission {
    const fits = this.fits(typeof estimate === 'number' ? { bytes: estimate } : estimate, line)
    return { fits, freeBytes: line.loadLineBytes - line.usedBytes - this.#claimBytes }
  }

  /** `admit` without the numbers: asked for every task. */
  fits(wanted: Reservation, line: Line): boolean {
    checkBytes(wanted.bytes, 'the estimate')
    if (this.#entries.size === 0 || wanted.bytes <= line.loadLineBytes - line.usedBytes - this.#claimBytes)
      return true
    return this.#interleaves(wanted, line)
  }

  #interleaves({ profile }: Reservation, { usedBytes, loadLineBytes }: Line): boolean {
    if (!profile) return false
    return this.#moments(profile).every((inMs) => {
      let bytes = usedBytes + expectedUse(profile, inMs)
      for (const entry of this.#entries.values()) bytes += expectedChange(entry, inMs)
      return bytes <= loadLineBytes
    })
  }

  /** Evenly over the time of the newcomer, and just before each of the others is expected to end. */
  #moments(profile: MemoryProfile): readonly number[] {
    const wholeMs = expectedMsLeft(profile, 0)
    const ends = [...this.#entries.values()].flatMap(({ reservation, activeMs }) => {
      const leftMs = reservation.profile ? expectedMsLeft(reservation.profile, activeMs) - 1 : 0
      return leftMs > 0 && leftMs < wholeMs ? [leftMs] : []
    })
    return [...Array.from({ length: evenMoments }, (_, index) => (wholeMs * index) / evenMoments), ...ends]
  }
}

/** How much more (or less, when it has ended by then) than now a task uses in so many milliseconds. */
function expectedChange(entry: Entry, inMs: number): number {
  const { reservation, observedBytes, activeMs } = entry
  const { profile } = reservation
  if (!profile) return entry.claimBytes
  if (expectedMsLeft(profile, activeMs) <= 0)
    return inMs < profile.durationMs * overdueShare ? 0 : -observedBytes
  const expected = expectedUse(profile, activeMs + inMs)
  return Math.max(expected, inMs === 0 ? observedBytes : 0) - observedBytes
}

function checkReservation(reservation: number | Reservation, what: string, holder?: Holder): Reservation {
  if (typeof reservation === 'number') return { bytes: checkBytes(reservation, what, holder) }
  checkBytes(reservation.bytes, what, holder)
  return reservation
}

/** The words are put together only when they are needed: this is asked for every task. */
function checkBytes(bytes: number, what: string, holder?: Holder): number {
  if (bytes >= 0 && bytes < Number.POSITIVE_INFINITY) return bytes
  const whose = holder === undefined ? what : `${what} "${holder}"`
  throw new PlimsollError('OPTION_INVALID', `${whose} is ${bytes}, not a number of bytes from 0 up`)
}
