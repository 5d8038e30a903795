/** How a number went in the course of time, as a picture: time to the right, the number upwards. */
import { type Piece, paintPieces } from './pieces.ts'
import { plainLine } from './plain-text.ts'
import type { Style } from './style.ts'
import { fitWidth, padWidth } from './width.ts'

export type ChartPoint = { readonly atMs: number; readonly value: number }

export type ValueChartOptions = {
  readonly title: string
  /** Columns of the whole picture; at least 30 are taken. */
  readonly width: number
  readonly fromMs: number
  readonly toMs: number
  /** So long each number counts. */
  readonly stepMs: number
  readonly valueText: (value: number) => string
  readonly style: Style
}

const rows = 8

/** A title, eight rows, and the times of both ends. Where there is no number the picture is empty. */
export function renderValueChart(points: readonly ChartPoint[], options: ValueChartOptions): string {
  const width = Math.max(30, options.width)
  return linesOf(points, { ...options, width })
    .map((pieces) => `${paintPieces(pieces, width, options.style).painted.trimEnd()}\n`)
    .join('')
}

function linesOf(points: readonly ChartPoint[], options: ValueChartOptions): Piece[][] {
  const { valueText } = options
  const finite = points.filter(({ value }) => Number.isFinite(value))
  const title = fitWidth(plainLine(options.title), options.width)
  if (finite.length === 0) return [[{ tone: 'plain', text: title }], [quiet('no numbers')]]
  const scale = scaleOf(finite.map(({ value }) => value))
  const labels = [scale.high, (scale.high + scale.low) / 2, scale.low].map(valueText)
  const gutter = Math.max(...labels.map((label) => label.length))
  const columns = Math.max(10, options.width - gutter - 3)
  const levels = levelsOf(finite, { ...options, columns, scale })
  const lines = Array.from({ length: rows }, (_, index): Piece[] => {
    const row = rows - 1 - index
    const label = index === 0 ? labels[0] : index === rows / 2 ? labels[1] : row === 0 ? labels[2] : ''
    const cells = levels.map((level) => cellOf(level, row)).join('')
    return [quiet(`${padWidth(label ?? '', gutter, 'left')} |`), { tone: 'good', text: cells }, quiet('|')]
  })
  return [[{ tone: 'plain', text: title }], ...lines, [quiet(timesLine(options, gutter, columns))]]
}

const quiet = (text: string): Piece => ({ tone: 'quiet', text })

type Scale = { readonly low: number; readonly high: number }

/** From zero, where all are on one side of it, unless they differ by little: then that is what is seen. */
function scaleOf(values: readonly number[]): Scale {
  const low = values.reduce((least, value) => Math.min(least, value))
  const high = values.reduce((most, value) => Math.max(most, value))
  const isLevel = low === high
  if (low >= 0 && (isLevel || low <= high * 0.9)) return { low: 0, high: high === 0 ? 1 : high }
  if (high <= 0 && (isLevel || high >= low * 0.9)) return { low, high: 0 }
  return { low, high }
}

/** Half rows from the bottom, the mean of each column; null where nothing is known. */
function levelsOf(
  points: readonly ChartPoint[],
  { fromMs, toMs, stepMs, columns, scale }: ValueChartOptions & { columns: number; scale: Scale },
): readonly (number | null)[] {
  const sums = Array.from({ length: columns }, () => ({ sum: 0, count: 0 }))
  const columnOf = (atMs: number): number =>
    Math.min(columns, Math.max(0, Math.floor(((atMs - fromMs) / (toMs - fromMs)) * columns)))
  for (const { atMs, value } of points) {
    const first = Math.min(columns - 1, columnOf(atMs))
    for (const column of sums.slice(first, Math.max(first + 1, columnOf(atMs + stepMs)))) {
      column.sum += value
      column.count += 1
    }
  }
  return sums.map(({ sum, count }) =>
    count === 0
      ? null
      : Math.max(1, Math.round(((sum / count - scale.low) / (scale.high - scale.low)) * rows * 2)),
  )
}

function cellOf(level: number | null, row: number): string {
  if (level === null || level <= row * 2) return ' '
  return level === row * 2 + 1 ? '.' : '#'
}

function timesLine({ fromMs, toMs }: ValueChartOptions, gutter: number, columns: number): string {
  const from = timeText(fromMs)
  const to = timeText(toMs)
  return ' '.repeat(gutter + 2) + from + ' '.repeat(Math.max(1, columns - from.length - to.length)) + to
}

const timeText = (atMs: number): string => new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')
