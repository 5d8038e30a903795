/** The differences of two runs for the terminal. */
import { formatDuration, formatSize } from '../units.ts'
import { countOf } from './event-words.ts'
import { plainLine } from './plain-text.ts'
import type { Change, RunDiff, RunSide, TaskDiff, TaskSide } from './run-diff.ts'
import type { Style } from './style.ts'
import { renderTable } from './table.ts'
import { statusWords } from './totals.ts'

/** Tasks in one list; JSON has all. */
const mostTasks = 100
/** Characters of one text. */
const longestText = 160
/** A time or a memory that differs by less is like the other. */
const noticeableShare = 0.2
const noticeableMs = 100
const noticeableBytes = 1024 ** 2

/** Ends with a newline. */
export function renderDiff(diff: RunDiff, style: Style): string {
  const told = diff.tasks.map((task) => linesOf(task, style)).filter((lines) => lines.length > 0)
  const alike = diff.tasks.length - told.length
  const rest = told.length - mostTasks
  return [
    style.bold(plainLine(`${diff.before.runId} -> ${diff.after.runId}`)),
    '',
    ...summary(diff.before, diff.after, style),
    ...(diff.changes.length > 0 ? ['', style.bold('plan')] : []),
    ...diff.changes.flatMap((change) => changeLines(change, style)),
    '',
    style.bold('tasks'),
    ...told.slice(0, mostTasks).flat(),
    ...(rest > 0 ? [style.dim(`and ${countOf(rest, 'task')} more: --json has all`)] : []),
    style.dim(`${countOf(alike, 'task')} went alike`),
    '',
  ].join('\n')
}

function summary(before: RunSide, after: RunSide, style: Style): string[] {
  const rows = [
    ['plan', before.plan, after.plan],
    ['version', before.version, after.version],
    ['environment', before.environment ?? '-', after.environment ?? '-'],
    ['status', wordFor(before), wordFor(after)],
    ['time', formatDuration(before.durationMs), formatDuration(after.durationMs)],
    ['peak memory', formatSize(before.peakMemoryBytes), formatSize(after.peakMemoryBytes)],
  ].map(([title = '', was = '', is = '']) => [
    title,
    was,
    was === is ? is : { text: is, paint: style.yellow },
  ])
  return renderTable([{ title: '' }, { title: 'before' }, { title: 'after' }], rows, style)
}

/** A run that went well may have been undone later. */
const wordFor = ({ status }: RunSide): string =>
  status === 'rolled-back' ? 'was rolled back' : statusWords[status].word

/** Nothing for a task that is as it was and went as it did. */
function linesOf({ task, change, changes, before, after }: TaskDiff, style: Style): string[] {
  const name = plainLine(task)
  if (change === 'added') return [style.green(`+ ${name}${after ? `: ${wordsOf(after)}` : ''}`)]
  if (change === 'removed') return [style.red(`- ${name}${before ? `: it ${wordsOf(before)}` : ''}`)]
  const outcomes = before && after ? outcomesOf(before, after) : []
  if (changes.length === 0 && outcomes.length === 0) return []
  return [
    style.yellow(`~ ${name}`),
    ...changes.flatMap((one) => changeLines(one, style)),
    ...outcomes.map((line) => `    ${line}`),
  ]
}

const wordsOf = ({ status, durationMs }: TaskSide): string => `${status} in ${formatDuration(durationMs)}`

function outcomesOf(before: TaskSide, after: TaskSide): string[] {
  const ran = before.attempts > 0 && after.attempts > 0
  const times = ran && isNoticeable(before.durationMs, after.durationMs, noticeableMs)
  const memory = ran && isNoticeable(before.peakMemoryBytes, after.peakMemoryBytes, noticeableBytes)
  return [
    ...(before.status === after.status ? [] : [`${before.status} -> ${after.status}`]),
    ...(ran && before.attempts !== after.attempts
      ? [`attempts ${before.attempts} -> ${after.attempts}`]
      : []),
    ...(times ? [grown('time', before.durationMs, after.durationMs, formatDuration)] : []),
    ...(memory ? [grown('memory', before.peakMemoryBytes, after.peakMemoryBytes, formatSize)] : []),
  ]
}

const isNoticeable = (before: number, after: number, least: number): boolean =>
  Math.abs(after - before) >= Math.max(least, before * noticeableShare)

function grown(what: string, before: number, after: number, format: (value: number) => string): string {
  const share =
    before === 0 ? '' : ` (${after > before ? '+' : ''}${Math.round((after / before - 1) * 100)} %)`
  return `${what} ${format(before)} -> ${format(after)}${share}`
}

function changeLines({ what, before, after }: Change, style: Style): string[] {
  const line = (mark: string, text: string): string => `    ${mark} ${cut(plainLine(text))}`
  return [
    `    ${plainLine(what)}`,
    ...(before === null ? [] : [style.red(line('-', before))]),
    ...(after === null ? [] : [style.green(line('+', after))]),
  ]
}

const cut = (text: string): string => (text.length > longestText ? `${text.slice(0, longestText)}...` : text)
