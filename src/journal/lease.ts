import type { Clock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { type LockHolder, type LockName, releasing, renewing } from './lock-rows.ts'

/** So long after the last sign of life of its owner a lock has another one, should anybody wait for it, in milliseconds. */
export const leaseMs = 15_000
/** How often a lock that another one holds is looked at, in milliseconds. */
export const lookMs = 500
/** After so long without a sign of life the lock may be taken. That sign was seen up to a look after it was given. */
export const silenceMs = leaseMs - lookMs
/** How often the owner gives a sign of life. */
const renewMs = 5_000
/** So long after its last sign of life the owner asks its tasks to end, when the store cannot be reached. */
const stopMs = 11_500
/** And so long after it nothing of it runs any more: a second before anybody else begins, for clocks that go slower. */
const overMs = 13_500
const tickMs = 1_000
/** Time went on without us: the process was stopped, or the machine slept. */
const leapMs = 3 * tickMs
/** How long the store may take to say whether the lock is still ours after such a leap. */
const patienceMs = 3_000

/** What lets writes of the owner through, and nobody else's. */
export type Fence = LockName & {
  /** Grows with each taking of the lock and never goes back. */
  readonly number: number
  /** Tells the lease that a write was refused because of the number. */
  readonly onLost: () => void
}

type LeaseParts = {
  readonly store: Store
  readonly name: LockName
  readonly number: number
  readonly clock: Clock
  /** When the taking was sent. */
  readonly sentAt: Moment
  readonly replaced: LockHolder | null
  /** Until it was taken, in milliseconds; 0 when it was free. */
  readonly waitedMs: number
}

type Moment = { readonly monotonicMs: number; readonly uptimeMs: number }

export const momentOf = (clock: Clock): Moment => ({
  monotonicMs: clock.monotonic(),
  uptimeMs: clock.uptime(),
})

/** Whichever clock says more: the monotonic one does not go on while a machine sleeps, the other one is coarse. */
function passedMs(from: Moment, to: Moment): number {
  return Math.max(to.monotonicMs - from.monotonicMs, to.uptimeMs - from.uptimeMs)
}

/**
 * A lock that is held and renewed until disposed, which gives it back.
 *
 * Why no two hold it at once: the owner counts from the moment at which it *sent* its last renewal, and lets go 13.5 s
 * later. Another one counts from the moment at which it *saw* that renewal, which is later, and takes the lock not
 * before 14.5 s have gone by without another. Both measure durations with clocks of their own that are never set, and no
 * times of two machines are compared; so clocks that differ or are set change nothing, only such as run at rates that
 * differ by 7 % could. An owner that did not notice how time went by (it was stopped, or its machine slept)
 * may do something in the moment before it looks: what it writes is refused by the store, because its fence is old,
 * and no task starts before that was written.
 */
export class Lease implements AsyncDisposable {
  readonly fence: Fence
  /** The owner that it was taken from without being given back; null in good order. */
  readonly replaced: LockHolder | null
  /** What was waited for until it was taken, in milliseconds. */
  readonly waitReasons: { readonly lock?: number }
  readonly #parts: LeaseParts
  readonly #stop = new AbortController()
  readonly #over = new AbortController()
  readonly #timer: Disposable
  /** When the last renewal that arrived was sent. */
  #confirmed: Moment
  #lastTick: Moment
  /** Until then (monotonic) the store is asked, and nothing is given up. */
  #patientUntilMs = 0
  #renewal: Promise<void> | null = null
  #isGivenBack = false

  constructor(parts: LeaseParts) {
    const { name, number, clock, sentAt } = parts
    this.#parts = parts
    this.replaced = parts.replaced
    this.waitReasons = parts.waitedMs > 0 ? { lock: Math.round(parts.waitedMs) } : {}
    this.fence = { ...name, number, onLost: () => this.#lose('another run has taken it') }
    this.#confirmed = sentAt
    this.#lastTick = momentOf(clock)
    this.#timer = clock.every(tickMs, () => this.#tick())
  }

  /** Aborts with LOCK_LOST when the lock is lost, or is about to be lost: ask what runs to end. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Aborts when another one may have the lock: nothing may run any more. Never before `signal`. */
  get killSignal(): AbortSignal {
    return this.#over.signal
  }

  /** False as soon as another one could have taken it, also when that is found out to be not so a moment later. */
  get isHeld(): boolean {
    return !this.#over.signal.aborted && !this.#isGivenBack && this.#ageMs() < overMs
  }

  #ageMs(): number {
    return passedMs(this.#confirmed, momentOf(this.#parts.clock))
  }

  #tick(): void {
    const now = momentOf(this.#parts.clock)
    const leapt = passedMs(this.#lastTick, now) > leapMs
    this.#lastTick = now
    if (leapt) this.#patientUntilMs = now.monotonicMs + patienceMs
    const ageMs = this.#ageMs()
    if (leapt || ageMs >= renewMs) this.#renew()
    if (now.monotonicMs < this.#patientUntilMs) return
    if (ageMs >= stopMs) this.#stop.abort(lost(this.#parts.name, 'it could not be renewed'))
    if (ageMs >= overMs) this.#lose('it could not be renewed')
  }

  #renew(): void {
    this.#renewal ??= this.#tryRenew().finally(() => {
      this.#renewal = null
    })
  }

  async #tryRenew(): Promise<void> {
    const { store, name, number, clock } = this.#parts
    try {
      // Once more when time leapt after it was sent: that one says little.
      do {
        const sentAt = momentOf(clock)
        await store.write([renewing(name, number, clock.now() + leaseMs)])
        this.#confirmed = sentAt
      } while (this.#ageMs() >= overMs)
    } catch (error) {
      // Otherwise the store cannot be reached: tried again until the lease is over.
      if (isConflict(error)) this.#lose('another run has taken it')
    }
  }

  #lose(why: string): void {
    this.#timer[Symbol.dispose]()
    const error = lost(this.#parts.name, why)
    this.#stop.abort(error)
    this.#over.abort(error)
  }

  /** Gives the lock back, as far as the store can be reached; else it is free when the lease is over. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer[Symbol.dispose]()
    await this.#renewal
    if (this.#isGivenBack || this.#over.signal.aborted) return
    this.#isGivenBack = true
    const { store, name, number } = this.#parts
    await store.write([releasing(name, number)]).catch(() => undefined)
  }
}

export const isConflict = (error: unknown): boolean =>
  error instanceof PlimsollError && error.code === 'STORE_CONFLICT'

/** "shop" to production */
export const lockText = ({ plan, environment }: LockName): string =>
  `"${plan}"${environment === null ? '' : ` to ${environment}`}`

export const lost = (name: LockName, why: string): PlimsollError =>
  new PlimsollError('LOCK_LOST', `this run has lost the lock of ${lockText(name)}: ${why}`)
