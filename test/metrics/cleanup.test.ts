import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Clock, systemClock } from '../../src/clock.ts'
import { MetricsRepository, type Sample } from '../../src/metrics/metrics.ts'
import { removeSome } from '../../src/metrics/removal.ts'
import { type ChunkRow, readChunks, readState, type StateRow } from '../../src/metrics/statements.ts'
import type { Store } from '../../src/store/store.ts'
import { all, calm, type Opened, onBothRepositories as onBoth } from './both-repositories.ts'

const dayMs = 86_400_000
const nowMs = 100 * dayMs
/** Nothing is done by itself. */
const clock: Clock = {
  ...systemClock,
  now: () => nowMs,
  every: () => ({ [Symbol.dispose]: () => undefined }),
}

const onBothRepositories = (title: string, body: (opened: Opened) => Promise<void>): void =>
  onBoth(title, body, { clock })

const samplesAt = (timesMs: readonly number[], host = 'a'): Sample[] =>
  timesMs.map((timestampMs) => ({ name: 'load', labels: { host }, timestampMs, value: timestampMs }))
const regular = Array.from({ length: 3_000 }, (_, index) => index * 10)
const irregular = regular.map((atMs) => atMs + (atMs % 7))

const deleteBefore = async (metrics: MetricsRepository, beforeMs: number): Promise<number> =>
  (await metrics.cleanupOldMetrics({ retentionDays: (nowMs - beforeMs) / dayMs })).samples
const timesOf = async (metrics: MetricsRepository, query = {}): Promise<number[]> =>
  (await all(metrics.streamMetrics(query))).map(({ timestampMs }) => timestampMs)

const inDatabase = async (store: Store, sql: string): Promise<number> =>
  (await store.read<{ readonly n: number }>(sql))[0]?.n ?? 0
const notRemoved = (store: Store): Promise<number> =>
  inDatabase(store, 'select count(*) as n from metric_deletions')
const oldBlocks = (store: Store, beforeMs: number): Promise<number> =>
  inDatabase(store, `select count(*) as n from metric_blocks where t0 < ${beforeMs}`)

for (const [what, times] of Object.entries({ regular, irregular })) {
  onBothRepositories(
    `samples at ${what} times are counted and not seen any more at once, and are removed by and by`,
    async ({ metrics, store }) => {
      await metrics.recordMetricsBatch([...samplesAt(times), ...samplesAt(times, 'b')], { chunkSize: 1_000 })
      const beforeMs = 14_321
      const left = times.filter((atMs) => atMs >= beforeMs)
      assert.equal(await deleteBefore(metrics, beforeMs), 2 * (times.length - left.length))
      assert.ok((await notRemoved(store)) > 0 && (await oldBlocks(store, beforeMs)) > 0)
      for (const state of ['deleted', 'removed']) {
        assert.deepEqual(await timesOf(metrics, { labels: { host: 'b' } }), left, state)
        assert.deepEqual(
          await timesOf(metrics, { labels: { host: 'b' }, fromMs: 0, toMs: 20_000 }),
          left.filter((atMs) => atMs < 20_000),
          state,
        )
        const [summary] = await metrics.getMetricsSummary()
        const { samples, firstMs, lastMs } = summary ?? { samples: 0, firstMs: 0, lastMs: 0 }
        assert.deepEqual([samples, firstMs, lastMs], [2 * left.length, left[0], left.at(-1)], state)
        const page = await metrics.getMetrics({ offset: left.length + 3, limit: 2 })
        assert.deepEqual(
          page.samples.map(({ timestampMs }) => timestampMs),
          left.slice(3, 5),
          state,
        )
        assert.equal(await deleteBefore(metrics, beforeMs), 0, state)
        await metrics.compact()
      }
      assert.equal(await notRemoved(store), 0)
      assert.equal(await oldBlocks(store, beforeMs), 0)
    },
  )
}

onBothRepositories(
  'what comes late after a deletion is there, also at a time that was deleted',
  async ({ again }) => {
    await using metrics = await again()
    await metrics.recordMetricsBatch(samplesAt(regular))
    await deleteBefore(metrics, 15_000)
    const late = [5, 20, 14_990]
    const { duplicates } = await metrics.recordMetricsBatch(samplesAt(late))
    assert.equal(duplicates, 0)
    const left = [...late, ...regular.filter((atMs) => atMs >= 15_000)]
    assert.deepEqual(await timesOf(metrics), left)
    await metrics.compact()
    assert.deepEqual(await timesOf(metrics), left)
    assert.equal(await deleteBefore(metrics, 15_000), late.length)
  },
)

onBothRepositories(
  'a process that ends between the deletion and the removal: the next one removes in a quiet moment',
  async ({ store, again }) => {
    {
      await using metrics = await again()
      await metrics.recordMetricsBatch(samplesAt(regular))
      await deleteBefore(metrics, 15_000)
    }
    assert.ok((await notRemoved(store)) > 0)
    let tick = (): void => undefined
    const every: Clock['every'] = (_, callback) => {
      tick = callback
      return { [Symbol.dispose]: () => undefined }
    }
    await using metrics = await again({ clock: { ...clock, every } })
    tick()
    while ((await notRemoved(store)) > 0) await systemClock.sleep(5)
    assert.equal(await oldBlocks(store, 15_000), 0)
    assert.equal((await timesOf(metrics)).length, 1_500)
  },
)

onBothRepositories(
  'a server that forgets a commit of blocks, and somebody else who changes them then: no chunk is taken for packed',
  async ({ store, again }) => {
    {
      await using metrics = await again()
      await metrics.recordMetricsBatch(samplesAt(regular))
      await deleteBefore(metrics, 15_000)
      await metrics.recordMetricsBatch(samplesAt([30_000, 30_010]))
    }
    let forgotten = 0
    // What is written beside the store passes it by.
    const { beside: _beside, ...plain } = store
    const forgetful: Store = {
      ...plain,
      write: async (statements, durability) => {
        const [before] = await store.read<StateRow>(readState)
        await store.write(statements, durability)
        if (forgotten > 0 || !statements.some(({ sql }) => sql.includes('insert into metric_blocks'))) return
        forgotten += 1
        await store.write([
          { sql: 'delete from metric_blocks where t1 >= 30000', parameters: [] },
          { sql: 'update metric_state set blocks_form = ?1', parameters: [before?.blocks_form ?? 0] },
        ])
        await removeSome(store)
      },
    }
    await using metrics = await MetricsRepository.open({ store: forgetful }, { clock, memory: calm })
    await metrics.compact()
    assert.equal(forgotten, 1)
    assert.deepEqual(await timesOf(metrics, { fromMs: 30_000 }), [30_000, 30_010])
  },
)

onBothRepositories(
  'a server that forgets that chunks were packed: who has read since then reads them again',
  async ({ metrics, store, again }) => {
    const chunks = (): Promise<readonly ChunkRow[]> => store.read<ChunkRow>(readChunks, [0])
    await metrics.recordMetricsBatch(samplesAt([10, 20]))
    const [packed] = await chunks()
    assert.ok(packed)
    {
      await using other = await again()
      await other.compact()
    }
    await metrics.recordMetricsBatch(samplesAt([30]))
    assert.deepEqual(await timesOf(metrics), [10, 20, 30])
    const insert = 'insert into metric_chunks (seq, n, data) values (?1, ?2, ?3)'
    await store.write([
      { sql: 'delete from metric_blocks', parameters: [] },
      { sql: insert, parameters: [packed.seq, packed.n, packed.data] },
    ])
    assert.deepEqual(await timesOf(metrics), [10, 20, 30])
  },
)

/** As a server that crashed does with what was written with durability `normal`. */
const forgetNewest = (store: Store, count: number): Promise<void> =>
  store.write([
    {
      sql: 'delete from metric_chunks where seq > (select seq from metric_state) - cast(?1 as bigint)',
      parameters: [count],
    },
    { sql: 'update metric_state set seq = seq - ?1', parameters: [count] },
  ])

onBothRepositories(
  'a server that forgets the newest chunks: who has read them sees what others wrote under their numbers',
  async ({ metrics, store, again }) => {
    await metrics.recordMetricsBatch(samplesAt([10]))
    await metrics.recordMetricsBatch(samplesAt([20]))
    await metrics.recordMetricsBatch(samplesAt([30]))
    assert.deepEqual(await timesOf(metrics), [10, 20, 30])
    await forgetNewest(store, 2)
    await using other = await again()
    await other.recordMetricsBatch(samplesAt([21]))
    assert.deepEqual(await timesOf(metrics), [10, 21], 'fewer than were forgotten')
    await forgetNewest(store, 1)
    for (const timeMs of [22, 31, 41]) await other.recordMetricsBatch(samplesAt([timeMs]))
    assert.deepEqual(await timesOf(metrics), [10, 22, 31, 41], 'more than were forgotten')
    await forgetNewest(store, 4)
    assert.deepEqual(await timesOf(metrics), [], 'all of them')
  },
)

onBothRepositories(
  'several that delete at once count each sample once, and lose none that is newer',
  async ({ metrics, again }) => {
    await metrics.recordMetricsBatch(
      Array.from({ length: 200 }, (_, host) => samplesAt(irregular.slice(0, 50), `h${host}`)).flat(),
      { chunkSize: 1_000 },
    )
    await metrics.compact()
    const bounds = [100, 250, 250]
    const counts = await Promise.all(
      bounds.map(async (beforeMs) => {
        await using other = await again()
        return await deleteBefore(other, beforeMs)
      }),
    )
    const left = irregular.slice(0, 50).filter((atMs) => atMs >= 250)
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      200 * (50 - left.length),
    )
    await metrics.compact()
    assert.equal((await timesOf(metrics)).length, 200 * left.length)
  },
)

onBothRepositories(
  'while others record, read and compact, nothing newer is lost and nothing older comes back',
  async ({ again }) => {
    await using metrics = await again()
    await using other = await again()
    const anyWorks = fc.array(fc.constantFrom('compact', 'record', 'read'), { minLength: 4, maxLength: 8 })
    let begin = 0
    await fc.assert(
      fc.asyncProperty(anyWorks, async (works) => {
        begin += 100_000
        const beforeMs = begin + 15_000
        await metrics.recordMetricsBatch(samplesAt(regular.map((atMs) => begin + atMs)), { chunkSize: 500 })
        let newest = begin + 30_000
        let left = 1_500
        const deleting = deleteBefore(metrics, beforeMs)
        for (const work of works) {
          if (work === 'compact') await other.compact()
          else if (work === 'record') {
            await other.recordMetricsBatch(samplesAt([newest++]))
            left += 1
          } else {
            const seen = await timesOf(other, { fromMs: beforeMs })
            assert.equal(new Set(seen).size, left)
            assert.equal(seen.length, left)
          }
        }
        await deleting
        assert.equal((await timesOf(other)).length, left)
        await Promise.all([metrics.compact(), other.compact()])
        assert.equal((await timesOf(metrics)).length, left)
      }),
      { numRuns: 6, endOnFailure: true },
    )
  },
)
