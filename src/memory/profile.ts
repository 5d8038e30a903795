/** How the use of a task develops while it runs: the greatest use in each twentieth of its time. */

export type MemoryProfile = {
  /** From start to end, suspended time left out. */
  readonly durationMs: number
  readonly peakBytes: number
  /** For each twentieth of the duration the greatest use in it, in whole per cent of the peak: twenty numbers, 0 to 100. */
  readonly twentieths: readonly number[]
}

const parts = 20
/** A recording keeps at most so many moments; when it is full, every second one is joined with its neighbour. */
const mostMoments = 64

/** Tasks do not keep to the minute: growth may come this much earlier, the end this much later. */
const slackShare = 0.03
const leastSlackMs = 15
const slackOf = (durationMs: number): number => Math.max(leastSlackMs, durationMs * slackShare)

/** What must be counted on after `activeMs` of running; 0 once the task must have ended. */
export function expectedUse({ durationMs, peakBytes, twentieths }: MemoryProfile, activeMs: number): number {
  const slackMs = slackOf(durationMs)
  if (activeMs >= durationMs + slackMs) return 0
  const last = parts - 1
  const from = Math.min(last, Math.floor((activeMs / durationMs) * parts))
  const until = Math.min(last, Math.floor(((activeMs + slackMs) / durationMs) * parts))
  let most = 0
  for (let part = from; part <= until; part += 1) most = Math.max(most, twentieths[part] ?? 100)
  return (peakBytes * most) / 100
}

/** How long after `activeMs` it is still counted on; 0 or less when it has run longer than its profile can tell. */
export const expectedMsLeft = ({ durationMs }: MemoryProfile, activeMs: number): number =>
  durationMs + slackOf(durationMs) - activeMs

/** Records one task; bounded, however long it runs. */
export class ProfileRecorder {
  #moments: { atMs: number; bytes: number }[] = []
  #resolutionMs = 0

  observe(activeMs: number, bytes: number): void {
    const last = this.#moments.at(-1)
    if (last !== undefined && activeMs - last.atMs < this.#resolutionMs) {
      last.bytes = Math.max(last.bytes, bytes)
      return
    }
    this.#moments.push({ atMs: activeMs, bytes })
    if (this.#moments.length >= mostMoments) this.#thin()
  }

  /** Null when nothing was seen of it, or it was too short to tell. `peakBytes` may be known better elsewhere. */
  profile(durationMs: number, peakBytes: number): MemoryProfile | null {
    const seen = this.#moments.reduce((most, { bytes }) => Math.max(most, bytes), 0)
    if (seen <= 0 || durationMs <= 0) return null
    const bytesOf = new Array<number>(parts).fill(0)
    for (const [index, { atMs, bytes }] of this.#moments.entries()) {
      // Between two looks it may have used as much as at the greater of the two.
      const next = this.#moments[index + 1]
      const untilMs = next?.atMs ?? durationMs
      const from = Math.min(parts - 1, Math.floor((atMs / durationMs) * parts))
      const until = Math.min(parts - 1, Math.floor((untilMs / durationMs) * parts))
      for (let part = from; part <= until; part += 1) {
        bytesOf[part] = Math.max(bytesOf[part] ?? 0, bytes, next?.bytes ?? 0)
      }
    }
    return {
      durationMs,
      peakBytes: Math.max(peakBytes, seen),
      twentieths: bytesOf.map((bytes) => Math.ceil((bytes / seen) * 100)),
    }
  }

  #thin(): void {
    const kept: { atMs: number; bytes: number }[] = []
    for (let index = 0; index < this.#moments.length; index += 2) {
      const first = this.#moments[index]
      const second = this.#moments[index + 1]
      if (first) kept.push({ atMs: first.atMs, bytes: Math.max(first.bytes, second?.bytes ?? 0) })
    }
    const [a, b] = kept
    this.#resolutionMs = a && b ? Math.max(this.#resolutionMs, b.atMs - a.atMs) : this.#resolutionMs
    this.#moments = kept
  }
}
