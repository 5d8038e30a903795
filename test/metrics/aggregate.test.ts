import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Aggregation, aggregate } from '../../src/metrics/aggregate.ts'
import type { Aggregate, AggregatePoint, AggregateQuery } from '../../src/metrics/aggregate-words.ts'
import type { Batch, Labels } from '../../src/metrics/words.ts'

type Pair = readonly [timestampMs: number, value: number]

const batchOf = (labels: Labels, samples: readonly Pair[], name = 'x'): Batch => ({
  series: { name, labels },
  timestampsMs: Float64Array.from(samples, ([timestampMs]) => timestampMs),
  values: Float64Array.from(samples, ([, value]) => value),
  kinds: null,
})

const pointsOf = async (
  batches: readonly Batch[],
  query: Partial<AggregateQuery> & { aggregate: Aggregate },
): Promise<AggregatePoint[]> => await Array.fromAsync(aggregate(() => batches, { stepSeconds: 1, ...query }))

const valuesOf = async (samples: readonly Pair[], name: Aggregate): Promise<number[]> =>
  (await pointsOf([batchOf({}, samples)], { aggregate: name })).map(({ value }) => value)

/** By the definition of each, from all values of one bucket in the order of time. */
const definitions: Readonly<Record<string, (values: readonly number[]) => number>> = {
  count: (values) => values.length,
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  avg: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  first: (values) => values[0] ?? Number.NaN,
  last: (values) => values.at(-1) ?? Number.NaN,
  stddev: (values) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
  },
  p50: (values) => {
    const sorted = values.toSorted((left, right) => left - right)
    const rank = (sorted.length - 1) / 2
    return ((sorted[Math.floor(rank)] ?? 0) + (sorted[Math.ceil(rank)] ?? 0)) / 2
  },
}

const anySamples = fc
  .uniqueArray(fc.tuple(fc.integer({ min: -5_000, max: 5_000 }), fc.integer({ min: -100, max: 100 })), {
    selector: ([timestampMs]) => timestampMs,
    minLength: 1,
    maxLength: 60,
  })
  .map((samples) => samples.toSorted(([left], [right]) => left - right))

for (const [name, definition] of Object.entries(definitions))
  test(`${name} is what its definition says, however the samples are cut into batches`, async () => {
    await fc.assert(
      fc.asyncProperty(anySamples, fc.integer({ min: 1, max: 7 }), async (samples, size) => {
        const batches = Array.from({ length: Math.ceil(samples.length / size) }, (_, index) =>
          batchOf({ host: 'a' }, samples.slice(index * size, (index + 1) * size)),
        )
        const buckets = Map.groupBy(samples, ([timestampMs]) => Math.floor(timestampMs / 1_000) * 1_000)
        const points = await pointsOf(batches, { aggregate: name as Aggregate })
        assert.deepEqual(
          points.map(({ timestampMs }) => timestampMs),
          [...buckets.keys()],
        )
        for (const { timestampMs, value } of points) {
          const expected = definition((buckets.get(timestampMs) ?? []).map(([, one]) => one))
          assert.ok(Math.abs(value - expected) < 1e-9, `${value} is not ${expected}`)
        }
      }),
      { numRuns: 50 },
    )
  })

test('a bucket without samples has no point, and none is zero', async () => {
  const points = await pointsOf(
    [
      batchOf({}, [
        [0, -5],
        [9_000, -5],
      ]),
    ],
    { aggregate: 'max' },
  )
  assert.deepEqual(
    points.map(({ timestampMs, value }) => [timestampMs, value]),
    [
      [0, -5],
      [9_000, -5],
    ],
  )
})

test('series that agree in the labels asked for are one group, and names are never mixed', async () => {
  const batches = [
    batchOf({ host: 'a', cpu: '0' }, [[0, 1]]),
    batchOf({ host: 'a', cpu: '1' }, [[1, 2]]),
    batchOf({ host: 'b', cpu: '0' }, [[2, 4]]),
    batchOf({}, [[3, 8]]),
    batchOf({ host: 'a' }, [[4, 16]], 'y'),
  ]
  const points = await pointsOf(batches, { aggregate: 'sum', groupBy: ['host'] })
  assert.deepEqual(
    points.map(({ name, labels, value }) => [name, labels, value]),
    [
      ['x', { host: 'a' }, 3],
      ['x', { host: 'b' }, 4],
      ['x', {}, 8],
      ['y', { host: 'a' }, 16],
    ],
  )
})

test('the first and the last of several series are those of the least and the greatest time', async () => {
  const batches = [
    batchOf({ a: '1' }, [
      [5, 1],
      [6, 2],
    ]),
    batchOf({ a: '2' }, [
      [1, 3],
      [9, 4],
    ]),
  ]
  assert.equal((await pointsOf(batches, { aggregate: 'first' }))[0]?.value, 3)
  assert.equal((await pointsOf(batches, { aggregate: 'last' }))[0]?.value, 4)
})

test('samples outside of the time asked for do not count', async () => {
  const samples = Array.from({ length: 10 }, (_, index): Pair => [index * 100, 1])
  const points = await pointsOf([batchOf({}, samples)], { aggregate: 'count', fromMs: 200, toMs: 500 })
  assert.deepEqual(
    points.map(({ value }) => value),
    [3],
  )
})

test('0.1 + 0.2 - 0.3 and small values beside great ones are summed without loss', async () => {
  const samples: Pair[] = [
    [0, 1e100],
    [1, 1],
    [2, -1e100],
  ]
  assert.deepEqual(await valuesOf(samples, 'sum'), [1])
})

test('a NaN is no minimum while there is anything else, and the mark of a stale series is no value at all', async () => {
  const samples: Pair[] = [
    [0, Number.NaN],
    [1, 3],
    [2, Number.NaN],
  ]
  assert.deepEqual(await valuesOf(samples, 'min'), [3])
  assert.deepEqual(await valuesOf(samples, 'count'), [3])
  const batch = batchOf({}, samples)
  new BigUint64Array(batch.values.buffer)[2] = 0x7ff0_0000_0000_0002n
  assert.equal((await pointsOf([batch], { aggregate: 'count' }))[0]?.value, 2)
})

test('rates of several series are calculated one by one and then summed', async () => {
  const grows = (by: number): Pair[] =>
    Array.from({ length: 11 }, (_, index) => [index * 1_000, 1_000 + index * by])
  const batches = [
    batchOf({ a: '1' }, grows(1).slice(0, 4)),
    batchOf({ a: '1' }, grows(1).slice(4)),
    batchOf({ a: '2' }, grows(5)),
  ]
  const points = await pointsOf(batches, { aggregate: 'rate', stepSeconds: 10 })
  assert.deepEqual(
    points.map(({ timestampMs, value }) => [timestampMs, Math.round(value * 1e9) / 1e9]),
    [[0, 6]],
  )
})

test('counters of 64 bits are aggregated as numbers', async () => {
  const batch = { ...batchOf({}, [[0, 0]]), kinds: Uint8Array.of(1) }
  new BigInt64Array(batch.values.buffer)[0] = -7n
  assert.equal((await pointsOf([batch], { aggregate: 'sum' }))[0]?.value, -7)
})

test('percentiles of very many values are within one percent, and the extremes exact', async () => {
  const samples = Array.from({ length: 20_000 }, (_, index): Pair => [index / 100, (index * 7_919) % 20_000])
  for (const [name, expected] of [
    ['p50', 10_000],
    ['p99', 19_800],
    ['p99.9', 19_980],
  ] as const) {
    const [value = 0] = await valuesOf(samples, name)
    assert.ok(Math.abs(value - expected) <= expected * 0.0101, `${name} is ${value}`)
  }
  assert.deepEqual(await valuesOf(samples, 'p0'), [0])
  assert.deepEqual(await valuesOf(samples, 'p100'), [19_999])
})

test('infinities have their place among the ranks', async () => {
  const values = [Number.NEGATIVE_INFINITY, 1, 2, 3, Number.POSITIVE_INFINITY]
  const samples = values.map((value, index): Pair => [index, value])
  assert.deepEqual(await valuesOf(samples, 'p0'), [Number.NEGATIVE_INFINITY])
  assert.deepEqual(await valuesOf(samples, 'p50'), [2])
  assert.deepEqual(await valuesOf(samples, 'p100'), [Number.POSITIVE_INFINITY])
})

test('a summary of a block that lies within a bucket does as well as its samples', async () => {
  const samples = Array.from({ length: 10 }, (_, index): Pair => [index * 100, index])
  const batch = batchOf({}, samples)
  for (const name of ['avg', 'min', 'max', 'sum', 'count'] as const) {
    const query = { aggregate: name, stepSeconds: 1 }
    const summed = new Aggregation(query)
    const bounds = { firstMs: 0, lastMs: 900 }
    assert.equal(summed.summaryStepMs, 1_000)
    summed.addSummary({ series: batch.series, ...bounds, count: 10, min: 0, max: 9, sum: 45 })
    summed.add(batchOf({}, [[950, 10]]))
    const expected = await pointsOf([batchOf({}, [...samples, [950, 10]])], query)
    assert.deepEqual([...summed.points()], expected)
  }
  assert.equal(new Aggregation({ aggregate: 'p50', stepSeconds: 1 }).summaryStepMs, null)
})

test('more results than the bound are refused, with the numbers', async () => {
  const samples = Array.from({ length: 11 }, (_, index): Pair => [index * 1_000, 1])
  await assert.rejects(pointsOf([batchOf({}, samples)], { aggregate: 'avg', maxResults: 10 }), {
    code: 'METRIC_QUERY_TOO_LARGE',
    message: /more than 10 results: 1 groups so far, in buckets of 1 s/,
  })
})

for (const [query, message] of [
  [{ aggregate: 'mean' as Aggregate }, /no aggregate "mean"; expected avg, min/],
  [{ aggregate: 'p101' as Aggregate }, /no aggregate "p101"/],
  [{ aggregate: 'avg', stepSeconds: 0 }, /stepSeconds is 0/],
  [{ aggregate: 'avg', stepSeconds: Number.NaN }, /stepSeconds is NaN/],
  [{ aggregate: 'avg', stepSeconds: 0.0005 }, /stepSeconds is 0.0005/],
] as const)
  test(`refused: ${JSON.stringify(query)}`, async () => {
    await assert.rejects(pointsOf([], query), { code: 'METRIC_QUERY_INVALID', message })
  })
