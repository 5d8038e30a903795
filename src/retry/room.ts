/** Under pressure an attempt waits for room. */
import type { Clock } from '../clock.ts'
import { collectGarbage, MemoryMonitor } from '../memory/memory.ts'
import { formatSize } from '../units.ts'
import { counters } from './counters.ts'
import type { MemoryGauge } from './words.ts'

/** A gauge is read no more often than this, whoever asks: reading costs 20 us. */
const lookEveryMs = 100
/** While it waits, an attempt asks for a collection no more often than this, and no other does meanwhile. */
const collectEveryMs = 5_000

let monitor: MemoryMonitor | undefined

/** The machine and the control groups around this process, at 85 %. Keeps a few files open once it was asked. */
export const machineGauge: MemoryGauge = {
  read: () => {
    monitor ??= new MemoryMonitor()
    return monitor.read()
  },
}

type Sight = { atMs: number; isTight: boolean; collectedMs: number }
const sights = new WeakMap<MemoryGauge, Sight>()

function sightOf(gauge: MemoryGauge): Sight {
  const sight = sights.get(gauge) ?? {
    atMs: Number.NEGATIVE_INFINITY,
    isTight: false,
    collectedMs: Number.NEGATIVE_INFINITY,
  }
  sights.set(gauge, sight)
  return sight
}

/** Whether more is in use than the load line allows, as of at most a tenth of a second ago. */
export function isTight(gauge: MemoryGauge, nowMs: number): boolean {
  const sight = sightOf(gauge)
  // Two clocks may ask: one that is behind counts as new.
  if (nowMs - sight.atMs < lookEveryMs && nowMs >= sight.atMs) return sight.isTight
  sight.atMs = nowMs
  const { usedBytes, loadLineBytes } = gauge.read()
  sight.isTight = usedBytes > loadLineBytes
  return sight.isTight
}

export type RoomWait = {
  readonly gauge: MemoryGauge
  readonly clock: Clock
  readonly mostMs: number
  readonly signal: AbortSignal | undefined
  /** Told once, before the wait. */
  readonly onWait: (message: string) => void | Promise<void>
}

/** Ends when there is room, or after `mostMs`: then the attempt is made all the same. Rejects when the signal aborts. */
export async function waitForRoom({ gauge, clock, mostMs, signal, onWait }: RoomWait): Promise<void> {
  const startMs = clock.monotonic()
  for (let leftMs = mostMs; leftMs > 0; leftMs = startMs + mostMs - clock.monotonic()) {
    if (!isTightNow(gauge, clock.monotonic())) return
    if (leftMs === mostMs) {
      counters.memoryWaits += 1
      const { usedBytes, loadLineBytes } = gauge.read()
      await onWait(
        `waiting for memory: ${formatSize(usedBytes)} in use, the load line is at ${formatSize(loadLineBytes)}`,
      )
    }
    await clock.sleep(Math.min(lookEveryMs, leftMs), signal)
  }
}

/** Reads afresh; above the line, what this thread holds for nothing is let go first. */
function isTightNow(gauge: MemoryGauge, nowMs: number): boolean {
  const sight = sightOf(gauge)
  sight.atMs = Number.NEGATIVE_INFINITY
  if (!isTight(gauge, nowMs)) return false
  if (nowMs - sight.collectedMs < collectEveryMs && nowMs >= sight.collectedMs) return true
  sight.collectedMs = nowMs
  counters.collections += 1
  collectGarbage()
  sight.atMs = Number.NEGATIVE_INFINITY
  return isTight(gauge, nowMs)
}
