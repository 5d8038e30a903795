import type { Clock } from '../clock.ts'
import { type Ledger, type MemoryProfile, ProfileRecorder, type Seen } from '../memory/memory.ts'
import type { TaskControl } from '../spine.ts'
import type { Waiting } from './waiting-line.ts'
import type { ExecutorTask, GuardAction } from './words.ts'

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

/** What was seen of the memory of one task. */
class Sightings {
  readonly recorder = new ProfileRecorder()
  observedBytes = 0
  peakBytes = 0
  claimBytes = 0
  #grewAtMs = 0

  add(activeMs: number, bytes: number): void {
    this.observedBytes = bytes
    if (bytes > this.peakBytes * grownFactor) this.#grewAtMs = activeMs
    this.peakBytes = Math.max(this.peakBytes, bytes)
    this.recorder.observe(activeMs, bytes)
  }

  at(activeMs: number): Seen {
    return { peakBytes: this.peakBytes, activeMs, flatMs: activeMs - this.#grewAtMs }
  }
}

let starts = 0

type Known<Value> = Pick<ExecutorTask<Value>, 'name' | 'run' | 'estimate' | 'raise'>

/** One task between its start and its end: what is seen of it, and what the guard has done to it. */
export class RunningTask<Value = unknown> {
  /** As it was let in. */
  readonly waiting: Waiting
  readonly task: Known<Value>
  /** Later ones are greater, of all executions together. */
  readonly number = ++starts
  readonly #host: RunningHost
  readonly #startMs: number
  #control: TaskControl | null = null
  #suspendedAtMs: number | null = null
  #suspendedMs = 0
  /** Null until it was measured: many tasks never are. */
  #seen: Sightings | null = null
  /** Stopped by the guard; its end is awaited. */
  isLeaving = false
  /** Nothing is set aside for it any more: it has ended, or told that its work is over. */
  isOver = false

  constructor(waiting: Waiting, task: Known<Value>, host: RunningHost, startMs: number) {
    this.waiting = waiting
    this.task = task
    this.#host = host
    this.#startMs = startMs
  }

  get key(): number {
    return this.waiting.key
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
    return this.#seen?.observedBytes ?? 0
  }

  get peakBytes(): number {
    return this.#seen?.peakBytes ?? 0
  }

  /** What it may still take. */
  get claimBytes(): number {
    return this.#seen?.claimBytes ?? 0
  }

  /** Told by whoever measures it; what is set aside for it follows. */
  observe(bytes: number): void {
    const { key, activeMs } = this
    const { ledger, onObserved } = this.#host
    this.#seen ??= new Sightings()
    this.#seen.add(activeMs, bytes)
    ledger.observe(key, bytes, activeMs)
    onObserved()
    const reservation = this.task.estimate?.(this.#seen.at(activeMs))
    if (reservation === undefined) return
    this.#seen.claimBytes = Math.max(0, reservation.bytes - bytes)
    ledger.revise(key, reservation)
  }

  suspend(because: string): void {
    if (this.#control === null || this.isSuspended) return
    this.#control.suspend()
    this.#suspendedAtMs = this.#host.clock.monotonic()
    this.#host.onGuarded(this.task.name, 'suspended', because)
  }

  resume(because: string): void {
    if (!this.isSuspended) return
    this.#control?.resume()
    this.#countSuspension()
    this.#host.onGuarded(this.task.name, 'resumed', because)
  }

  /** Stopped, to be put back in the queue. */
  evict(because: string): void {
    if (this.#control === null || this.isLeaving) return
    this.isLeaving = true
    this.#control.evict(because)
    this.#countSuspension()
    this.#host.onGuarded(this.task.name, 'requeued', because)
  }

  profile(): MemoryProfile | null {
    return this.#seen?.recorder.profile(this.activeMs, this.#seen.peakBytes) ?? null
  }

  #countSuspension(): void {
    this.#suspendedMs = this.suspendedMs
    this.#suspendedAtMs = null
  }
}
