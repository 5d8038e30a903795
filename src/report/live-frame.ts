/** The picture that the live view keeps at the foot of the terminal, as lines that fit. */
import { formatDuration, formatSize } from '../units.ts'
import type { LiveState, MemoryNow, RunningTask, WaitingTask } from './live-state.ts'
import { memoryBarPieces } from './memory-bar.ts'
import { type PaintedLine, type Piece, paintPieces } from './pieces.ts'
import { plainLine } from './plain-text.ts'
import type { Style } from './style.ts'
import { fitWidth, padWidth } from './width.ts'

export type Screen = { readonly columns: number; readonly rows: number }
type FrameLine = readonly Piece[]

const mostRunning = 15
const mostWaiting = 3
const nameColumns = 32
/** The memory bar takes what its numbers leave, within these. */
const narrowestBar = 10
const widestBar = 30
/** Lines that are not tasks: the memory line, the summary, and those that count what is left out. */
const otherLines = 4

/** At most `rows - 1` lines, each at most `columns - 1` wide, so that the terminal never wraps or scrolls them. */
export function frameLines(
  state: LiveState,
  parts: { screen: Screen; nowMs: number; style: Style },
): PaintedLine[] {
  const { screen, nowMs, style } = parts
  const room = Math.max(0, screen.rows - 1 - otherLines)
  const waiting = waitingLines(state, Math.min(mostWaiting, Math.floor(room / 4)))
  const lines = [
    ...runningLines(state, nowMs, Math.max(0, Math.min(mostRunning, room - waiting.length))),
    ...waiting,
    ...(state.memory ? [memoryLine(state.memory, screen.columns)] : []),
    summaryLine(state, nowMs),
  ]
  const columns = Math.max(1, screen.columns - 1)
  return lines.slice(-Math.max(1, screen.rows - 1)).map((pieces) => paintPieces(pieces, columns, style))
}

const line = (tone: Piece['tone'], text: string): FrameLine => [{ tone, text }]

/** What the guard has suspended comes first: it is why other tasks do not begin. */
function runningLines(state: LiveState, nowMs: number, most: number): FrameLine[] {
  const suspended = state.running.values().filter((task) => task.suspended !== null)
  const others = state.running.values().filter((task) => task.suspended === null)
  const shown = [...suspended.take(most)]
  shown.push(...others.take(most - shown.length))
  const lines = shown.map((task) => runningLine(task, nowMs))
  const rest = state.running.size - shown.length
  return rest > 0 ? [...lines, line('quiet', `  and ${rest} more running`)] : lines
}

function runningLine(task: RunningTask, nowMs: number): FrameLine {
  const name = padWidth(fitWidth(plainLine(task.subject), nameColumns), nameColumns)
  const time = formatDuration(Math.max(0, nowMs - task.startedAtMs)).padStart(9)
  const reserved = task.reservedBytes > 0 ? `  ${formatSize(task.reservedBytes)} reserved` : ''
  const attempt = task.attempt > 1 ? `  attempt ${task.attempt}` : ''
  if (task.suspended !== null)
    return line('warning', `  ${name} ${time}  suspended: ${plainLine(task.suspended)}`)
  if (task.nextAtMs === null) return line('plain', `  ${name} ${time}${reserved}${attempt}`)
  const next = formatDuration(Math.max(0, task.nextAtMs - nowMs))
  return line('warning', `  ${name} ${time}  failed, attempt ${task.attempt + 1} in ${next}`)
}

function waitingLines(state: LiveState, most: number): FrameLine[] {
  const shown = state.waiting.values().take(most).map(waitingLine).toArray()
  const rest = state.waiting.size - shown.length
  return rest > 0 ? [...shown, line('warning', `  and ${rest} more held back`)] : shown
}

function waitingLine({ subject, message, requeued }: WaitingTask): FrameLine {
  return line('warning', plainLine(`  ${subject} ${requeued ? 'back in the queue: ' : ''}${message}`))
}

/** As many of the numbers as leave the bar room. */
function memoryLine(memory: MemoryNow, columns: number): FrameLine {
  const room = columns - 1 - 'memory [] '.length - narrowestBar
  const numbers = numbersOf(memory)
  const fitting = numbers.find((text) => text.length <= room) ?? ''
  const cells = Math.min(widestBar, narrowestBar + Math.max(0, room - fitting.length))
  return [
    { tone: 'plain', text: 'memory ' },
    ...memoryBarPieces(memory, cells),
    { tone: memory.usedBytes > memory.loadLineBytes ? 'bad' : 'plain', text: ` ${fitting}`.trimEnd() },
  ]
}

/** The longest first. */
function numbersOf(memory: MemoryNow): readonly string[] {
  const { usedBytes, capacityBytes, loadLineBytes, tasksBytes, claimBytes } = memory
  const most = `${formatSize(usedBytes)} of ${formatSize(capacityBytes)}`
  const withLine = `${most} used, line at ${formatSize(loadLineBytes)}`
  const withTasks = `${withLine}, tasks ${formatSize(tasksBytes)}`
  return [`${withTasks}, ${formatSize(claimBytes)} more reserved`, withTasks, withLine, most]
}

function summaryLine(state: LiveState, nowMs: number): FrameLine {
  const elapsed = formatDuration(Math.max(0, nowMs - (state.startedAtMs ?? nowMs)))
  const undoing = state.undoTotal > 0
  const waiting = undoing
    ? state.undoTotal - state.undoEnded - state.running.size
    : state.total - state.ended - state.running.size
  const done = undoing
    ? `${state.undoEnded} of ${state.undoTotal} undone`
    : `${state.ended} of ${state.total} done`
  const suspended = state.running
    .values()
    .filter((task) => task.suspended !== null)
    .toArray().length
  const parts = [
    state.stopping ? 'stopping' : '',
    done,
    state.failed > 0 ? `${state.failed} failed` : '',
    `${state.running.size} running`,
    suspended > 0 ? `${suspended} suspended` : '',
    `${Math.max(0, waiting)} waiting`,
    elapsed,
  ]
  return line(state.failed > 0 ? 'bad' : 'plain', parts.filter((part) => part !== '').join(', '))
}
