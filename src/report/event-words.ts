/** One event as one line for people. */
import type { DeployEvent, Phase, TaskReport, TaskStatus } from '../spine.ts'
import { formatDuration, formatSize } from '../units.ts'
import { plainLine } from './plain-text.ts'
import type { Style } from './style.ts'

/** `plain` says nothing special; the others are painted. */
export type Tone = 'plain' | 'good' | 'bad' | 'warning' | 'quiet' | 'cool'
type Line = { readonly tone: Tone; readonly text: string }

/** Lists of names in one line stop here. */
const mostNames = 8

/** Undefined when there is nothing to say. Control characters in what others wrote are made visible. */
export function wordsOf(event: DeployEvent, style: Style): string | undefined {
  const line = lineOf(event)
  return line && paintTone(line.tone, plainLine(line.text), style)
}

export function paintTone(tone: Tone, text: string, style: Style): string {
  switch (tone) {
    case 'good':
      return style.green(text)
    case 'bad':
      return style.red(text)
    case 'warning':
      return style.yellow(text)
    case 'quiet':
      return style.dim(text)
    case 'cool':
      return style.cyan(text)
    case 'plain':
      return text
    default:
      return tone satisfies never
  }
}

export const toneOf: Readonly<Record<TaskStatus, Tone>> = {
  succeeded: 'good',
  failed: 'bad',
  skipped: 'quiet',
  cancelled: 'warning',
  undone: 'warning',
}

export const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

function namesOf(names: readonly string[]): string {
  const rest = names.length - mostNames
  return names.slice(0, mostNames).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

/** "shop 1.4 to production" */
export function releaseOf(run: { plan: string; version: string; environment: string | null }): string {
  const version = run.version === '' ? '' : ` ${run.version}`
  return `${run.plan}${version}${run.environment === null ? '' : ` to ${run.environment}`}`
}

function lineOf(event: DeployEvent): Line | undefined {
  switch (event.type) {
    case 'run-started': {
      const line = `${formatSize(event.loadLineBytes)} of ${formatSize(event.capacityBytes)}`
      const tasks = countOf(event.tasks.length, 'task')
      return plain(`run ${event.runId}: ${releaseOf(event)}, ${tasks}, load line ${line}`)
    }
    case 'run-waiting':
      return { tone: 'warning', text: `the run ${event.message}` }
    case 'run-resumed':
      return { tone: 'warning', text: resumedText(event) }
    case 'task-waiting':
      return { tone: 'warning', text: `${subjectOf(event)} ${event.message}` }
    case 'task-started':
      return plain(`${subjectOf(event)} started${reserved(event.reservedBytes)}${why(event.because)}`)
    case 'task-guarded':
      return { tone: 'warning', text: `${subjectOf(event)} ${guardWords[event.action]} (${event.message})` }
    case 'attempt-opened':
      return event.attempt > 1 ? plain(`${subjectOf(event)} attempt ${event.attempt} started`) : undefined
    case 'attempt-identified':
      return event.service
        ? plain(`${subjectOf(event)} runs as a service, process ${event.identity.pid}`)
        : undefined
    case 'attempt-ended':
      if (event.nextInMs !== null) return nextAttempt(event, event.nextInMs)
      return event.result.leftovers.length > 0 ? leftovers(event) : undefined
    case 'task-ended':
      return event.phase === 'undo'
        ? undoEnd(event.task, event.report)
        : taskEnd(subjectOf(event), event.report)
    case 'memory':
      return undefined
    case 'undo-started':
      return { tone: 'warning', text: `undoing ${namesOf(event.tasks)}: ${event.because}` }
    case 'warning':
      return { tone: 'warning', text: `${event.error.code} ${event.error.message}; fix: ${event.error.fix}` }
    case 'stopping':
      return { tone: 'warning', text: stoppingText(event) }
    default:
      return event satisfies never
  }
}

const guardWords = {
  suspended: 'suspended for want of memory',
  resumed: 'goes on',
  requeued: 'stopped for want of memory, to be started again',
} as const

const foundWords = {
  ended: 'ended meanwhile',
  adopted: 'still run',
  again: 'are attempted again',
  answered: 'answered for',
} as const

/** "run R goes on: shop 1.4, 12 of 40 tasks have ended; still run: build; are attempted again: seed" */
function resumedText(event: Extract<DeployEvent, { type: 'run-resumed' }>): string {
  const ended = `${event.kept.length} of ${countOf(event.tasks.length, 'task')} have ended`
  const parts = Object.entries(foundWords).flatMap(([action, words]) => {
    const names = event.found.filter((found) => found.action === action).map(subjectOf)
    return names.length === 0 ? [] : [`${words}: ${namesOf(names)}`]
  })
  return [`run ${event.runId} goes on: ${releaseOf(event)}, ${ended}`, ...parts].join('; ')
}

type AttemptEnded = Extract<DeployEvent, { type: 'attempt-ended' }>

function leftovers(event: AttemptEnded): Line {
  const { length } = event.result.leftovers
  const text = `${subjectOf(event)} left ${length} ${length === 1 ? 'process' : 'processes'} behind, now stopped`
  return { tone: 'warning', text }
}

const plain = (text: string): Line => ({ tone: 'plain', text })

function stoppingText({ phase, how, because }: Extract<DeployEvent, { type: 'stopping' }>): string {
  if (how === 'at once') return `stopping at once${because === undefined ? '' : `: ${because}`}`
  if (because !== undefined) return `stopping: ${because}; running tasks are asked to end`
  return phase === 'undo'
    ? 'the undo goes on to its end; a second Ctrl-C stops it at once'
    : 'stopping: running tasks are asked to end; a second Ctrl-C ends them at once'
}

export const subjectOf = ({ phase, task }: { phase: Phase; task: string }): string =>
  phase === 'deploy' ? task : phase === 'undo' ? `undo of ${task}` : `${phase}: ${task}`

const why = (because: string | undefined): string => (because === undefined ? '' : ` (${because})`)
const reserved = (bytes: number): string => (bytes > 0 ? `, ${formatSize(bytes)} reserved` : '')

function nextAttempt(event: Extract<DeployEvent, { type: 'attempt-ended' }>, nextInMs: number): Line {
  const why = event.result.error?.message ?? 'no reason given'
  const text = `${subjectOf(event)} attempt ${event.attempt} failed: ${why}; again in ${formatDuration(nextInMs)}`
  return { tone: 'warning', text }
}

function taskEnd(task: string, report: TaskReport): Line {
  const tone = toneOf[report.status]
  const took = formatDuration(report.durationMs)
  if (report.status === 'failed') {
    const error = report.error ? `: ${report.error.code} ${report.error.message}` : ''
    return { tone, text: `${task} failed after ${took}${error}` }
  }
  if (report.because !== undefined) return { tone, text: `${task} ${report.status}: ${report.because}` }
  const peak = report.peakMemoryBytes.upper ?? report.peakMemoryBytes.lower
  return { tone, text: `${task} ${report.status} in ${took}${peak > 0 ? `, peak ${formatSize(peak)}` : ''}` }
}

/** The report of an undo's end is about the undo itself. */
function undoEnd(task: string, { status, durationMs, error, because }: TaskReport): Line {
  const took = formatDuration(durationMs)
  if (status === 'succeeded') return { tone: 'warning', text: `undo of ${task} succeeded in ${took}` }
  const why = error ? `${error.code} ${error.message}` : (because ?? 'no reason given')
  return { tone: 'bad', text: `undo of ${task} ${status} after ${took}: ${why}` }
}
