import assert from 'node:assert/strict'
import fc from 'fast-check'
import { systemClock } from '../../src/clock.ts'
import { PlimsollError } from '../../src/errors.ts'
import { type Aggregate, MetricsRepository, type NewSample } from '../../src/metrics/metrics.ts'
import type { Store } from '../../src/store/store.ts'
import { all, calm, onBothRepositories } from './both-repositories.ts'

const dayMs = 86_400_000
/** Everything before second 10,000 is older than a day. */
const clock = { ...systemClock, now: () => dayMs + 10_000_000 }
const rule = { match: { name: 'load' }, afterDays: 1, stepSeconds: 60 }
const options = { retentionDays: 1e6, downsample: [rule] }

const perSecond = (count: number): NewSample[] =>
  Array.from({ length: count }, (_, second) => ({
    name: 'load',
    labels: { host: 'a' },
    timestampMs: second * 1_000,
    value: (second * 7) % 100,
  }))

const aggregates = ['avg', 'min', 'max', 'sum', 'count'] as const
const pointsOf = async (metrics: MetricsRepository, aggregate: Aggregate, stepSeconds: number) =>
  await all(metrics.queryMetrics({ name: 'load', aggregate, stepSeconds, groupBy: ['host'] }))
const answersOf = async (metrics: MetricsRepository, stepSeconds = 120) =>
  await Promise.all(aggregates.map((aggregate) => pointsOf(metrics, aggregate, stepSeconds)))

onBothRepositories(
  'least, greatest, sum, count and average are as before when samples were put together',
  async ({ metrics }) => {
    await metrics.recordMetricsBatch(perSecond(12_345), { chunkSize: 1_000 })
    const before = await answersOf(metrics)
    const { downsampled } = await metrics.cleanupOldMetrics(options)
    // The step that began before the border and ends behind it waits.
    assert.equal(downsampled, 9_960)
    assert.deepEqual(await answersOf(metrics), before)
    const summary = await metrics.getMetricsSummary()
    assert.deepEqual(
      summary.map(({ name, samples }) => [name, samples]),
      [
        ['load', 12_345 - 9_960],
        ['load:count', 166],
        ['load:max', 166],
        ['load:min', 166],
        ['load:sum', 166],
      ],
    )
    assert.equal((await metrics.cleanupOldMetrics(options)).downsampled, 0)
    assert.deepEqual(await answersOf(metrics), before)
  },
  { clock },
)

onBothRepositories(
  'a sample that comes late is added to what was kept of its step',
  async ({ metrics }) => {
    await metrics.recordMetricsBatch(perSecond(600), { chunkSize: 100 })
    await metrics.cleanupOldMetrics(options)
    await metrics.recordMetric('load', -5, { labels: { host: 'a' }, timestampMs: 30_500 })
    assert.equal((await metrics.cleanupOldMetrics(options)).downsampled, 1)
    const [first] = await pointsOf(metrics, 'min', 60)
    assert.equal(first?.value, -5)
    assert.equal((await pointsOf(metrics, 'count', 60))[0]?.value, 61)
    assert.equal((await pointsOf(metrics, 'count', 60))[1]?.value, 60)
  },
  { clock },
)

onBothRepositories(
  'a rule leaves alone what it does not match, and what was put together already',
  async ({ metrics }) => {
    await metrics.recordMetricsBatch([
      ...perSecond(120),
      ...perSecond(120).map((sample) => ({ ...sample, name: 'other' })),
    ])
    await metrics.cleanupOldMetrics(options)
    const all60 = { afterDays: 1, stepSeconds: 60 }
    const { downsampled } = await metrics.cleanupOldMetrics({ ...options, downsample: [all60] })
    assert.equal(downsampled, 120)
    assert.deepEqual(
      (await metrics.getMetricNames('other')).map((name) => name),
      ['other', 'other:count', 'other:max', 'other:min', 'other:sum'],
    )
  },
  { clock },
)

onBothRepositories('a rule that cannot be is refused', async ({ metrics }) => {
  const hasCode = (code: string) => (error: unknown) => error instanceof PlimsollError && error.code === code
  for (const [wrong, code] of [
    [{ ...rule, afterDays: -1 }, 'OPTION_INVALID'],
    [{ ...rule, stepSeconds: 0 }, 'METRIC_QUERY_INVALID'],
  ] as const)
    await assert.rejects(metrics.cleanupOldMetrics({ ...options, downsample: [wrong] }), hasCode(code))
})

onBothRepositories(
  'whatever is recorded between cleanups, aggregates are those of all samples',
  async ({ metrics, again }) => {
    await using whole = await again({ clock })
    let round = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uniqueArray(fc.nat({ max: 600 }), { minLength: 1, maxLength: 60 }), { maxLength: 4 }),
        async (batches) => {
          round += 1
          const taken = new Set<number>()
          for (const batch of batches) {
            // No time twice: a sample cannot replace one that was put together.
            const fresh = batch.filter((second) => !taken.has(second))
            for (const second of fresh) taken.add(second)
            const samples = fresh.map((second) => ({ timestampMs: second * 1_000, value: second % 13 }))
            const labels = { host: String(round) }
            await metrics.recordMetricsBatch(samples.map((one) => ({ ...one, labels, name: 'load' })))
            await whole.recordMetricsBatch(samples.map((one) => ({ ...one, labels, name: 'whole' })))
            await metrics.cleanupOldMetrics(options)
          }
          for (const aggregate of aggregates) {
            const query = { aggregate, stepSeconds: 120, labels: { host: String(round) } }
            const [found, expected] = await Promise.all(
              ['load', 'whole'].map(async (name) => await all(metrics.queryMetrics({ ...query, name }))),
            )
            const plain = (points = found) => points?.map(({ timestampMs, value }) => [timestampMs, value])
            assert.deepEqual(plain(), plain(expected), aggregate)
          }
        },
      ),
      { numRuns: 8, endOnFailure: true },
    )
  },
  { clock },
)

/** Lets so many commits through that remove blocks; then `fail`, before the next. */
const failingAfter = (
  store: Store,
  commits: number,
  fail = (): void => {
    throw new Error('the machine is gone')
  },
): Store =>
  new Proxy(store, {
    get: (target, property) => {
      if (property !== 'write') {
        const found: unknown = Reflect.get(target, property, target)
        return typeof found === 'function' ? found.bind(target) : found
      }
      return async (...given: Parameters<Store['write']>) => {
        if (given[0].some(({ sql }) => sql.startsWith('delete from metric_blocks'))) commits -= 1
        if (commits < 0) fail()
        return await target.write(...given)
      }
    },
  })

onBothRepositories(
  'a cleanup that ends in the middle has changed no answer, and the next one goes on',
  async ({ metrics, store }) => {
    const samples = perSecond(20_000).map((one, index) => ({ ...one, timestampMs: index * 400 }))
    await metrics.recordMetricsBatch(samples, { chunkSize: 1_000 })
    await metrics.compact()
    const before = await answersOf(metrics)
    {
      await using broken = await MetricsRepository.open(
        { store: failingAfter(store, 1) },
        { memory: calm, clock },
      )
      await assert.rejects(broken.cleanupOldMetrics(options), /the machine is gone/)
    }
    assert.deepEqual(await answersOf(metrics), before)
    const { downsampled } = await metrics.cleanupOldMetrics(options)
    assert.ok(downsampled > 0 && downsampled < 20_000, `${downsampled} were left`)
    assert.deepEqual(await answersOf(metrics), before)
  },
  { clock },
)

onBothRepositories(
  'a cleanup that is told to stop ends after the slice at hand, and the next one does the rest',
  async ({ metrics, store }) => {
    const samples = perSecond(20_000).map((one, index) => ({ ...one, timestampMs: index * 400 }))
    await metrics.recordMetricsBatch(samples, { chunkSize: 1_000 })
    await metrics.compact()
    const before = await answersOf(metrics)
    const stop = new AbortController()
    {
      const stopping = failingAfter(store, 0, () => stop.abort(new Error('enough')))
      await using other = await MetricsRepository.open({ store: stopping }, { memory: calm, clock })
      await assert.rejects(other.cleanupOldMetrics({ ...options, signal: stop.signal }), /enough/)
    }
    const kept = (await metrics.getMetricsSummary({ name: 'load' }))[0]?.samples ?? 0
    assert.ok(kept > 0 && kept < 20_000, `${kept} are left`)
    await metrics.cleanupOldMetrics(options)
    assert.deepEqual(await answersOf(metrics), before)
    assert.deepEqual(await metrics.getMetricsSummary({ name: 'load' }), [])
  },
  { clock },
)

/** Others have their turn before each reading, as with a database that is far away. */
const slow = (store: Store): Store => ({
  kind: store.kind,
  write: (...given) => store.write(...given),
  stream: (...given) => store.stream(...given),
  giveBack: () => store.giveBack(),
  log: () => store.log(),
  read: async (...given) => {
    await new Promise((resolve) => setTimeout(resolve, 1))
    return await store.read(...given)
  },
  [Symbol.asyncDispose]: async () => undefined,
})

onBothRepositories(
  'queries while rules run see each sample once: before it is put together or after',
  async ({ metrics, store }) => {
    const hosts = ['a', 'b', 'c', 'd', 'e']
    await metrics.recordMetricsBatch(
      hosts.flatMap((host) => perSecond(9_960).map((one) => ({ ...one, labels: { host } }))),
      { chunkSize: 10_000 },
    )
    await metrics.compact()
    const day = async (from: MetricsRepository) =>
      await Promise.all(
        (['sum', 'count', 'max'] as const).map(async (aggregate) =>
          (await pointsOf(from, aggregate, 86_400))
            .map(({ labels, value }) => `${labels.host} ${value}`)
            .sort(),
        ),
      )
    const expected = await day(metrics)
    await using other = await MetricsRepository.open({ store: slow(store) }, { memory: calm, clock })
    let together = 0
    for (let minutes = 150; minutes >= 0; minutes -= 30) {
      const some = { ...rule, afterDays: 1 + minutes / 1_440 }
      const [{ downsampled }, found] = await Promise.all([
        metrics.cleanupOldMetrics({ ...options, downsample: [some] }),
        day(other),
      ])
      together += downsampled
      assert.deepEqual(found, expected)
    }
    assert.equal(together, hosts.length * 9_960)
    assert.deepEqual(await day(other), expected)
  },
  { clock },
)
