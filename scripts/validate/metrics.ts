import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { collectGarbage, type PressureLevel } from '../../src/memory/memory.ts'
import { type MetricsOptions, MetricsRepository, type NewSample } from '../../src/metrics/metrics.ts'
import { rowsOf } from './row.ts'

const name = 'requests_total'
const stepMs = 10_000
const hosts = 100

/** As a scraper sends them: all hosts at one time, then all at the next. */
function* scraped(count: number, each?: (index: number) => void): Generator<NewSample> {
  for (let index = 0; index < count; index += 1) {
    each?.(index)
    const labels = { host: `h${index % hosts}` }
    yield { name, labels, timestampMs: Math.floor(index / hosts) * stepMs, value: index }
  }
}

async function onDisk(
  body: (metrics: MetricsRepository) => Promise<string>,
  options?: MetricsOptions,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-validate-'))
  try {
    await using metrics = await MetricsRepository.open(`file:${folder}`, options)
    return await body(metrics)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const countOf = async (metrics: MetricsRepository): Promise<number> =>
  (await metrics.getMetricsSummary()).reduce((sum, { samples }) => sum + samples, 0)

const chunksAreAcknowledged = (): Promise<string> =>
  onDisk(async (metrics) => {
    const usual = await metrics.recordMetricsBatch(scraped(1_000))
    const larger = await metrics.recordMetricsBatch(scraped(1_000), { chunkSize: 250 })
    assert.deepEqual(usual, { position: 1_000, duplicates: 0, chunks: 10 })
    assert.deepEqual(larger, { position: 1_000, duplicates: 1_000, chunks: 4 })
    return '1,000 samples in 10 chunks of 100; again in 4 of 250: 1,000 of them counted as there already'
  })

async function chunksShrinkAndLoseNothing(): Promise<string> {
  const levels: readonly PressureLevel[] = ['calm', 'tight', 'critical', 'tight', 'calm']
  let looks = 0
  let nowMs = 0
  const memory = { read: () => ({ level: levels[looks++ % levels.length] ?? 'calm' }) }
  // Each look is a new one.
  const clock = { ...systemClock, monotonic: () => (nowMs += 100), sleep: async () => undefined }
  return onDisk(
    async (metrics) => {
      const { position, chunks } = await metrics.recordMetricsBatch(scraped(10_000))
      const stored = await countOf(metrics)
      assert.deepEqual([position, stored], [10_000, 10_000])
      assert.ok(chunks > 100)
      return `pressure came and went: 10,000 samples in ${chunks} chunks instead of 100, ${stored} stored`
    },
    { memory, clock },
  )
}

const aMillionIsStreamed = (): Promise<string> =>
  onDisk(async (metrics) => {
    await metrics.recordMetricsBatch(scraped(1_000_000), { chunkSize: 1_000 })
    await metrics.compact()
    collectGarbage()
    const before = process.memoryUsage()
    let mostBytes = 0
    let count = 0
    let sum = 0
    for await (const { value } of metrics.streamMetrics({ name })) {
      count += 1
      sum += Number(value)
      if (count % 50_000 === 0) {
        const { heapUsed, arrayBuffers } = process.memoryUsage()
        mostBytes = Math.max(mostBytes, heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers)
      }
    }
    assert.deepEqual([count, sum], [1_000_000, (1_000_000 * 999_999) / 2])
    assert.ok(mostBytes < 150 * 2 ** 20, `${mostBytes} bytes`)
    return `1,000,000 samples, each once, with at most ${Math.ceil(mostBytes / 2 ** 20)} MiB more in memory`
  })

const pagesByOffset = (): Promise<string> =>
  onDisk(async (metrics) => {
    await metrics.recordMetricsBatch(scraped(10_000))
    await metrics.compact()
    const whole = (await metrics.getMetrics({ limit: 10_000 })).samples
    const { samples } = await metrics.getMetrics({ limit: 50, offset: 9_000 })
    assert.deepEqual(samples, whole.slice(9_000, 9_050))
    assert.deepEqual((await metrics.getMetrics({ offset: 10_000 })).samples, [])
    return 'limit 50 at offset 9,000 of 10,000: samples 9,000 to 9,049; at 10,000: none'
  })

const cursorsTakeConstantTime = (): Promise<string> =>
  onDisk(async (metrics) => {
    await metrics.recordMetricsBatch(scraped(300_000), { chunkSize: 1_000 })
    await metrics.compact()
    const cursors: (string | null)[] = []
    let count = 0
    let next: string | null = null
    const pageAt = (cursor: string | null) =>
      metrics.getMetrics({ limit: 1_000, ...(cursor !== null && { cursor }) })
    do {
      cursors.push(next)
      const page = await pageAt(next)
      count += page.samples.length
      next = page.cursor
    } while (next !== null)
    assert.deepEqual([count, cursors.length], [300_000, 300])
    const timeOf = async (cursor: string | null = null): Promise<number> => {
      const startMs = performance.now()
      await pageAt(cursor)
      return performance.now() - startMs
    }
    // One of the first, one of the last, in turns: another process may have the machine for a while.
    const times: { readonly first: number; readonly last: number }[] = []
    for (let index = 0; index < 100; index += 1)
      times.push({ first: await timeOf(cursors[index]), last: await timeOf(cursors.at(-1 - index)) })
    const middleOf = (part: readonly number[]): number =>
      part.toSorted((a, b) => a - b)[part.length >> 1] ?? 0
    const first = middleOf(times.map((pair) => pair.first))
    const last = middleOf(times.map((pair) => pair.last))
    assert.ok(last < first * 2 + 2, `${first} ms, ${last} ms`)
    return `300 pages: a page takes ${first.toFixed(1)} ms in the first third, ${last.toFixed(1)} ms in the last`
  })

const memoryIsLetGo = (): Promise<string> =>
  onDisk(async (metrics) => {
    const refs: WeakRef<object>[] = []
    async function* source(): AsyncGenerator<NewSample> {
      for (const sample of scraped(20_000)) {
        if (refs.length < 10_000) refs.push(new WeakRef(sample))
        // A WeakRef keeps what it was made with until the turn has ended.
        if (refs.length % 100 === 0) await sleep(0)
        yield sample
      }
    }
    await metrics.recordMetricsBatch(source())
    await sleep(1)
    collectGarbage()
    const alive = refs.filter((ref) => ref.deref() !== undefined).length
    assert.equal(alive, 0)
    return `of 10,000 samples that were recorded ${alive} are still in memory`
  })

const aSlowReaderSlowsTheSource = (): Promise<string> =>
  onDisk(async (metrics) => {
    await metrics.recordMetricsBatch(scraped(100_000), { chunkSize: 1_000 })
    // As slow as a reader gets.
    return onDisk((copy) => copySlowly(metrics, copy), { memory: { read: () => ({ level: 'critical' }) } })
  })

async function copySlowly(metrics: MetricsRepository, copy: MetricsRepository): Promise<string> {
  let pulled = 0
  async function* source(): AsyncGenerator<NewSample> {
    for await (const sample of metrics.streamMetrics()) {
      pulled += 1
      yield sample
    }
  }
  await assert.rejects(copy.recordMetricsBatch(source(), { signal: AbortSignal.timeout(500) }))
  const recorded = await countOf(copy)
  assert.ok(pulled < 100_000 && recorded === pulled)
  return `a reader that takes its time had ${recorded} after half a second; the source was asked for ${pulled} of 100,000`
}

const oldSamplesAreDeleted = (): Promise<string> => {
  const dayMs = 86_400_000
  const clock = { ...systemClock, now: () => 30 * dayMs }
  return onDisk(
    async (metrics) => {
      const daily = Array.from({ length: 30 }, (_, day) => ({ name, timestampMs: day * dayMs, value: day }))
      await metrics.recordMetricsBatch(daily)
      const { samples } = await metrics.cleanupOldMetrics({ retentionDays: 10 })
      const [summary] = await metrics.getMetricsSummary()
      assert.deepEqual([samples, summary?.samples, summary?.firstMs], [20, 10, 20 * dayMs])
      const averages = () =>
        Array.fromAsync(metrics.queryMetrics({ name, aggregate: 'avg', stepSeconds: 432_000 }))
      const before = await averages()
      const downsample = [{ afterDays: 1, stepSeconds: 432_000 }]
      const { downsampled } = await metrics.cleanupOldMetrics({ retentionDays: 10, downsample })
      assert.deepEqual([downsampled, await averages()], [5, before])
      return '30 daily samples, 10 days kept: 20 deleted; 5 put together, with the same averages as before'
    },
    { clock },
  )
}

const bucketsAreAggregated = (): Promise<string> =>
  onDisk(async (metrics) => {
    await metrics.recordMetricsBatch(scraped(60_000), { chunkSize: 1_000 })
    const points: number[] = []
    const query = { name, aggregate: 'avg', stepSeconds: 60, labels: { host: 'h0' } } as const
    for await (const { value } of metrics.queryMetrics(query)) points.push(value)
    assert.equal(points.length, 100)
    assert.deepEqual(points.slice(0, 2), [250, 850])
    return `600 samples of one host in ${points.length} averages of a minute: the first 250, then 850`
  })

export const metricsRows = rowsOf('MetricsRepository', [
  ['chunks of chunkSize', chunksAreAcknowledged],
  ['chunks shrink under pressure and nothing is lost', chunksShrinkAndLoseNothing],
  ['streams a million samples in bounded memory', aMillionIsStreamed],
  ['limit and offset', pagesByOffset],
  ['cursors in constant time', cursorsTakeConstantTime],
  ['memory is let go between chunks', memoryIsLetGo],
  ['a slow reader slows the source', aSlowReaderSlowsTheSource],
  ['aggregates by time bucket', bucketsAreAggregated],
  ['retention', oldSamplesAreDeleted],
])
