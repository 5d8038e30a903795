/** Series that grow by steps while their old part is deleted, and whether that is so. */
import type { MetricsRepository, Sample } from '../../src/metrics/metrics.ts'

const name = 'kept_total'
const hosts = 20
/** Of each series. */
const samplesOfStep = 50
const distanceMs = 10
const stepMs = samplesOfStep * distanceMs
const keptSteps = 3

/** Half of the series have regular times. */
const timeOf = (host: number, index: number): number =>
  index * distanceMs + (host % 2 === 0 ? 0 : (index * 7) % distanceMs)

export const stepOf = (number: number): readonly Sample[] =>
  Array.from({ length: samplesOfStep * hosts }, (_, at) => {
    const index = number * samplesOfStep + Math.floor(at / hosts)
    const host = at % hosts
    return { name, labels: { host: String(host) }, timestampMs: timeOf(host, index), value: index }
  })

/** What is older is deleted when a step was recorded; it lies anywhere in a block. */
export const deletedBefore = (number: number): number =>
  Math.max(0, (number - keptSteps) * stepMs + ((number * 137) % stepMs))

export type KeptState = {
  /** Behind the last step that was acknowledged. */
  readonly recorded: number
  /** Acknowledged. */
  readonly deletedMs: number
  /** Perhaps. */
  readonly deletingMs: number
}

export type Kept = {
  /** Older than what was deleted, or than the first that was there before. */
  readonly older: number
  /** Newer than what may have been deleted. */
  readonly missing: number
  readonly twice: number
  readonly wrong: number
}

export class KeptSeries {
  /** By host. */
  readonly #first = new Map<number, number>()

  /** `now`: the state when the reading is over. */
  async check(metrics: MetricsRepository, state: KeptState, now: () => KeptState): Promise<Kept> {
    const times = new Map<number, number[]>()
    let wrong = 0
    for await (const { series, timestampsMs, values } of metrics.streamBatches({ name })) {
      const host = Number(series.labels.host)
      const before = times.get(host) ?? []
      times.set(host, before)
      for (const [index, timeMs] of timestampsMs.entries()) {
        before.push(timeMs)
        if (timeMs !== timeOf(host, values[index] as number)) wrong += 1
      }
    }
    const { deletingMs } = now()
    let [older, missing, twice] = [0, 0, 0]
    for (let host = 0; host < hosts; host += 1) {
      const seen = times.get(host) ?? []
      const distinct = new Set(seen)
      twice += seen.length - distinct.size
      const firstMs = Math.max(state.deletedMs, this.#first.get(host) ?? 0)
      older += seen.filter((timeMs) => timeMs < firstMs).length
      for (
        let index = Math.floor(deletingMs / distanceMs);
        index < state.recorded * samplesOfStep;
        index += 1
      ) {
        const timeMs = timeOf(host, index)
        if (timeMs >= deletingMs && !distinct.has(timeMs)) missing += 1
      }
      this.#first.set(host, Math.max(firstMs, seen[0] ?? 0))
    }
    return { older, missing, twice, wrong }
  }
}
