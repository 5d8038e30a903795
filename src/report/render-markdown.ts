/** A report as Markdown, for a pull request or a chat. */
import type { ErrorFacts } from '../errors.ts'
import type { Report } from '../spine.ts'
import { formatDuration } from '../units.ts'
import { expectedText } from './estimate-words.ts'
import { countOf, releaseOf } from './event-words.ts'
import { plainLine, plainText } from './plain-text.ts'
import { partialNote, undiagnosedText } from './render-diagnosis.ts'
import {
  bracketText,
  everyTask,
  isTrouble,
  type NamedTask,
  outcomeOf,
  tasksWorthShowing,
  totalsOf,
  waitsText,
} from './totals.ts'

/** Ends with a newline; `pictures` are a text of lines. What others wrote can neither format nor link nor leave its cell or fence. */
export function renderMarkdown(report: Report, pictures = ''): string {
  const { shown, rest } = tasksWorthShowing(report)
  const failed = everyTask(report).filter(([, task]) => isTrouble(task))
  return [
    `## ${words(`${releaseOf(report)} ${outcomeOf(report).word}`)}`,
    '',
    `Run ${words(report.runId)}: ${totalsOf(report, {})}.`,
    '',
    '| Task | Status | Time | Expected | Peak memory | Attempts | Waited for |',
    '|---|---|--:|--:|--:|--:|---|',
    ...shown.map(row),
    ...(rest > 0 ? ['', `And ${countOf(rest, 'task')} more.`] : []),
    ...(report.error ? ['', ...errorLines(report.error)] : []),
    ...failed.flatMap(failure),
    ...(report.undiagnosed ? ['', words(undiagnosedText(report))] : []),
    ...(pictures === '' ? [] : ['', fenced(pictures.trimEnd())]),
    '',
  ].join('\n')
}

function row([name, task]: NamedTask): string {
  const cells = [
    words(name),
    task.status,
    formatDuration(task.durationMs),
    expectedText(task.estimate),
    bracketText(task.peakMemoryBytes),
    `${task.attempts}`,
    waitsText(task),
  ]
  return `| ${cells.join(' | ')} |`
}

/** Nothing of what went as it should, such as an undo that succeeded. */
function failure([name, task]: NamedTask): string[] {
  return [...oneFailure(name, task), ...(task.undo ? oneFailure(`undo of ${name}`, task.undo) : [])]
}

type Failure = Pick<NamedTask[1], 'error' | 'lastOutput' | 'diagnosis'>

function oneFailure(what: string, { error, lastOutput, diagnosis }: Failure): string[] {
  if (error === undefined) return []
  const output = plainText(lastOutput ?? '').trimEnd()
  return [
    '',
    `### ${words(what)}`,
    '',
    ...errorLines(error),
    ...(output === '' ? [] : ['', fenced(output)]),
    ...(diagnosis ? diagnosisOf(diagnosis) : []),
  ]
}

function diagnosisOf(diagnosis: NonNullable<Failure['diagnosis']>): string[] {
  const { cause, title, explanation, evidence, next, others } = diagnosis
  const lines = evidence.map(({ log, line, text }) => `${log}${line === null ? '' : `:${line}`}: ${text}`)
  return [
    '',
    `**${words(title)}**${cause === null ? '' : ` (${words(cause)})`}: ${words(explanation)}`,
    ...(lines.length > 0 ? ['', fenced(plainText(lines.join('\n')))] : []),
    ...(next.length > 0 ? ['', ...next.map((step) => `- ${words(step)}`)] : []),
    ...(others.length > 0 ? ['', `Or else: ${others.map((other) => words(other.title)).join('; ')}.`] : []),
    ...partialNote(diagnosis).flatMap((note) => ['', words(note.trim())]),
  ]
}

function errorLines({ code, message, fix }: ErrorFacts): string[] {
  return [words(`${code}: ${message}`), '', `Fix: ${words(fix)}`]
}

/** Every character that Markdown or HTML could take for its own is escaped. */
const words = (text: string): string => plainLine(text).replaceAll(/[\\`*_{}[\]<>()#+!|~&@:.-]/g, '\\$&')

/** A fence longer than any run of backticks in the text. */
function fenced(text: string): string {
  const longest = (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2)
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${text}\n${fence}`
}
