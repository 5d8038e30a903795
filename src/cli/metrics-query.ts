import { systemClock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import { type Aggregate, type AggregatePoint, labelsText } from '../metrics/metrics.ts'
import { renderValueChart, styleFor, writeSteadily } from '../report/report.ts'
import { durationForms, formatSize, parseDuration } from '../units.ts'
import { queryOf, readMetrics, refuseUnknown } from './with-metrics.ts'
import type { Call } from './words.ts'

const usualMs = 3_600_000
/** Values of a group where no step was asked for. */
const usualSteps = 60
/** Pictures below one another; more is for --json. */
const mostCharts = 10
/** Columns where no terminal says otherwise. */
const usualWidth = 80

/** A picture for each group, or with --json one object for each value. */
export const printQuery = (call: Call): Promise<number> =>
  readMetrics(call, async (metrics) => {
    const { name, toMs = systemClock.now(), ...rest } = queryOf(call)
    if (name === undefined) throw new PlimsollError('USAGE', 'metrics query needs the name of a metric')
    const fromMs = rest.fromMs ?? toMs - usualMs
    if (fromMs >= toMs) throw new PlimsollError('USAGE', '--from must lie before --to')
    const aggregate = (call.text('aggregate') ?? (name.endsWith('_total') ? 'rate' : 'avg')) as Aggregate
    const stepSeconds = stepOf(call.text('step'), toMs - fromMs)
    const points = metrics.queryMetrics({
      ...{ ...rest, name, fromMs, toMs, aggregate, stepSeconds },
      groupBy: call.texts('by'),
    })
    const groups = call.flag('json') ? await printPoints(points) : await groupsOf(points)
    if (groups.size === 0) await refuseUnknown(metrics, name)
    if (!call.flag('json'))
      await writeSteadily(
        process.stdout,
        chartsOf([...groups.values()], { name, aggregate, stepSeconds, fromMs, toMs }),
      )
    return 0
  })

type Groups = ReadonlyMap<unknown, readonly AggregatePoint[]>

async function printPoints(points: AsyncIterable<AggregatePoint>): Promise<Groups> {
  const seen = new Map<unknown, readonly AggregatePoint[]>()
  for await (const point of points) {
    seen.set(0, [])
    // JSON has no word for what is no number.
    const value = Number.isFinite(point.value) ? point.value : String(point.value)
    await writeSteadily(process.stdout, `${JSON.stringify({ ...point, value })}\n`)
  }
  return seen
}

/** The results of a query are bounded. */
const groupsOf = async (points: AsyncIterable<AggregatePoint>): Promise<Groups> =>
  Map.groupBy(await Array.fromAsync(points), ({ labels }) => labels)

type Shown = {
  readonly name: string
  readonly aggregate: string
  readonly stepSeconds: number
  readonly fromMs: number
  readonly toMs: number
}

function chartsOf(groups: readonly (readonly AggregatePoint[])[], shown: Shown): string {
  if (groups.length === 0) return 'no samples in this time\n'
  const valueText = valueTextOf(shown)
  const charts = groups.slice(0, mostCharts).map((points) => {
    const values = points.map(({ value }) => value)
    const title = `${shown.aggregate} of ${shown.name}${labelsText(points[0]?.labels ?? {})}, ${shown.stepSeconds} s each: last ${valueText(values.at(-1) ?? Number.NaN)}`
    return renderValueChart(
      points.map(({ timestampMs, value }) => ({ atMs: timestampMs, value })),
      {
        ...shown,
        title,
        stepMs: shown.stepSeconds * 1_000,
        valueText,
        width: process.stdout.columns || usualWidth,
        style: styleFor(process.stdout, process.env),
      },
    )
  })
  const left = groups.length - charts.length
  return charts.join('\n') + (left > 0 ? `\n${left} more groups; choose with --match, or use --json\n` : '')
}

/** Sizes of what is named for them, other numbers in four digits. */
function valueTextOf({ name, aggregate }: Shown): (value: number) => string {
  const isSize = name.endsWith('_bytes') && !['count', 'rate', 'increase'].includes(aggregate)
  return (value) =>
    isSize && Number.isFinite(value) ? formatSize(value) : String(Number(value.toPrecision(4)))
}

/** Seconds. Without a step: a 60th of the time, in whole seconds. */
function stepOf(text: string | undefined, timeMs: number): number {
  if (text === undefined) return Math.max(1, Math.ceil(timeMs / usualSteps / 1_000))
  const stepMs = parseDuration(text)
  if (stepMs !== undefined && stepMs > 0) return stepMs / 1_000
  throw new PlimsollError('USAGE', `--step is ${JSON.stringify(text)}, expected ${durationForms}`)
}
