import assert from 'node:assert/strict'
import fc from 'fast-check'
import { systemClock } from '../../src/clock.ts'
import { PlimsollError } from '../../src/errors.ts'
import { aggregate } from '../../src/metrics/aggregate.ts'
import type { Aggregate, MetricsRepository, Sample } from '../../src/metrics/metrics.ts'
import type { Store } from '../../src/store/store.ts'
import { all, onBothRepositories } from './both-repositories.ts'

/** In blocks of 1,000 seconds. */
const perSecond = (count: number, valueAt = (second: number): number | bigint => second): Sample[] =>
  Array.from({ length: count }, (_, second) => ({
    name: 'load',
    labels: {},
    timestampMs: second * 1_000,
    value: valueAt(second),
  }))

const valuesOf = async (
  metrics: MetricsRepository,
  name: Aggregate,
  stepSeconds: number,
): Promise<number[]> =>
  (await all(metrics.queryMetrics({ aggregate: name, stepSeconds }))).map(({ value }) => value)

/** Whoever decodes a block fails. */
const spoilBlocks = (store: Store): Promise<unknown> =>
  store.write([{ sql: 'update metric_blocks set data = ?1', parameters: [Uint8Array.of(0)] }])

const isCorrupt = (error: unknown): boolean =>
  error instanceof PlimsollError && error.code === 'METRIC_DATA_CORRUPT'

onBothRepositories('blocks that lie whole in a bucket are not read', async ({ metrics, store }) => {
  await metrics.recordMetricsBatch(perSecond(4_000), { chunkSize: 1_000 })
  await metrics.compact()
  await spoilBlocks(store)
  assert.deepEqual(await valuesOf(metrics, 'count', 2_000), [2_000, 2_000])
  assert.deepEqual(await valuesOf(metrics, 'min', 2_000), [0, 2_000])
  assert.deepEqual(await valuesOf(metrics, 'max', 2_000), [1_999, 3_999])
  assert.deepEqual(await valuesOf(metrics, 'sum', 4_000), [(3_999 * 4_000) / 2])
  assert.deepEqual(await valuesOf(metrics, 'avg', 4_000), [3_999 / 2])
  await assert.rejects(valuesOf(metrics, 'p50', 2_000), isCorrupt)
  await assert.rejects(valuesOf(metrics, 'avg', 1_500), isCorrupt)
  await assert.rejects(
    all(metrics.queryMetrics({ aggregate: 'avg', stepSeconds: 4_000, fromMs: 1 })),
    isCorrupt,
  )
})

onBothRepositories(
  'a sample that replaces one of a block counts for it, before it is in the block and after',
  async ({ metrics }) => {
    await metrics.recordMetricsBatch(perSecond(2_000), { chunkSize: 1_000 })
    await metrics.compact()
    await metrics.recordMetric('load', -7, { timestampMs: 5_000 })
    for (const state of ['chunk', 'block']) {
      assert.deepEqual(await valuesOf(metrics, 'min', 1_000), [-7, 1_000], state)
      assert.deepEqual(await valuesOf(metrics, 'sum', 1_000), [499_500 - 12, 1_499_500], state)
      await metrics.compact()
    }
  },
)

onBothRepositories('what was deleted of a block is in no aggregate', async ({ again }) => {
  await using metrics = await again({ clock: { ...systemClock, now: () => 500_000 } })
  await metrics.recordMetricsBatch(perSecond(1_000), { chunkSize: 1_000 })
  await metrics.cleanupOldMetrics({ retentionDays: 0 })
  assert.deepEqual(await valuesOf(metrics, 'min', 1_000), [500])
  assert.deepEqual(await valuesOf(metrics, 'count', 1_000), [500])
})

onBothRepositories(
  'a block with a NaN, an infinity or a sum beyond every number is read',
  async ({ metrics }) => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_VALUE]) {
      await metrics.recordMetricsBatch(
        perSecond(1_000, (second) => (second < 2 ? value : second)),
        { chunkSize: 1_000 },
      )
      await metrics.compact()
      const batches = await all(metrics.streamBatches())
      for (const name of ['max', 'sum', 'count'] as const) {
        const query = { aggregate: name, stepSeconds: 1_000 }
        const fromSamples = await all(aggregate(() => batches, query))
        assert.deepEqual(await all(metrics.queryMetrics(query)), fromSamples, `${name} with ${value}`)
      }
    }
  },
)

onBothRepositories(
  'counters of 64 bits are summed as numbers, from a summary too',
  async ({ metrics, store }) => {
    await metrics.recordMetricsBatch(perSecond(10, (second) => 2n ** 60n + BigInt(second)))
    await metrics.compact()
    await spoilBlocks(store)
    assert.deepEqual(await valuesOf(metrics, 'sum', 1_000), [10 * 2 ** 60])
  },
)

const anyRecorded = fc.array(
  fc.record({
    samples: fc.array(
      fc.tuple(
        fc.integer({ min: -4_000, max: 4_000 }),
        fc.integer({ min: -50, max: 50 }),
        fc.nat({ max: 1 }),
      ),
      { minLength: 1, maxLength: 40 },
    ),
    compacted: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5 },
)

onBothRepositories(
  'whatever is in blocks and what is not: aggregates are those of the samples',
  async ({ metrics }) => {
    let round = 0
    await fc.assert(
      fc.asyncProperty(
        anyRecorded,
        fc.constantFrom<Aggregate>('avg', 'min', 'max', 'sum', 'count'),
        fc.integer({ min: 1, max: 20_000 }),
        async (recorded, name, stepMs) => {
          round += 1
          const metric = `load_${round}`
          for (const { samples, compacted } of recorded) {
            await metrics.recordMetricsBatch(
              samples.map(([timestampMs, value, host]) => ({
                name: metric,
                labels: { host: String(host) },
                timestampMs,
                value,
              })),
            )
            if (compacted) await metrics.compact()
          }
          for (const range of [{}, { fromMs: -1_000, toMs: 2_000 }]) {
            const query = { name: metric, aggregate: name, stepSeconds: stepMs / 1_000, ...range }
            const batches = await all(metrics.streamBatches({ name: metric }))
            const expected = await all(aggregate(() => batches, query))
            const found = await all(metrics.queryMetrics(query))
            assert.deepEqual(found.map(textOf), expected.map(textOf))
          }
        },
      ),
      { numRuns: 15, endOnFailure: true },
    )
  },
)

const textOf = ({ timestampMs, value }: { readonly timestampMs: number; readonly value: number }): string =>
  `${timestampMs} ${value.toFixed(9)}`
