/** The averages of a day of data B as the real Prometheus gives them over HTTP. */
import { writeExposition } from '../../src/metrics/exposition-write.ts'
import { Prometheus } from '../prometheus/server.ts'
import { beginMs, dataSet } from './data.ts'

const dayMs = 86_400_000
const daySamples = 100 * (dayMs / 10_000)

export type PrometheusAverages = {
  readonly version: string
  readonly averagesMs: number
  readonly points: number
}

/** Null where it is not installed and cannot be fetched. The answer is parsed, as whoever wants numbers has to. */
export async function prometheusAverages(): Promise<PrometheusAverages | null> {
  const lines = writeExposition(dataSet('B', daySamples), { format: 'openmetrics', timestamps: true })
  await using prometheus = await Prometheus.open((await Array.fromAsync(lines)).join(''))
  if (prometheus === null) return null
  // The ends of the minutes that ours begin: the day begins within the first and ends within the last.
  const start = (Math.floor(beginMs / 60_000) + 1) * 60
  const times = { start, end: Math.ceil((beginMs + dayMs) / 60_000) * 60, step: 60 }
  const timesMs: number[] = []
  let points = 0
  for (let round = 0; round < 5; round += 1) {
    const startMs = performance.now()
    const answers = await prometheus.range('avg_over_time(metric_0[60s])', times)
    timesMs.push(performance.now() - startMs)
    points = answers.reduce((sum, { values }) => sum + values.length, 0)
  }
  // As ours: the median of three behind two more.
  const [, averagesMs = Number.NaN] = timesMs.slice(2).sort((left, right) => left - right)
  return { version: prometheus.version, averagesMs, points }
}
