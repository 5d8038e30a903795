/** One measurement in a process of its own: node work.ts WHAT PLACE DATA COUNT CHUNK; prints one line of JSON. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { MetricsRepository } from '../../src/metrics/metrics.ts'
import { beginMs, type DataName, dataSet } from './data.ts'
import { RowRepository } from './rows.ts'

const [what = '', place = '', data = 'A', countText = '0', chunkText = '1000'] = process.argv.slice(2)
const count = Number(countText)
const chunkSize = Number(chunkText)
const url = place.startsWith('postgres:') ? place : `file:${place}`

async function timed(work: () => Promise<unknown> | unknown): Promise<number> {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}

/** Of this thread. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

const bytesIn = (folder: string): number =>
  readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)

const samples = () => dataSet(data as DataName, count)

/** The second of two: the first compiles. */
async function second(work: () => Promise<unknown> | unknown): Promise<number> {
  await timed(work)
  return await timed(work)
}

/** The median of three behind two more: what is compiled when it was often done is so in every long-lived process. */
async function warm(work: () => Promise<unknown> | unknown): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 5; round += 1) times.push(await timed(work))
  return times.slice(2).sort((left, right) => left - right)[1] as number
}

const dayMs = 86_400_000

/** So far into data B. */
const momentAt = (share: number): number => beginMs + (count / 100) * share * 10_000

const averages = {
  aggregate: 'avg',
  stepSeconds: 60,
  fromMs: beginMs,
  toMs: beginMs + dayMs,
  groupBy: ['host', 'region', 'zone'],
} as const

const works: Readonly<Record<string, () => Promise<object>>> = {
  record: async () => {
    await using metrics = await MetricsRepository.open(url)
    const openedMb = process.memoryUsage.rss() / 1e6
    const recordMs = await timed(() => metrics.recordMetricsBatch(samples(), { chunkSize }))
    await metrics.compact()
    return {
      openedMb,
      perSecond: (count / recordMs) * 1_000,
      bytes: place.startsWith('postgres:') ? 0 : bytesIn(place),
    }
  },
  /** In a process that has loaded everything else, too. */
  'record-all': async () => {
    await import('../../src/index.ts')
    return (await works.record?.()) ?? {}
  },
  'record-rows': async () => {
    using rows = new RowRepository(join(place, 'rows.db'))
    const recordMs = await timed(() => rows.recordMetricsBatch(samples(), { chunkSize }))
    return { perSecond: (count / recordMs) * 1_000 }
  },
  /** At a steady pace; how long the event loop was kept from a timer. */
  stall: async () => {
    await using metrics = await MetricsRepository.open(url)
    const { monitorEventLoopDelay } = await import('node:perf_hooks')
    const pace = 100_000
    let beganMs = 0
    let warm = false
    const delay = monitorEventLoopDelay({ resolution: 1 })
    let longestCpuMs = 0
    let usedMs = cpuMs()
    // Between two chances of a timer: what the machine gives to others meanwhile is not in it.
    const watch = setInterval(() => {
      const nowMs = cpuMs()
      if (warm) longestCpuMs = Math.max(longestCpuMs, nowMs - usedMs)
      usedMs = nowMs
    }, 1)
    async function* paced() {
      let index = 0
      for (const sample of samples()) {
        yield sample
        index += 1
        if (index % 1_000 !== 0) continue
        const aheadMs = beganMs + (index / pace) * 1_000 - performance.now()
        if (aheadMs > 1) await new Promise((resolve) => setTimeout(resolve, aheadMs))
        if (!warm && index > count / 4) {
          warm = true
          delay.enable()
        }
      }
    }
    beganMs = performance.now()
    await metrics.recordMetricsBatch(paced(), { chunkSize })
    delay.disable()
    clearInterval(watch)
    return { longestMs: delay.max / 1e6, longestCpuMs }
  },
  read: async () => {
    await using metrics = await MetricsRepository.open(url)
    let seen = 0
    const batchesMs = await second(async () => {
      for await (const { timestampsMs } of metrics.streamBatches()) seen += timestampsMs.length
    })
    const singlesMs = await second(async () => {
      for await (const { value } of metrics.streamMetrics()) seen += Number(value) > 0 ? 1 : 0
    })
    const averagesMs = await warm(async () => {
      for await (const point of metrics.queryMetrics(averages)) seen += point.value > 0 ? 1 : 0
    })
    const offsetMs = await warm(() => metrics.getMetrics({ offset: count * 0.9, limit: 1_000 }))
    return { seen, batchesMs, singlesMs, averagesMs, offsetMs }
  },
  averages: async () => {
    await using metrics = await MetricsRepository.open(url)
    let points = 0
    const averagesMs = await warm(async () => {
      for await (const point of metrics.queryMetrics(averages)) points += Number.isFinite(point.value) ? 1 : 0
    })
    return { points: points / 5, averagesMs }
  },
  'read-rows': async () => {
    using rows = new RowRepository(join(place, 'rows.db'))
    let seen = 0
    const batchesMs = await second(async () => {
      for await (const { timestampsMs } of rows.streamBatches()) seen += timestampsMs.length
    })
    const singlesMs = await second(async () => {
      for await (const { value } of rows.streamMetrics()) seen += Number(value) > 0 ? 1 : 0
    })
    const averagesMs = await warm(async () => {
      for await (const point of rows.averages(beginMs, beginMs + dayMs)) seen += point.value > 0 ? 1 : 0
    })
    return { seen, batchesMs, singlesMs, averagesMs }
  },
  /**
   * The oldest hundredth, as the first of a process; then the older half: until nobody sees it any more, and until its
   * room is given back, too.
   */
  retain: async () => {
    let nowMs = momentAt(0.01)
    const clock = { ...(await import('../../src/index.ts')).systemClock, now: () => nowMs }
    await using metrics = await MetricsRepository.open(url, { clock })
    const firstMs = await timed(() => metrics.cleanupOldMetrics({ retentionDays: 0 }))
    await metrics.compact()
    nowMs = momentAt(0.5)
    const retainMs = await timed(() => metrics.cleanupOldMetrics({ retentionDays: 0 }))
    const roomMs = retainMs + (await timed(() => metrics.compact()))
    return { firstMs, retainMs, roomMs }
  },
  'retain-rows': async () => {
    using rows = new RowRepository(join(place, 'rows.db'))
    const firstMs = await timed(() => rows.deleteBefore(momentAt(0.01)))
    rows.giveBack()
    const retainMs = await timed(() => rows.deleteBefore(momentAt(0.5)))
    const roomMs = retainMs + (await timed(() => rows.giveBack()))
    return { firstMs, retainMs, roomMs }
  },
}

console.log(JSON.stringify(await works[what]?.()))
