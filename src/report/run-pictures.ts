/** A run in two pictures on one axis of time: how full memory was, and what each task did. */
import type { MemoryPoint } from '../spine.ts'
import { ganttChart, rowsWorthShowing } from './gantt.ts'
import { memoryChart } from './memory-chart.ts'
import { type Piece, paintPieces } from './pieces.ts'
import { plainLine } from './plain-text.ts'
import type { Style } from './style.ts'
import type { TimelineRow } from './timeline.ts'
import { widthOf } from './width.ts'

export type RunPictures = {
  readonly memory: readonly MemoryPoint[]
  readonly timeline: readonly TimelineRow[]
}

const widest = 80
const widestGutter = 24
/** "load line 6.2 GiB" and one more. */
const narrowestGutter = 18
/** Beside the gutter and the cells: " |", "|" and the time of a task. */
const otherColumns = 12

/** At most `columns` (and 80) wide; nothing when nothing is known. Each line ends with a newline. */
export function renderPictures(pictures: RunPictures, columns: number, style: Style): string {
  const { memory, timeline } = pictures
  const width = Math.max(1, Math.min(widest, columns))
  const shown = rowsWorthShowing(timeline)
  const gutter = gutterFor(shown, width)
  const axis = { ...timesOf(pictures), columns: Math.max(1, width - gutter - otherColumns) }
  const blocks = [
    memoryChart(memory, { ...axis, gutter, width }),
    ganttChart(shown, { ...axis, gutter, width, rest: timeline.length - shown.length }),
  ]
  const lines = blocks
    .filter((block) => block.length > 0)
    .flatMap((block, index): Piece[][] => (index > 0 ? [[], ...block] : block))
  return lines.map((pieces) => `${trimmed(pieces, width, style)}\n`).join('')
}

/** No blanks at the end of a line, whatever colours it has. */
function trimmed(pieces: readonly Piece[], width: number, style: Style): string {
  return paintPieces(pieces, width, style).painted.trimEnd()
}

function gutterFor(shown: readonly TimelineRow[], width: number): number {
  const names = shown.map(({ task }) => Math.min(widestGutter, widthOf(plainLine(task))))
  return Math.min(Math.max(narrowestGutter, ...names), Math.floor(width / 3))
}

function timesOf({ memory, timeline }: RunPictures): { readonly fromMs: number; readonly toMs: number } {
  let fromMs = Number.POSITIVE_INFINITY
  let toMs = 0
  for (const { atMs } of memory) {
    fromMs = Math.min(fromMs, atMs)
    toMs = Math.max(toMs, atMs)
  }
  for (const { parts } of timeline) {
    fromMs = Math.min(fromMs, parts[0]?.fromMs ?? fromMs)
    toMs = Math.max(toMs, parts.at(-1)?.toMs ?? 0)
  }
  return fromMs > toMs ? { fromMs: 0, toMs: 1 } : { fromMs, toMs }
}
