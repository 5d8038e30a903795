import type { Clock } from '../clock.ts'
import { giveBackMemory } from '../memory/memory.ts'
import type { NewSample } from '../metrics/metrics.ts'
import type { MemoryPoint, Report } from '../spine.ts'
import type { Store } from '../store/store.ts'
import type { Counted, RunTally } from './run-tally.ts'

export type MetricsParts = {
  readonly store: Store
  readonly clock: Clock
  readonly tally: RunTally
  readonly report: Report
  /** How full memory was; bounded by the journal. */
  readonly memory: readonly MemoryPoint[]
  /** Samples that are acknowledged together. */
  readonly chunkSize: number
}

/**
 * Records what a run has done, at its end.
 * @throws what a store throws
 */
export async function recordRunMetrics({
  store,
  clock,
  tally,
  report,
  memory,
  chunkSize,
}: MetricsParts): Promise<void> {
  // Loaded when the tasks have ended, into the room of what the run has left behind. Where it has not succeeded, its user waits.
  if (report.status === 'succeeded') giveBackMemory()
  const { MetricsRepository } = await import('../metrics/metrics.ts')
  await using metrics = await MetricsRepository.open({ store }, { clock, durability: 'normal' })
  const common = {
    plan: report.plan,
    ...(report.environment !== null && { environment: report.environment }),
  }
  const timestampMs = Math.round(clock.now())
  const sampleOf = ({ name, labels, value }: Counted): NewSample => ({
    ...{ name, value, timestampMs },
    labels: { ...common, ...labels },
  })
  await metrics.addToCounters(tally.counters(report).map(sampleOf))
  const samples = [
    ...tally.gauges(report).map(sampleOf),
    ...memory.flatMap((point) => memorySamples(point, common)),
  ]
  await metrics.recordMetricsBatch(samples, { chunkSize })
}

type Common = { readonly plan: string; readonly environment?: string }

function memorySamples(point: MemoryPoint, labels: Common): readonly NewSample[] {
  const { atMs, usedBytes, tasksBytes, claimBytes, loadLineBytes, capacityBytes } = point
  const values = {
    plimsoll_memory_used_bytes: usedBytes,
    plimsoll_memory_reserved_bytes: tasksBytes + claimBytes,
    plimsoll_memory_load_line_bytes: loadLineBytes,
    plimsoll_memory_capacity_bytes: capacityBytes,
  }
  return Object.entries(values).map(([name, value]) => ({
    name,
    labels,
    timestampMs: Math.round(atMs),
    value,
  }))
}
