/** What our aggregates say beside what the real Prometheus says of the same samples. */
import { aggregate } from '../src/metrics/aggregate.ts'
import type { Aggregate, AggregatePoint } from '../src/metrics/aggregate-words.ts'
import { writeExposition } from '../src/metrics/exposition-write.ts'
import type { Batch, Sample } from '../src/metrics/words.ts'
import { type BenchResult, type BenchRow, never, promised } from './measure.ts'
import { batchesOf, beginMs, samplesOf } from './prometheus/samples.ts'
import { missedBy, serveForScrape } from './prometheus/scraped.ts'
import { type Answer, Prometheus } from './prometheus/server.ts'

export const name = 'prometheus-differences'

const seriesOfEach = 40
const hours = 24
/** In 1e-12 of the value; sums are summed in another order, and Prometheus writes 17 digits. */
const leastDifference = 1_000

type Question = {
  readonly aggregate: Aggregate
  readonly stepSeconds: number
  readonly promql: string
  readonly groupBy: readonly string[]
}

const counter = 'requests_total'
const gauge = 'temperature'
const perSeries = ['host', 'index']
const questions: readonly Question[] = [60, 300].flatMap((stepSeconds): Question[] => {
  const window = `[${stepSeconds}s]`
  const overTime = (aggregate: Aggregate, of = `${aggregate}_over_time`): Question => ({
    ...{ aggregate, stepSeconds, groupBy: perSeries },
    promql: `${of}(${gauge}${window})`,
  })
  const quantile = (aggregate: Aggregate, share: number): Question => ({
    ...{ aggregate, stepSeconds, groupBy: perSeries },
    promql: `quantile_over_time(${share}, ${gauge}${window})`,
  })
  return [
    { aggregate: 'rate', stepSeconds, groupBy: perSeries, promql: `rate(${counter}${window})` },
    { aggregate: 'increase', stepSeconds, groupBy: perSeries, promql: `increase(${counter}${window})` },
    {
      aggregate: 'rate',
      stepSeconds,
      groupBy: ['host'],
      promql: `sum by (host) (rate(${counter}${window}))`,
    },
    ...(['avg', 'min', 'max', 'sum', 'count', 'stddev', 'last'] as const).map((one) => overTime(one)),
    quantile('p50', 0.5),
    quantile('p99', 0.99),
  ]
})

export async function run(): Promise<BenchResult> {
  const batches = new Map([counter, gauge].map((one) => [one, batchesOf(one, seriesOfEach)]))
  const samples = [...batches.values()].flat()
  const text = await Array.fromAsync(
    writeExposition(samplesOf(samples), { format: 'openmetrics', timestamps: true }),
  )
  const newest = samples.map(
    (batch): Sample => ({ ...batch.series, timestampMs: 1, value: batch.values.at(-1) ?? Number.NaN }),
  )
  const { server, served } = await serveForScrape(newest)
  await using _server = server
  await using prometheus = await Prometheus.open(text.join(''), new URL(server.url).host)
  const title = 'Aggregates beside those of the real Prometheus'
  if (prometheus === null)
    return {
      title,
      runs: 1,
      rows: [],
      notes: ['Prometheus is not installed, and its package cannot be fetched here'],
    }
  const rows: BenchRow[] = []
  let compared = 0
  let unequal = 0
  for (const question of questions) {
    const of = batches.get(question.promql.includes(counter) ? counter : gauge) ?? []
    const seen = await compare(prometheus, question, of)
    compared += seen.compared
    unequal += seen.unequal
    rows.push(
      promised(`${question.promql}: largest difference`, [seen.largest * 1e12], {
        unit: 'e-12',
        floor: leastDifference,
      }),
    )
  }
  rows.push(never('results that only one of them has', [unequal], `of ${compared}`))
  const missed = missedBy(await prometheus.scraped(), served)
  rows.push(never('samples that it has not got from scraping ours', [missed], `of ${served.length}`))
  const count = samples.reduce((sum, { values }) => sum + values.length, 0)
  return {
    title,
    runs: 1,
    rows,
    notes: [
      `Prometheus ${prometheus.version}; ${count} samples of ${samples.length} series`,
      'no sample lies at the bound of a window: Prometheus 2 counts it in both windows, ours in the later one alone',
    ],
  }
}

type Seen = { readonly compared: number; readonly largest: number; readonly unequal: number }

async function compare(prometheus: Prometheus, question: Question, batches: readonly Batch[]): Promise<Seen> {
  const { stepSeconds, groupBy, promql } = question
  const toMs = beginMs + hours * 3_600_000
  const ours = new Map<string, number>()
  for await (const point of aggregate(() => batches, { ...question, fromMs: beginMs, toMs })) {
    const key = [
      ...groupBy.map((label) => point.labels[label]),
      point.timestampMs / 1_000 + stepSeconds,
    ].join()
    ours.set(key, (point satisfies AggregatePoint).value)
  }
  const times = { start: beginMs / 1_000 + stepSeconds, end: toMs / 1_000, step: stepSeconds }
  let compared = 0
  let largest = 0
  let unequal = 0
  for (const { metric, values } of (await prometheus.range(promql, times)) satisfies readonly Answer[]) {
    for (const [time, text] of values) {
      const key = [...groupBy.map((label) => metric[label]), time].join()
      const own = ours.get(key)
      const theirs = Number(text)
      compared += 1
      if (own === undefined) unequal += 1
      else if (own !== theirs)
        largest = Math.max(largest, Math.abs(own - theirs) / Math.max(Math.abs(own), Math.abs(theirs), 1e-6))
      ours.delete(key)
    }
  }
  return { compared, largest, unequal: unequal + ours.size }
}
