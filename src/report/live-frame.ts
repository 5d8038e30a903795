/** The picture that the live view keeps at the foot of the terminal, as lines that fit. */
import { formatDuration, formatSize } from '../units.ts'
import { paintTone, type Tone } from './event-words.ts'
import type { LiveState, MemoryNow, RunningTask, WaitingTask } from './live-state.ts'
import { memoryBar } from './memory-bar.ts'
import { plainLine } from './plain-text.ts'
import type { Style } from './style.ts'
import { fitWidth, padWidth, widthOf } from './width.ts'

export type Screen = { readonly columns: number; readonly rows: number }
export type PaintedLine = { readonly painted: string; readonly width: number }
type FrameLine = { readonly tone: Tone; readonly text: string }

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
  return lines.slice(-Math.max(1, screen.rows - 1)).map(({ tone, text }) => {
    const fitting = fitWidth(text, Math.max(1, screen.columns - 1))
    return { painted: paintTone(tone, fitting, style), width: widthOf(fitting) }
  })
}

function runningLines(state: LiveState, nowMs: number, most: number): FrameLine[] {
  const shown = state.running
    .values()
    .take(most)
    .map((task) => runningLine(task, nowMs))
    .toArray()
  const rest = state.running.size - shown.length
  return rest > 0 ? [...shown, { tone: 'quiet', text: `  and ${rest} more running` }] : shown
}

function runningLine(task: RunningTask, nowMs: number): FrameLine {
  const name = padWidth(fitWidth(plainLine(task.subject), nameColumns), nameColumns)
  const time = formatDuration(Math.max(0, nowMs - task.startedAtMs)).padStart(9)
  const reserved = task.reservedBytes > 0 ? `  ${formatSize(task.reservedBytes)} reserved` : ''
  const attempt = task.attempt > 1 ? `  attempt ${task.attempt}` : ''
  if (task.suspended) return { tone: 'warning', text: `  ${name} ${time}  suspended for want of memory` }
  if (task.nextAtMs === null) return { tone: 'plain', text: `  ${name} ${time}${reserved}${attempt}` }
  const next = formatDuration(Math.max(0, task.nextAtMs - nowMs))
  return { tone: 'warning', text: `  ${name} ${time}  failed, attempt ${task.attempt + 1} in ${next}` }
}

function waitingLines(state: LiveState, most: number): FrameLine[] {
  const line = ({ subject, message }: WaitingTask): FrameLine => ({
    tone: 'warning',
    text: `  ${plainLine(`${subject} ${message}`)}`,
  })
  const shown = state.waiting.values().take(most).map(line).toArray()
  const rest = state.waiting.size - shown.length
  return rest > 0 ? [...shown, { tone: 'warning', text: `  and ${rest} more held back` }] : shown
}

function memoryLine(memory: MemoryNow, columns: number): FrameLine {
  const isOver = memory.usedBytes > memory.loadLineBytes
  const sizes =
    `${formatSize(memory.usedBytes)} of ${formatSize(memory.capacityBytes)} used, ` +
    `line at ${formatSize(memory.loadLineBytes)}, ${formatSize(memory.reservedBytes)} reserved`
  const room = columns - 'memory [] '.length - 1 - sizes.length
  const bar = memoryBar(memory, Math.max(narrowestBar, Math.min(widestBar, room)))
  return { tone: isOver ? 'bad' : 'plain', text: `memory ${bar} ${sizes}` }
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
  const parts = [
    state.stopping ? 'stopping' : '',
    done,
    state.failed > 0 ? `${state.failed} failed` : '',
    `${state.running.size} running`,
    `${Math.max(0, waiting)} waiting`,
    elapsed,
  ]
  return { tone: state.failed > 0 ? 'bad' : 'plain', text: parts.filter((part) => part !== '').join(', ') }
}
