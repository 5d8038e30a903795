import type { MemoryChange } from '../journal/journal.ts'
import type { MemoryPoint } from '../spine.ts'

/** Points of one run: enough for a picture of any width, and 50 kB in the record. */
const mostPoints = 600
/** How long the stretch of one point is at first, in milliseconds. */
const firstStretchMs = 100

/**
 * How full memory was in the course of a run, in at most 600 points. Each stands for a stretch of time, 100 ms long at
 * first; when all are taken, each two neighbours are joined, so that a run of an hour has stretches of 6.4 s. What
 * matters survives that: the moment nearest to the load line (or farthest above it), with the line as it was then.
 */
export class MemoryCurve {
  readonly #startedAtMs: number
  #points = new Map<number, MemoryPoint>()
  #stretchMs = firstStretchMs
  /** Since the last `take`. */
  readonly #changed = new Set<number>()
  #replace = false

  constructor(startedAtMs: number) {
    this.#startedAtMs = startedAtMs
  }

  get points(): readonly MemoryPoint[] {
    return [...this.#points.values()]
  }

  /** @param afterMs since the start of the run, on a clock that never jumps: not less than the last time. */
  add(afterMs: number, seen: Omit<MemoryPoint, 'atMs'>): void {
    while (afterMs >= mostPoints * this.#stretchMs) this.#joinNeighbours()
    this.#put(Math.floor(afterMs / this.#stretchMs), seen)
  }

  /** What has changed since it was last taken; null for nothing. */
  take(): MemoryChange | null {
    if (this.#changed.size === 0 && !this.#replace) return null
    const points = this.#replace
      ? this.points
      : [...this.#changed].flatMap((at) => this.#points.get(at) ?? [])
    const change = { points, replace: this.#replace }
    this.#changed.clear()
    this.#replace = false
    return change
  }

  /** What was taken last did not reach the record: all of it is to be taken again. */
  takeAllAgain(): void {
    this.#replace = true
  }

  #put(stretch: number, seen: Omit<MemoryPoint, 'atMs'>): void {
    const before = this.#points.get(stretch)
    const atMs = this.#startedAtMs + stretch * this.#stretchMs
    this.#points.set(stretch, { ...(before ? joined(before, seen) : seen), atMs })
    this.#changed.add(stretch)
  }

  #joinNeighbours(): void {
    const before = this.#points
    this.#points = new Map()
    this.#stretchMs *= 2
    for (const [stretch, point] of before) this.#put(Math.floor(stretch / 2), point)
    this.#changed.clear()
    this.#replace = true
  }
}

type Seen = Omit<MemoryPoint, 'atMs'>

function joined(left: Seen, right: Seen): Seen {
  const nearer = shareOfLine(right) > shareOfLine(left) ? right : left
  return {
    ...nearer,
    tasksBytes: Math.max(left.tasksBytes, right.tasksBytes),
    claimBytes: Math.max(left.claimBytes, right.claimBytes),
  }
}

const shareOfLine = ({ usedBytes, loadLineBytes }: Seen): number => usedBytes / Math.max(1, loadLineBytes)
