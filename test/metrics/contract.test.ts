import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemClock } from '../../src/clock.ts'
import { PlimsollError } from '../../src/errors.ts'
import { bitsOf } from '../../src/metrics/columns.ts'
import { BatchError, type MetricsRepository, type NewSample, type Sample } from '../../src/metrics/metrics.ts'
import { all, onBothRepositories, sorted } from './both-repositories.ts'

const hasCode = (code: string) => (error: unknown) => error instanceof PlimsollError && error.code === code

const sample = (timestampMs: number, value: number | bigint = timestampMs, labels = {}): Sample => ({
  name: 'requests_total',
  labels,
  timestampMs,
  value,
})
const upTo = (count: number): Sample[] => Array.from({ length: count }, (_, index) => sample(index))
const timesOf = async (metrics: MetricsRepository, query = {}): Promise<number[]> =>
  (await all(metrics.streamMetrics(query))).map(({ timestampMs }) => timestampMs)

onBothRepositories('a sample comes back as it was recorded', async ({ metrics }) => {
  const labels = { path: '/"\\\n\0é', code: '500', empty: '' }
  await metrics.recordMetric('requests_total', 3, { labels, timestampMs: -1 })
  const [found] = await all(metrics.streamMetrics())
  assert.deepEqual(found, {
    name: 'requests_total',
    labels: { code: '500', path: '/"\\\n\0é' },
    timestampMs: -1,
    value: 3,
  })
})

onBothRepositories(
  'every kind of value comes back bit for bit, from chunks and from blocks',
  async ({ metrics }) => {
    const numbers = Float64Array.of(0, -0, Number.NaN, Infinity, -Infinity, 5e-324, 0.1 + 0.2)
    // Staleness of Prometheus.
    bitsOf(numbers)[2] = 0x7ff0000000000002n
    const counters = [2n ** 64n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 0n]
    const given = [...numbers, ...counters].map((value, index) => sample(index * 10, value))
    // Through the array: a number that is NaN keeps its bits there.
    for (const [index, one] of given.entries())
      if (index < numbers.length) Object.assign(one, { value: numbers[index] })
    await metrics.recordMetricsBatch(given)
    for (const state of ['chunks', 'blocks']) {
      const [batch] = await all(metrics.streamBatches())
      assert.ok(batch)
      assert.deepEqual([...bitsOf(batch.values).slice(0, numbers.length)], [...bitsOf(numbers)], state)
      const values = (await all(metrics.streamMetrics())).map(({ value }) => value)
      assert.deepEqual(values.slice(numbers.length), counters, state)
      await metrics.compact()
    }
  },
)

type Step =
  | { readonly do: 'record'; readonly samples: readonly Sample[]; readonly chunkSize: number }
  | { readonly do: 'compact' | 'reopen' }
  | { readonly do: 'cleanup'; readonly beforeMs: number }

const anyTime = fc.oneof(fc.nat({ max: 50 }), fc.nat({ max: 5_000 }))
const anyRecord = fc.tuple(
  anyTime,
  fc.constantFrom('a', 'b', 'c'),
  fc.oneof(fc.integer(), fc.double(), fc.bigInt(-100n, 100n)),
)
const anySample = anyRecord.map(([timestampMs, host, value]) => sample(timestampMs, value, { host }))
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('record' as const),
      samples: fc.array(anySample, { maxLength: 60 }),
      chunkSize: fc.integer({ min: 1, max: 20 }),
    }),
  },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ do: 'compact' }, { do: 'reopen' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cleanup' as const), beforeMs: anyTime }) },
)
/** Of each series the newest sample. */
function newestOf(model: ReadonlyMap<string, Sample>): readonly Sample[] {
  const bySeries = Map.groupBy(model.values(), ({ labels }) => labels.host)
  return [...bySeries.values()].flatMap((samples) =>
    samples.toSorted((one, other) => other.timestampMs - one.timestampMs).slice(0, 1),
  )
}

/** By buckets that whole blocks lie in, so that what is kept beside them is asked. */
async function countOf(metrics: MetricsRepository): Promise<number> {
  const points = await all(
    metrics.queryMetrics({ name: 'requests_total', aggregate: 'count', stepSeconds: 1_000 }),
  )
  return points.reduce((sum, { value }) => sum + value, 0)
}
const keyOf = ({ labels, timestampMs }: Sample): string => `${labels.host} ${timestampMs}`
const dayMs = 86_400_000

onBothRepositories(
  'whatever is written, late or twice, compacted or cleaned up: the last value of each time is there, once',
  async ({ store, again }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 8 }), async (steps) => {
        for (const table of ['metric_chunks', 'metric_blocks', 'metric_series', 'metric_deletions'])
          await store.write([{ sql: `delete from ${table}`, parameters: [] }])
        // As whoever deletes series must, so that nobody believes to know them.
        await store.write([
          {
            sql: 'update metric_state set series_form = series_form + 1, blocks_form = blocks_form + 1',
            parameters: [],
          },
        ])
        const model = new Map<string, Sample>()
        const clock = { ...systemClock, now: () => 100 * dayMs }
        let metrics = await again({ clock })
        try {
          for (const step of steps) {
            if (step.do === 'record') {
              const isThere = step.samples.filter((one, index) => {
                const earlier = step.samples.slice(0, index).some((other) => keyOf(other) === keyOf(one))
                return earlier || model.has(keyOf(one))
              })
              const { position, duplicates } = await metrics.recordMetricsBatch(step.samples, {
                chunkSize: step.chunkSize,
              })
              assert.equal(position, step.samples.length)
              assert.equal(duplicates, isThere.length)
              for (const one of step.samples) model.set(keyOf(one), one)
            } else if (step.do === 'cleanup') {
              const old = [...model].filter(([, { timestampMs }]) => timestampMs < step.beforeMs)
              for (const [key] of old) model.delete(key)
              const { samples } = await metrics.cleanupOldMetrics({
                retentionDays: 100 - step.beforeMs / dayMs,
              })
              assert.equal(samples, old.length)
            } else if (step.do === 'compact') await metrics.compact()
            else {
              await metrics[Symbol.asyncDispose]()
              metrics = await again({ clock })
            }
            const found = await all(metrics.streamMetrics())
            assert.deepEqual(sorted(found), sorted([...model.values()]))
            const summary = await metrics.getMetricsSummary({ fromMs: 20, toMs: 3_000 })
            const inRange = [...model.values()].filter(({ timestampMs: at }) => at >= 20 && at < 3_000)
            assert.equal(summary[0]?.samples ?? 0, inRange.length)
            const offset = Math.floor(found.length / 2)
            const { samples } = await metrics.getMetrics({ offset, limit: 10 })
            assert.deepEqual(sorted(samples), sorted(found.slice(offset, offset + 10)))
            assert.deepEqual(sorted(await all(metrics.streamLatest())), sorted(newestOf(model)))
            assert.equal(await countOf(metrics), model.size)
          }
        } finally {
          await metrics[Symbol.asyncDispose]()
        }
      }),
      { numRuns: 12, endOnFailure: true },
    )
  },
)

onBothRepositories('the same time twice: the last one stays, and is counted', async ({ metrics }) => {
  const given = [sample(1, 1), sample(1, 2), sample(2, 3)]
  assert.deepEqual(await metrics.recordMetricsBatch(given), { position: 3, duplicates: 1, chunks: 1 })
  assert.deepEqual(await metrics.recordMetricsBatch(given, { chunkSize: 1 }), {
    position: 3,
    duplicates: 3,
    chunks: 3,
  })
  assert.deepEqual(sorted(await all(metrics.streamMetrics())), sorted([sample(1, 2), sample(2, 3)]))
})

onBothRepositories('labels in another order and empty ones make no other series', async ({ metrics }) => {
  await metrics.recordMetric('up', 1, { labels: { a: '1', b: '2' }, timestampMs: 1 })
  await metrics.recordMetric('up', 2, { labels: { b: '2', a: '1', c: '' }, timestampMs: 2 })
  assert.deepEqual(await metrics.getMetricLabels('up'), [{ a: '1', b: '2' }])
})

onBothRepositories('names, label sets, newest values and sums of what there is', async ({ metrics }) => {
  await metrics.recordMetricsBatch([
    ...upTo(5).map((one) => ({ ...one, labels: { host: 'a' } })),
    { name: 'requests_total', labels: { host: 'b' }, timestampMs: 9, value: -1 },
    { name: 'up', timestampMs: 3, value: 1 },
  ])
  for (const state of ['chunks', 'blocks']) {
    assert.deepEqual(await metrics.getMetricNames(), ['requests_total', 'up'], state)
    assert.deepEqual(await metrics.getMetricNames('re'), ['requests_total'], state)
    assert.deepEqual(
      (await metrics.getMetricLabels('requests_total')).map(({ host }) => host).sort(),
      ['a', 'b'],
      state,
    )
    assert.equal((await metrics.getLatestValue('requests_total'))?.value, -1, state)
    assert.equal((await metrics.getLatestValue('requests_total', { labels: { host: 'a' } }))?.value, 4, state)
    assert.equal(await metrics.getLatestValue('down'), null, state)
    assert.deepEqual(await metrics.getMetricsSummary(), [
      { name: 'requests_total', series: 2, samples: 6, firstMs: 0, lastMs: 9 },
      { name: 'up', series: 1, samples: 1, firstMs: 3, lastMs: 3 },
    ])
    await metrics.compact()
  }
})

onBothRepositories('a range has its start and not its end; a matcher chooses series', async ({ metrics }) => {
  await metrics.recordMetricsBatch(
    upTo(3_000).map((one) => ({ ...one, labels: { host: one.timestampMs % 2 ? 'odd' : 'even' } })),
  )
  await metrics.compact()
  await metrics.recordMetricsBatch([sample(3_000, 0, { host: 'even' })])
  assert.deepEqual(
    await timesOf(metrics, { fromMs: 2_996, matchers: [{ label: 'host', op: '=~', value: 'e.*' }] }),
    [2_996, 2_998, 3_000],
  )
  assert.deepEqual(
    await timesOf(metrics, { fromMs: 1_001, toMs: 1_005, labels: { host: 'odd' } }),
    [1_001, 1_003],
  )
  assert.deepEqual(await timesOf(metrics, { fromMs: 5, toMs: 5 }), [])
})

onBothRepositories('pages by cursor and by offset are the stream, in pieces', async ({ metrics }) => {
  const given = upTo(2_500).map((one) => ({ ...one, labels: { host: `h${one.timestampMs % 3}` } }))
  await metrics.recordMetricsBatch(given.slice(0, 2_000))
  await metrics.compact()
  await metrics.recordMetricsBatch(given.slice(2_000))
  const whole = await all(metrics.streamMetrics())
  const pages: Sample[] = []
  let cursor: string | null | undefined
  do {
    const page = await metrics.getMetrics({ limit: 333, ...(cursor && { cursor }) })
    pages.push(...page.samples)
    cursor = page.cursor
  } while (cursor !== null)
  assert.deepEqual(pages, whole)
  for (const offset of [0, 1, 832, 833, 1_666, 2_499, 2_500])
    assert.deepEqual(
      (await metrics.getMetrics({ offset, limit: 20 })).samples,
      whole.slice(offset, offset + 20),
    )
})

onBothRepositories('a cursor serves only the query that it is of', async ({ metrics }) => {
  await metrics.recordMetricsBatch(upTo(10))
  const { cursor } = await metrics.getMetrics({ name: 'requests_total', limit: 5 })
  assert.ok(cursor)
  await assert.rejects(metrics.getMetrics({ limit: 5, cursor }), hasCode('METRIC_CURSOR_INVALID'))
  await assert.rejects(metrics.getMetrics({ cursor: 'nonsense' }), hasCode('METRIC_CURSOR_INVALID'))
  await assert.rejects(metrics.getMetrics({ limit: 0 }), hasCode('OPTION_INVALID'))
  await assert.rejects(metrics.getMetrics({ offset: 0.5 }), hasCode('OPTION_INVALID'))
})

const wrong: readonly NewSample[] = [
  { name: '1st', value: 1 },
  { name: '', value: 1 },
  { name: 'up', value: 1, labels: { 'a-b': 'x' } },
  { name: 'up', value: 1, labels: { __name__: 'x' } },
  { name: 'up', value: 1, labels: { 1: 'x', 2: 'y' } },
  { name: 'up', value: 1, labels: { a: '\ud800' } },
  { name: 'up', value: 1, labels: { a: 'x'.repeat(4_097) } },
  {
    name: 'up',
    value: 1,
    labels: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`l${index}`, 'x'])),
  },
  { name: 'up', value: 1, timestampMs: 8.64e15 + 1_000 },
  { name: 'up', value: 1, timestampMs: 0.5 },
  { name: 'up', value: 1, timestampMs: Number.NaN },
  { name: 'up', value: 2n ** 64n },
  { name: 'up', value: -(2n ** 63n) - 1n },
  JSON.parse('{ "name": "up", "value": "1" }'),
  JSON.parse('{ "name": "up", "value": null }'),
  JSON.parse('{ "name": 5, "value": 1 }'),
  JSON.parse('{ "name": "up", "value": 1, "labels": { "a": 1 } }'),
  JSON.parse('{ "name": "up", "value": 1, "labels": "a" }'),
  JSON.parse('null'),
]

onBothRepositories(
  'a wrong sample ends a batch with an error that says what is recorded',
  async ({ metrics }) => {
    for (const [index, one] of wrong.entries()) {
      const base = index * 100
      const before = upTo(7).map((each) => ({ ...each, timestampMs: base + each.timestampMs }))
      await assert.rejects(
        metrics.recordMetricsBatch([...before, one, sample(base + 50)], { chunkSize: 5 }),
        (error) => {
          assert.ok(error instanceof BatchError, `wrong sample ${index}`)
          assert.equal(error.code, 'METRIC_INVALID', error.message)
          assert.deepEqual(error.outcome, { position: 7, duplicates: 0, chunks: 2 })
          return true
        },
      )
      assert.deepEqual(
        await timesOf(metrics, { fromMs: base }),
        before.map(({ timestampMs }) => timestampMs),
      )
    }
  },
)

onBothRepositories(
  'a source that fails or is told to stop: what it gave is recorded',
  async ({ metrics }) => {
    async function* failing(): AsyncGenerator<NewSample> {
      yield* upTo(12)
      throw new Error('the source is gone')
    }
    await assert.rejects(metrics.recordMetricsBatch(failing(), { chunkSize: 5 }), (error) => {
      assert.ok(
        error instanceof BatchError && error.code === 'METRIC_SOURCE_FAILED' && error.outcome.position === 12,
      )
      assert.match(error.message, /the source is gone/)
      return true
    })
    const stop = new AbortController()
    let pulled = 0
    let ended = false
    function* endless(): Generator<NewSample> {
      try {
        while (true) {
          if (pulled === 100) stop.abort()
          yield sample(100 + pulled++)
        }
      } finally {
        ended = true
      }
    }
    await assert.rejects(
      metrics.recordMetricsBatch(endless(), { chunkSize: 10, signal: stop.signal }),
      (error) => {
        assert.ok(
          error instanceof BatchError && error.code === 'INTERRUPTED' && error.outcome.position === pulled,
        )
        return true
      },
    )
    assert.ok(ended)
    assert.equal((await timesOf(metrics)).length, 12 + pulled)
  },
)

onBothRepositories(
  'what several add to the same counters at once is all in their newest values',
  async ({ metrics, again }) => {
    await using other = await again()
    const counted = (host: string, value: number, timestampMs: number): NewSample => ({
      name: 'asked_total',
      labels: { host },
      timestampMs,
      value,
    })
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const from = index % 2 === 0 ? metrics : other
        await from.addToCounters([counted('a', 1, 1_000 - index), counted(`h${index % 3}`, 2, index)])
      }),
    )
    const newest = async (host: string) =>
      (await metrics.getLatestValue('asked_total', { labels: { host } }))?.value
    assert.deepEqual(await Promise.all(['a', 'h0', 'h1', 'h2'].map(newest)), [20, 14, 14, 12])
    await metrics.compact()
    await other.addToCounters([counted('a', 5, 1)])
    assert.equal(await newest('a'), 25)
  },
)

onBothRepositories(
  'a source that keeps a batch waiting is left when it is told to stop; what it gave is recorded',
  async ({ metrics }) => {
    const stop = new AbortController()
    async function* stalling(): AsyncGenerator<NewSample> {
      yield* upTo(12)
      queueMicrotask(() => stop.abort(new Error('enough')))
      await new Promise(() => undefined)
    }
    await assert.rejects(
      metrics.recordMetricsBatch(stalling(), { chunkSize: 5, signal: stop.signal }),
      (error) => {
        assert.ok(error instanceof BatchError && error.code === 'INTERRUPTED', String(error))
        assert.deepEqual(error.outcome, { position: 12, duplicates: 0, chunks: 3 })
        return true
      },
    )
    assert.equal((await timesOf(metrics)).length, 12)
    await assert.rejects(metrics.recordMetricsBatch(upTo(20), { signal: stop.signal }), (error) => {
      assert.ok(error instanceof BatchError && error.outcome.position === 0)
      return true
    })
  },
)

onBothRepositories(
  'a compaction and a cleanup that nobody waits for any more: what is recorded is there',
  async ({ metrics }) => {
    await metrics.recordMetricsBatch(upTo(1_000))
    const signal = AbortSignal.abort(new Error('enough'))
    await assert.rejects(metrics.compact({ signal }), /enough/)
    await assert.rejects(metrics.cleanupOldMetrics({ retentionDays: 0, signal }), /enough/)
    assert.equal((await timesOf(metrics)).length, 1_000)
  },
)

onBothRepositories(
  'more series than allowed are refused by name, and what is there goes on',
  async ({ again }) => {
    await using metrics = await again({ maxSeries: 4, maxSeriesPerName: 3 })
    const series = (name: string, id: number): NewSample => ({
      name,
      labels: { id: String(id) },
      timestampMs: 1,
      value: 1,
    })
    await metrics.recordMetricsBatch([series('a', 1), series('a', 2), series('a', 3)])
    await assert.rejects(metrics.recordMetricsBatch([series('a', 4)]), (error) => {
      assert.ok(
        error instanceof BatchError &&
          error.code === 'METRIC_TOO_MANY_SERIES' &&
          error.outcome.position === 0,
      )
      assert.match(error.message, /a would have 4 series, and maxSeriesPerName is 3/)
      return true
    })
    await metrics.recordMetric('b', 1)
    await assert.rejects(metrics.recordMetric('c', 1), hasCode('METRIC_TOO_MANY_SERIES'))
    await metrics.recordMetricsBatch([series('a', 1), series('a', 2)])
  },
)

onBothRepositories(
  'two repositories of one database write at once: everything is there, once',
  async ({ metrics, again }) => {
    await using other = await again()
    const halves = [0, 1].map((half) => upTo(2_000).filter(({ timestampMs }) => timestampMs % 2 === half))
    await Promise.all([
      metrics.recordMetricsBatch(halves[0] ?? [], { chunkSize: 7 }),
      other.recordMetricsBatch(halves[1] ?? [], { chunkSize: 11 }),
      metrics.compact(),
      other.compact(),
    ])
    await Promise.all([metrics.compact(), other.compact()])
    assert.deepEqual(
      await timesOf(metrics),
      upTo(2_000).map(({ timestampMs }) => timestampMs),
    )
  },
)

onBothRepositories(
  'a slow reader sees each sample once while others write, compact and clean up',
  async ({ metrics }) => {
    await metrics.recordMetricsBatch(upTo(4_000), { chunkSize: 100 })
    const seen: number[] = []
    for await (const { timestampMs } of metrics.streamMetrics({ toMs: 4_000 })) {
      seen.push(timestampMs)
      if (seen.length === 500) await metrics.compact()
      if (seen.length === 1_500)
        await metrics.recordMetricsBatch([sample(3_999.0, 7), sample(10, 7), sample(5_000)])
      if (seen.length === 2_500) await metrics.compact()
      if (seen.length === 3_500) await metrics.cleanupOldMetrics({ retentionDays: 0 })
    }
    assert.deepEqual(
      seen.slice(0, 3_500),
      upTo(3_500).map(({ timestampMs }) => timestampMs),
    )
    assert.equal(new Set(seen).size, seen.length)
  },
)

onBothRepositories(
  'series that lost all samples are forgotten, and come again when they are written',
  async ({ metrics, again }) => {
    await using other = await again()
    await metrics.recordMetric('gone', 1, { timestampMs: 1 })
    await other.recordMetric('gone', 2, { timestampMs: 2 })
    assert.deepEqual(await metrics.cleanupOldMetrics({ retentionDays: 1 }), {
      samples: 2,
      series: 1,
      downsampled: 0,
    })
    assert.deepEqual(await metrics.getMetricNames(), [])
    await other.recordMetric('gone', 3, { timestampMs: 3 })
    assert.deepEqual(await timesOf(metrics), [3])
  },
)

test('a place that is no URL of metrics is refused', async () => {
  const { MetricsRepository } = await import('../../src/metrics/metrics.ts')
  await assert.rejects(MetricsRepository.open('/tmp/x'), hasCode('DATABASE_URL_INVALID'))
})
