import type { WaitReason } from '../spine.ts'
import type { Ended, GuardAction } from './words.ts'

/** What an executor has done since it was made: numbers only, whatever the count of tasks. */
export type ExecutorReport = {
  /** Tasks of graphs, by how they ended. */
  readonly succeeded: number
  readonly failed: number
  readonly skipped: number
  readonly cancelled: number
  /** Items of maps whose function has ended. */
  readonly mapped: number
  /** Slots that are taken now, and the most that were at once. */
  readonly running: number
  readonly mostAtOnce: number
  /** What the guard has done; `requeued` counts also what the kernel had killed for want of memory. */
  readonly suspended: number
  readonly requeued: number
  /** Milliseconds that tasks of graphs waited together, by reason. */
  readonly waitedMs: Readonly<Partial<Record<WaitReason, number>>>
  readonly reservedBytes: number
}

export class Tally {
  readonly #ends = { succeeded: 0, failed: 0, skipped: 0, cancelled: 0 }
  readonly #guarded = { suspended: 0, resumed: 0, requeued: 0 }
  readonly #waitedMs: Partial<Record<WaitReason, number>> = {}
  mapped = 0
  running = 0
  mostAtOnce = 0

  begin(): void {
    this.running += 1
    if (this.running > this.mostAtOnce) this.mostAtOnce = this.running
  }

  end({ status, waits }: Ended): void {
    this.#ends[status] += 1
    for (const reason in waits) {
      const known = reason as WaitReason
      this.#waitedMs[known] = (this.#waitedMs[known] ?? 0) + (waits[known] ?? 0)
    }
  }

  guard(action: GuardAction): void {
    this.#guarded[action] += 1
  }

  report(reservedBytes: number): ExecutorReport {
    const { suspended, requeued } = this.#guarded
    const { mapped, running, mostAtOnce } = this
    const counts = { ...this.#ends, mapped, running, mostAtOnce, suspended, requeued }
    return { ...counts, waitedMs: { ...this.#waitedMs }, reservedBytes }
  }
}
