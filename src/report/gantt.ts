/** What the tasks of a run did when, as a picture: a row for each task, time to the right. */
import { formatDuration } from '../units.ts'
import { countOf, type Tone } from './event-words.ts'
import { legendLines } from './legend.ts'
import { type Piece, piecesOfCells } from './pieces.ts'
import { plainLine } from './plain-text.ts'
import { columnAt, startOf, type TimeAxis } from './time-axis.ts'
import type { PartKind, TimelineMark, TimelinePart, TimelineRow } from './timeline.ts'
import { fitWidth, padWidth } from './width.ts'

type Sign = { readonly letter: string; readonly tone: Tone; readonly words: string }

/** The order is that of the legend. */
const signs: Readonly<Record<PartKind, Sign>> = {
  needs: { letter: '.', tone: 'quiet', words: 'waits for its needs' },
  approval: { letter: 'a', tone: 'quiet', words: 'for an approval' },
  lock: { letter: 'l', tone: 'quiet', words: 'for the lock' },
  slot: { letter: 's', tone: 'quiet', words: 'for a slot' },
  memory: { letter: 'm', tone: 'warning', words: 'for memory' },
  host: { letter: 'h', tone: 'warning', words: 'for memory that others use' },
  suspended: { letter: 'z', tone: 'warning', words: 'because a task is suspended' },
  waiting: { letter: '?', tone: 'quiet', words: 'waits' },
  running: { letter: '#', tone: 'good', words: 'runs' },
  held: { letter: 'Z', tone: 'bad', words: 'is suspended' },
  pause: { letter: '~', tone: 'quiet', words: 'pauses before the next attempt' },
  undo: { letter: 'u', tone: 'cool', words: 'is undone' },
}
const markSigns: Readonly<Record<TimelineMark['kind'], Sign>> = {
  attempt: { letter: '2', tone: 'warning', words: 'its second attempt (and so on) begins' },
  requeued: { letter: 'R', tone: 'bad', words: 'stopped and put back in the queue' },
  failed: { letter: 'x', tone: 'bad', words: 'failed' },
}
const cellTones: Readonly<Record<string, Tone>> = {
  ...Object.fromEntries(
    [...Object.values(signs), ...Object.values(markSigns)].map(({ letter, tone }) => [letter, tone]),
  ),
  ...Object.fromEntries([...'3456789+'].map((letter) => [letter, 'warning' as const])),
}

const mostRows = 30
const timeColumns = 9

export type GanttOptions = TimeAxis & {
  /** Columns for the names at the left. */
  readonly gutter: number
  /** Of the whole picture; the legend is broken to fit. */
  readonly width: number
  /** How many tasks are left out. */
  readonly rest: number
}

/** A line for each of these tasks, how many are left out, the time, and the signs that were used. */
export function ganttChart(rows: readonly TimelineRow[], options: GanttOptions): Piece[][] {
  if (rows.length === 0) return []
  const { rest } = options
  return [
    ...rows.map((row) => lineOf(row, options)),
    ...(rest > 0
      ? [[quiet(`and ${countOf(rest, 'task')} more that took less time and had no trouble`)]]
      : []),
    timeLine(options),
    ...legendLines(usedSigns(rows), options),
  ]
}

const quiet = (text: string): Piece => ({ tone: 'quiet', text })
const nameTones: Readonly<Partial<Record<TimelineRow['status'], Tone>>> = { failed: 'bad', undone: 'warning' }

/** At most 30 tasks: those in trouble and the longest, in the order in which they began. */
export function rowsWorthShowing(rows: readonly TimelineRow[]): readonly TimelineRow[] {
  const worth = (row: TimelineRow): number =>
    (row.marks.length > 0 || row.parts.some(({ kind }) => kind === 'held')
      ? Number.MAX_SAFE_INTEGER / 2
      : 0) + msOf(row, (kind) => kind !== 'needs' && kind !== 'waiting')
  const best = rows
    .map((row) => ({ row, worth: worth(row) }))
    .toSorted((left, right) => right.worth - left.worth)
    .slice(0, mostRows)
  return best.map(({ row }) => row).toSorted((left, right) => beginOf(left) - beginOf(right))
}

const beginOf = ({ parts }: TimelineRow): number =>
  parts.find(({ kind }) => kind === 'running')?.fromMs ?? Number.MAX_SAFE_INTEGER

const msOf = ({ parts }: TimelineRow, counts: (kind: PartKind) => boolean): number =>
  parts.reduce((sum, { kind, fromMs, toMs }) => sum + (counts(kind) ? toMs - fromMs : 0), 0)

function lineOf(row: TimelineRow, options: GanttOptions): Piece[] {
  const { gutter } = options
  const name = padWidth(fitWidth(plainLine(row.task), gutter), gutter)
  const ranMs = msOf(row, (kind) => kind === 'running' || kind === 'held' || kind === 'pause')
  const time = ranMs > 0 ? formatDuration(ranMs) : '-'
  return [
    { tone: nameTones[row.status] ?? 'plain', text: name },
    quiet(' |'),
    ...piecesOfCells(cellsOf(row, options), cellTones),
    quiet('|'),
    { tone: 'plain', text: time.padStart(timeColumns) },
  ]
}

function cellsOf(row: TimelineRow, axis: TimeAxis): string {
  const cells = longestInCells(row.parts, axis)
  keepVisible(cells, row.parts, axis)
  for (const mark of row.marks.toSorted(byWeight)) cells[columnAt(axis, mark.atMs)] = letterOf(mark)
  return cells.join('')
}

/** Each cell shows what took most of its time. */
function longestInCells(parts: readonly TimelinePart[], axis: TimeAxis): string[] {
  const sums = Array.from({ length: axis.columns }, () => new Map<PartKind, number>())
  for (const { kind, fromMs, toMs } of parts) {
    for (let column = columnAt(axis, fromMs); column <= columnAt(axis, toMs); column += 1) {
      const overlap = Math.min(toMs, startOf(axis, column + 1)) - Math.max(fromMs, startOf(axis, column))
      const sum = sums[column]
      if (overlap > 0) sum?.set(kind, (sum.get(kind) ?? 0) + overlap)
    }
  }
  return sums.map((sum) => {
    const [longest] = [...sum].toSorted(([, left], [, right]) => right - left)
    return longest ? signs[longest[0]].letter : ' '
  })
}

/** Work that is shorter than a cell has one all the same. */
function keepVisible(cells: string[], parts: readonly TimelinePart[], axis: TimeAxis): void {
  for (const kind of ['running', 'undo'] as const) {
    const part = parts.findLast((one) => one.kind === kind)
    if (part === undefined || cells.includes(signs[kind].letter)) continue
    cells[columnAt(axis, (part.fromMs + part.toMs) / 2)] = signs[kind].letter
  }
}

/** Where several fall into one cell the weightiest is seen: written last. */
const weights = { attempt: 0, requeued: 1, failed: 2 } as const
const byWeight = (left: TimelineMark, right: TimelineMark): number => weights[left.kind] - weights[right.kind]

function letterOf({ kind, attempt }: TimelineMark): string {
  if (kind !== 'attempt') return markSigns[kind].letter
  return attempt < 10 ? `${attempt}` : '+'
}

function timeLine({ gutter, columns, fromMs, toMs }: GanttOptions): Piece[] {
  const end = formatDuration(Math.max(0, toMs - fromMs))
  return [quiet(`${' '.repeat(gutter)}  0${end.padStart(Math.max(0, columns - 1))}`)]
}

/** Only what is in the picture is explained. */
function usedSigns(rows: readonly TimelineRow[]): readonly Sign[] {
  const kinds = new Set(rows.flatMap(({ parts }) => parts.map(({ kind }) => kind)))
  const marks = new Set(rows.flatMap((row) => row.marks.map(({ kind }) => kind)))
  const ofKinds = Object.entries(signs).filter(([kind]) => kinds.has(kind as PartKind))
  const ofMarks = Object.entries(markSigns).filter(([kind]) => marks.has(kind as TimelineMark['kind']))
  return [...ofKinds, ...ofMarks].map(([, sign]) => sign)
}
