import type { Clock } from '../clock.ts'
import type { Journal } from '../journal/journal.ts'
import type { Ledger, MemoryMonitor } from '../memory/memory.ts'
import type { DeployEvent } from '../spine.ts'
import { MemoryCurve } from './memory-curve.ts'
import type { PeakMeter } from './peak-meter.ts'

/** How often memory is looked at, in milliseconds: a look costs 35 us. */
const lookMs = 100
/** Every so many looks it is shown, beginning with the first: once a second. */
const looksPerShow = 10
/**
 * How long points may wait for the commit of an event before they get one of their own, in milliseconds. Above the
 * load line they wait less: an engine that is killed leaves behind what led to it.
 */
const longestWaitMs = 10_000
const longestWaitAboveLineMs = 1_000

type Parts = {
  readonly runId: string
  readonly clock: Clock
  readonly executor: {
    readonly monitor: Pick<MemoryMonitor, 'read'>
    readonly ledger: Pick<Ledger, 'reservedBytes' | 'claimBytes'>
  }
  readonly journal: Pick<Journal, 'keepMemory'>
  readonly meter: PeakMeter
}
export type MemoryNow = Omit<Extract<DeployEvent, { type: 'memory' }>, 'runId' | 'atMs'>

/** How full memory is while a run lasts: looked at, shown, and kept in the journal as a curve of bounded length. */
export class MemoryRecord {
  readonly #parts: Parts
  readonly #startMs: number
  readonly #curve: MemoryCurve
  #keptMs: number

  constructor(parts: Parts) {
    const { clock } = parts
    this.#parts = parts
    this.#startMs = clock.monotonic()
    this.#keptMs = this.#startMs
    this.#curve = new MemoryCurve(Math.round(clock.now()))
  }

  /** Looks at once and then ten times a second, until disposed. */
  watch(show: ((now: MemoryNow) => Promise<void>) | null): Disposable {
    let looks = 0
    this.look()
    return this.#parts.clock.every(lookMs, () => {
      const now = this.look()
      this.#keepInTime(now)
      if (show && looks % looksPerShow === 0) void show(now)
      looks += 1
    })
  }

  look(): MemoryNow {
    const { clock, executor, meter } = this.#parts
    const { usedBytes, capacityBytes, loadLineBytes } = executor.monitor.read()
    const { reservedBytes, claimBytes } = executor.ledger
    const tasksBytes = meter.takeRecentBytes()
    const seen = { usedBytes, tasksBytes, claimBytes, loadLineBytes, capacityBytes }
    this.#curve.add(clock.monotonic() - this.#startMs, seen)
    return { type: 'memory', ...seen, reservedBytes }
  }

  /** Writes what is new. Called in the turn of another write it shares the commit. Never throws, nobody waits for it. */
  keep(): void {
    const { clock, journal, runId } = this.#parts
    const change = this.#curve.take()
    if (change === null) return
    this.#keptMs = clock.monotonic()
    // A run does not end because a picture of it is missing; the next write tries again.
    journal.keepMemory(runId, change).catch(() => this.#curve.takeAllAgain())
  }

  #keepInTime({ usedBytes, loadLineBytes }: MemoryNow): void {
    const waitedMs = this.#parts.clock.monotonic() - this.#keptMs
    if (waitedMs >= (usedBytes > loadLineBytes ? longestWaitAboveLineMs : longestWaitMs)) this.keep()
  }
}
