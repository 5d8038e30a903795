import type { Sample } from '../metrics/metrics.ts'
import { jsonLineOf, labelsText, plainValue } from '../metrics/metrics.ts'
import { isClosed, plainLine, renderTable, styleFor, writeSteadily } from '../report/report.ts'
import { queryOf, readMetrics, refuseUnknown } from './with-metrics.ts'
import type { Call } from './words.ts'

/** One in a line; those that begin with the argument. */
export const printNames = (call: Call): Promise<number> =>
  readMetrics(call, async (metrics) => {
    const names = await metrics.getMetricNames(call.positionals[1] ?? '')
    const lineOf = (name: string): string => (call.flag('json') ? JSON.stringify({ name }) : plainLine(name))
    await writeSteadily(process.stdout, names.map((name) => `${lineOf(name)}\n`).join(''))
    return 0
  })

/** The newest sample of each series. */
export const printLatest = (call: Call): Promise<number> =>
  readMetrics(call, async (metrics) => {
    const query = queryOf(call)
    let found = 0
    for await (const sample of metrics.streamLatest(query)) {
      found += 1
      if (isClosed(process.stdout)) break
      await writeSteadily(process.stdout, call.flag('json') ? jsonLineOf(sample) : lineOf(sample))
    }
    if (found === 0) await refuseUnknown(metrics, query.name)
    return 0
  })

const lineOf = ({ name, labels, timestampMs, value }: Sample): string =>
  `${plainLine(`${name}${labelsText(labels)} ${plainValue(value)} ${timeText(timestampMs)}`)}\n`

export const printSummary = (call: Call): Promise<number> =>
  readMetrics(call, async (metrics) => {
    const query = queryOf(call)
    const summaries = await metrics.getMetricsSummary(query)
    if (summaries.length === 0) await refuseUnknown(metrics, query.name)
    if (call.flag('json')) {
      await writeSteadily(process.stdout, summaries.map((one) => `${JSON.stringify(one)}\n`).join(''))
      return 0
    }
    const columns = [
      { title: 'name' },
      { title: 'series', align: 'right' },
      { title: 'samples', align: 'right' },
      { title: 'first' },
      { title: 'last' },
    ] as const
    const rows = summaries.map(({ name, series, samples, firstMs, lastMs }) => [
      name,
      String(series),
      String(samples),
      timeText(firstMs),
      timeText(lastMs),
    ])
    const lines = renderTable(columns, rows, styleFor(process.stdout, process.env))
    await writeSteadily(process.stdout, `${lines.join('\n')}\n`)
    return 0
  })

const timeText = (timestampMs: number): string => new Date(timestampMs).toISOString()
