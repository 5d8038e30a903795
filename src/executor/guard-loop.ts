import type { Clock } from '../clock.ts'
import { Guard, type MemoryMonitor } from '../memory/memory.ts'
import { formatSize } from '../units.ts'
import type { RunningTask } from './running.ts'

/** How often the guard looks, in milliseconds, by the share of the load line that is in use. */
const farMs = 100
const usualMs = 50
const nearMs = 20
const aboveMs = 10
const farShare = 0.4
const nearShare = 0.75

type Parts = {
  readonly monitor: MemoryMonitor
  readonly clock: Clock
  /** Something may start now, or be told. */
  readonly onChange: () => void
}

/**
 * Looks at the memory of everything that runs and acts at once when it gets too much; what it did is told afterwards.
 * It looks more often the nearer the line is, and not at all while nothing runs that it may act on.
 */
export class GuardLoop implements Disposable {
  readonly #parts: Parts
  readonly #guard = new Guard()
  /** Those that it may act on; at most `maxConcurrentTasks`. */
  readonly #tasks = new Set<RunningTask>()
  #timer: Disposable | null = null
  #intervalMs = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A task has handed over its control; of one that is over it is too late. */
  watch(task: RunningTask): void {
    if (task.isOver) return
    this.#tasks.add(task)
    if (this.#timer === null) this.#every(nearMs)
  }

  /** It has ended. */
  forget(task: RunningTask): void {
    this.#tasks.delete(task)
  }

  /** It holds a task suspended: only while there is one that it may act on. */
  get isHolding(): boolean {
    return this.#timer !== null && this.#tasks.values().some((task) => task.isSuspended)
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = null
  }

  #every(intervalMs: number): void {
    if (this.#timer !== null && intervalMs === this.#intervalMs) return
    this[Symbol.dispose]()
    this.#intervalMs = intervalMs
    this.#timer = this.#parts.clock.every(intervalMs, () => this.#look())
  }

  #look(): void {
    const { monitor, clock, onChange } = this.#parts
    const guarded: RunningTask[] = []
    let leavingBytes = 0
    for (const task of [...this.#tasks].sort(byStart)) {
      if (task.control === null) continue
      if (task.isLeaving) leavingBytes += task.observedBytes
      else guarded.push(task)
      if (!task.isSuspended) task.control.currentBytes()
    }
    if (guarded.length === 0) {
      this[Symbol.dispose]()
      return
    }
    const { roomBytes, limitRoomBytes, usedBytes, loadLineBytes } = monitor.read()
    const decision = this.#guard.decide({
      nowMs: clock.monotonic(),
      roomBytes,
      limitRoomBytes,
      leavingBytes,
      tasks: guarded,
    })
    const because = `${formatSize(usedBytes)} in use, ${formatSize(Math.max(0, limitRoomBytes))} below the limit`
    for (const number of decision.evict) guarded[number]?.evict(because)
    for (const number of decision.suspend) guarded[number]?.suspend(because)
    for (const number of decision.resume) guarded[number]?.resume(because)
    if (decision.resume.length > 0) onChange()
    this.#every(intervalFor(usedBytes / loadLineBytes))
  }
}

const byStart = (one: RunningTask, other: RunningTask): number => one.number - other.number

function intervalFor(share: number): number {
  if (share >= 1) return aboveMs
  if (share >= nearShare) return nearMs
  return share >= farShare ? usualMs : farMs
}
