/** Counters and gauges as programs have them: with jitter, gaps, resets, series that begin late and end early. */
import type { Batch, Sample } from '../../src/metrics/words.ts'

export const beginMs = Date.UTC(2026, 0, 1)
const dayMs = 86_400_000

/** The same numbers for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * Never at a whole second: Prometheus 2 counts a sample at both bounds of a window, ours at the first alone.
 */
function batchOf(name: string, index: number, random: () => number): Batch {
  const times: number[] = []
  const values: number[] = []
  const everyMs = [5_000, 10_000, 15_000, 30_000][index % 4] ?? 10_000
  const jitterMs = index % 3 === 0 ? 0 : 400
  const fromMs = beginMs + (index % 5 === 0 ? dayMs * random() * 0.5 : 0)
  const toMs = beginMs + (index % 7 === 0 ? dayMs * (0.5 + random() * 0.5) : dayMs)
  let value = name.endsWith('_total') ? Math.floor(random() * 100) : 50 * random()
  for (let timeMs = fromMs; timeMs < toMs; timeMs += everyMs) {
    if (random() < 0.001) timeMs += everyMs * Math.floor(random() * 40)
    const at = Math.floor(timeMs / 1_000) * 1_000 + 500 + Math.round((random() - 0.5) * jitterMs)
    if (at >= toMs || at <= (times.at(-1) ?? 0)) continue
    value = name.endsWith('_total')
      ? random() < 0.002
        ? Math.floor(random() * 5)
        : value + Math.floor(random() * 20)
      : Math.round((value + random() - 0.5) * 100) / 100
    times.push(at)
    values.push(value)
  }
  return {
    series: { name, labels: { host: `host-${index % 10}`, index: String(index) } },
    timestampsMs: Float64Array.from(times),
    values: Float64Array.from(values),
    kinds: null,
  }
}

export function batchesOf(name: string, count: number): readonly Batch[] {
  const random = randomOf(count)
  return Array.from({ length: count }, (_, index) => batchOf(name, index, random))
}

export function* samplesOf(batches: readonly Batch[]): Iterable<Sample> {
  for (const { series, timestampsMs, values } of batches)
    for (const [index, timestampMs] of timestampsMs.entries())
      yield { ...series, timestampMs, value: values[index] ?? Number.NaN }
}
