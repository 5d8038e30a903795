import type { Clock } from '../clock.ts'
import {
  type Ledger,
  type MemoryProfile,
  ProfileRecorder,
  type Reservation,
  type Seen,
} from '../memory/memory.ts'
import type { TaskControl } from '../spine.ts'
import type { GuardAction } from './words.ts'

/** Growth of less than a fiftieth is none. */
const grownFactor = 1.02

/** What all tasks of one execution share. */
export type RunningHost = {
  readonly clock: Clock
  readonly ledger: Ledger
  /** What was read before is not true together with what was observed now. */
  readonly onObserved: () => void
  readonly onGuarded: (task: string, action: GuardAction, message: string) => void
}

type Known = {
  readonly name: string
  readonly estimate?: (seen: Seen) => Reservation
}

/** One task between its start and its end: what is seen of it, and what the guard has done to it. */
export class RunningTask {
  readonly key: string
  readonly #task: Known
  readonly #host: RunningHost
  readonly #startMs: number
  #control: TaskControl | null = null
  #suspendedAtMs: number | null = null
  #suspendedMs = 0
  #recorder: ProfileRecorder | null = null
  #observedBytes = 0
  #peakBytes = 0
  #grewAtMs = 0
  #claimBytes = 0
  /** Stopped by the guard; its end is awaited. */
  isLeaving = false

  constructor(key: string, task: Known, host: RunningHost) {
    this.key = key
    this.#task = task
    this.#host = host
    this.#startMs = host.clock.monotonic()
  }

  get name(): string {
    return this.#task.name
  }

  get control(): TaskControl | null {
    return this.#control
  }

  set control(control: TaskControl | null) {
    this.#control = control
    if (control === null) this.#countSuspension()
  }

  get isSuspended(): boolean {
    return this.#suspendedAtMs !== null
  }

  get suspendedMs(): number {
    const running = this.#suspendedAtMs === null ? 0 : this.#host.clock.monotonic() - this.#suspendedAtMs
    return this.#suspendedMs + running
  }

  get activeMs(): number {
    return this.#host.clock.monotonic() - this.#startMs - this.suspendedMs
  }

  get observedBytes(): number {
    return this.#observedBytes
  }

  get peakBytes(): number {
    return this.#peakBytes
  }

  /** What it may still take. */
  get claimBytes(): number {
    return this.#claimBytes
  }

  /** Told by whoever measures it; what is set aside for it follows. */
  observe(bytes: number): void {
    const { activeMs } = this
    this.#observedBytes = bytes
    if (bytes > this.#peakBytes * grownFactor) this.#grewAtMs = activeMs
    this.#peakBytes = Math.max(this.#peakBytes, bytes)
    this.#recorder ??= new ProfileRecorder()
    this.#recorder.observe(activeMs, bytes)
    const { ledger, onObserved } = this.#host
    const { key } = this
    ledger.observe(key, bytes, activeMs)
    onObserved()
    if (this.#task.estimate === undefined) return
    const seen = { peakBytes: this.#peakBytes, activeMs, flatMs: activeMs - this.#grewAtMs }
    const reservation = this.#task.estimate(seen)
    this.#claimBytes = Math.max(0, reservation.bytes - bytes)
    ledger.revise(key, reservation)
  }

  suspend(because: string): void {
    if (this.#control === null || this.isSuspended) return
    this.#control.suspend()
    this.#suspendedAtMs = this.#host.clock.monotonic()
    this.#host.onGuarded(this.#task.name, 'suspended', because)
  }

  resume(because: string): void {
    if (!this.isSuspended) return
    this.#control?.resume()
    this.#countSuspension()
    this.#host.onGuarded(this.#task.name, 'resumed', because)
  }

  /** Stopped, to be put back in the queue. */
  evict(because: string): void {
    if (this.#control === null || this.isLeaving) return
    this.isLeaving = true
    this.#control.evict(because)
    this.#countSuspension()
    this.#host.onGuarded(this.#task.name, 'requeued', because)
  }

  profile(): MemoryProfile | null {
    return this.#recorder?.profile(this.activeMs, this.#peakBytes) ?? null
  }

  #countSuspension(): void {
    this.#suspendedMs = this.suspendedMs
    this.#suspendedAtMs = null
  }
}
