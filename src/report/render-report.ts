/** A report for the terminal. */
import type { ErrorFacts } from '../errors.ts'
import type { Report, TaskReport } from '../spine.ts'
import { formatDuration } from '../units.ts'
import { expectedText } from './estimate-words.ts'
import { countOf, paintTone, releaseOf, toneOf } from './event-words.ts'
import { plainLine, plainText } from './plain-text.ts'
import { diagnosisLines, undiagnosedText } from './render-diagnosis.ts'
import { fixFor, type ShownRun } from './shown-commands.ts'
import type { Style } from './style.ts'
import { type Column, renderTable } from './table.ts'
import {
  bracketText,
  everyTask,
  isTrouble,
  type NamedTask,
  outcomeOf,
  type RunFacts,
  tasksWorthShowing,
  totalsOf,
  waitsText,
} from './totals.ts'

/** Failures beyond these are in `plimsoll show`. */
const mostFailures = 20

const columns: readonly Column[] = [
  { title: 'task' },
  { title: 'status' },
  { title: 'time', align: 'right' },
  { title: 'expected', align: 'right' },
  { title: 'peak memory', align: 'right' },
  { title: 'limit' },
  { title: 'tries', align: 'right' },
  { title: 'waited for' },
]

/** Ends with a newline. With many tasks it names those that matter and counts the rest. */
export function renderReport(report: Report, style: Style, facts: RunFacts = {}): string {
  const { word, tone } = outcomeOf(report)
  const { shown, rest } = tasksWorthShowing(report)
  const run: ShownRun = { ...facts, runId: report.runId }
  const failed = everyTask(report).filter(([, task]) => isTrouble(task) && task.status !== 'undone')
  return [
    style.bold(paintTone(tone, plainLine(`${releaseOf(report)} ${word}`), style)) +
      style.dim(` (run ${report.runId})`),
    '',
    ...renderTable(
      columns,
      shown.map((task) => row(task, style)),
      style,
    ),
    ...(rest > 0 ? [style.dim(`and ${countOf(rest, 'task')} more: ${showWords(run)}`)] : []),
    ...(report.error ? ['', ...errorLines('the run', report.error, run, style)] : []),
    ...failed.slice(0, mostFailures).flatMap((task) => ['', ...failureLines(task, run, style)]),
    ...(report.undiagnosed ? ['', plainLine(`${undiagnosedText(report)}${run.recordOptions ?? ''}`)] : []),
    ...undoneLines(report),
    ...approvalLines(report),
    '',
    plainLine(totalsOf(report, facts)),
    '',
  ].join('\n')
}

/** The report as a run ends, with the command that draws its memory and its tasks. */
export function renderEnding(report: Report, style: Style, facts: RunFacts): string {
  const more = `over time: ${showWords({ ...facts, runId: report.runId })}`
  return `${renderReport(report, style, facts)}${style.dim(plainLine(more))}\n`
}

const showWords = ({ runId, recordOptions = '' }: ShownRun): string =>
  `plimsoll show ${runId}${recordOptions}`

function row([name, task]: NamedTask, style: Style) {
  const started = task.attempts > 0
  return [
    name,
    { text: task.status, paint: (text: string) => paintTone(toneOf[task.status], text, style) },
    started ? formatDuration(task.durationMs) : '-',
    expectedText(task.estimate),
    bracketText(task.peakMemoryBytes),
    started ? task.enforcement : '-',
    started ? `${task.attempts}` : '-',
    waitsText(task),
  ]
}

type Failure = Pick<TaskReport, 'error' | 'lastOutput' | 'diagnosis'>

function failureLines([name, task, own]: NamedTask, run: ShownRun, style: Style): string[] {
  const place = { ...run, task: own }
  return [
    ...(task.status === 'failed' ? oneFailure(name, task, place, style) : []),
    ...(task.undo ? oneFailure(`undo of ${name}`, task.undo, place, style) : []),
  ]
}

function oneFailure(what: string, failure: Failure, run: ShownRun, style: Style): string[] {
  const { error, lastOutput, diagnosis } = failure
  if (error === undefined) return []
  const why = diagnosis ? diagnosisLines(diagnosis, style).map((line) => `  ${line}`) : []
  return [...errorLines(what, error, run, style), ...outputLines(lastOutput, style), ...why]
}

function errorLines(what: string, { code, message, fix }: ErrorFacts, run: ShownRun, style: Style): string[] {
  return [style.red(plainLine(`${what}: ${code} ${message}`)), `  fix: ${plainLine(fixFor(fix, run))}`]
}

function outputLines(output: string | undefined, style: Style): string[] {
  const text = plainText(output ?? '').trimEnd()
  if (text === '') return []
  return ['  last output:', ...text.split('\n').map((line) => `  ${style.dim('|')} ${line}`)]
}

function undoneLines(report: Report): string[] {
  const undone = Object.entries(report.tasks).filter(([, task]) => task.undo?.status === 'succeeded')
  if (undone.length === 0) return []
  const shown = undone.slice(0, mostFailures).map(([name]) => plainLine(name))
  const rest = undone.length - shown.length
  return ['', `undone: ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`]
}

function approvalLines({ approvals = [] }: Report): string[] {
  const lines = approvals.slice(0, mostFailures).map(({ task, answer, by, reason }) => {
    const why = reason === null ? '' : `: ${reason}`
    return plainLine(`${task ?? 'the run'} was ${answer} by ${by}${why}`)
  })
  return lines.length === 0 ? [] : ['', ...lines]
}
