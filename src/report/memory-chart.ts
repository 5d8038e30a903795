/** How full memory was in the course of a run, as a picture: time to the right, bytes upwards. */
import type { MemoryPoint } from '../spine.ts'
import { formatSize } from '../units.ts'
import type { Tone } from './event-words.ts'
import { legendLines } from './legend.ts'
import { chartRows, type MemoryScale, scaleFor } from './memory-scale.ts'
import { type Piece, piecesOfCells } from './pieces.ts'
import { columnAt, type TimeAxis } from './time-axis.ts'
import { fitWidth, padWidth } from './width.ts'

/** As in the memory bar of the live view, but for the line. */
const signs = [
  { letter: '#', tone: 'good', words: 'tasks' },
  { letter: ':', tone: 'quiet', words: 'others' },
  { letter: '-', tone: 'cool', words: 'reserved, not used yet' },
  { letter: '=', tone: 'warning', words: 'load line' },
  { letter: '!', tone: 'bad', words: 'above it' },
  { letter: '~', tone: 'quiet', words: 'left out: nothing there' },
] as const satisfies readonly { letter: string; tone: Tone; words: string }[]
const cellTones: Readonly<Record<string, Tone>> = Object.fromEntries(
  signs.map(({ letter, tone }) => [letter, tone]),
)

export type ChartOptions = TimeAxis & {
  /** Columns for the sizes at the left. */
  readonly gutter: number
  /** Of the whole picture; the legend is broken to fit. */
  readonly width: number
}

/** Eight rows between the numbers and the legend; nothing when nothing was seen. */
export function memoryChart(points: readonly MemoryPoint[], options: ChartOptions): Piece[][] {
  const last = points.at(-1)
  if (last === undefined) return []
  const { gutter } = options
  const scale = scaleFor(points)
  const columns = columnsOf(points, options).map((point) => levelsOf(point, scale))
  const rows = Array.from({ length: chartRows }, (_, index) => chartRows - 1 - index)
  const pictures = rows.map((row) => columns.map((levels) => cellOf(levels, row, scale)).join(''))
  const lines = pictures.map((cells, index): Piece[] => {
    const label = fitWidth(scale.labels.get(chartRows - 1 - index) ?? '', gutter)
    return [quiet(`${padWidth(label, gutter, 'left')} |`), ...piecesOfCells(cells, cellTones), quiet('|')]
  })
  const used = signs.filter(({ letter }) => pictures.some((cells) => cells.includes(letter)))
  return [[{ tone: 'plain', text: titleOf(points, last) }], ...lines, ...legendLines(used, options)]
}

const quiet = (text: string): Piece => ({ tone: 'quiet', text })

function titleOf(points: readonly MemoryPoint[], { loadLineBytes, capacityBytes }: MemoryPoint): string {
  const { usedBytes, tasksBytes } = points.reduce(fuller)
  return (
    `memory: at most ${formatSize(usedBytes)} in use, by tasks ${formatSize(tasksBytes)}; ` +
    `load line ${formatSize(loadLineBytes)} of ${formatSize(capacityBytes)}`
  )
}

/** The fullest moment of each column; where none was seen it is as it was before. Null before the first. */
function columnsOf(points: readonly MemoryPoint[], axis: TimeAxis): readonly (MemoryPoint | null)[] {
  const seen: (MemoryPoint | null)[] = Array.from({ length: axis.columns }, () => null)
  for (const point of points) {
    const column = columnAt(axis, point.atMs)
    const other = seen[column]
    seen[column] = other ? fuller(other, point) : point
  }
  let before: MemoryPoint | null = null
  return seen.map((point) => {
    before = point ?? before
    return before
  })
}

function fuller(left: MemoryPoint, right: MemoryPoint): MemoryPoint {
  const share = ({ usedBytes, loadLineBytes }: MemoryPoint): number => usedBytes / Math.max(1, loadLineBytes)
  return {
    ...(share(right) > share(left) ? right : left),
    tasksBytes: Math.max(left.tasksBytes, right.tasksBytes),
    claimBytes: Math.max(left.claimBytes, right.claimBytes),
  }
}

/** The rows below these are full. */
type Levels = {
  readonly others: number
  readonly used: number
  readonly claimed: number
  readonly line: number
  readonly isAbove: boolean
}

function levelsOf(point: MemoryPoint | null, scale: MemoryScale): Levels | null {
  if (point === null) return null
  const { usedBytes, tasksBytes, claimBytes, loadLineBytes } = point
  const mostBytes = Math.max(usedBytes, tasksBytes)
  return {
    others: scale.rowsFor(usedBytes - tasksBytes),
    used: scale.rowsFor(mostBytes),
    claimed: scale.rowsFor(mostBytes + claimBytes),
    line: scale.rowOfLine(loadLineBytes),
    isAbove: usedBytes > loadLineBytes,
  }
}

function cellOf(levels: Levels | null, row: number, { leftOutRow }: MemoryScale): string {
  if (levels === null) return ' '
  if (row === levels.line) return levels.isAbove ? '!' : '='
  if (row === leftOutRow) return '~'
  if (row < levels.others) return ':'
  if (row < levels.used) return '#'
  return row < levels.claimed ? '-' : ' '
}
