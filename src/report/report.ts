/**
 * What people see of a run: while it lasts (a live view, plain lines, or JSON lines) and at its end (the report, for
 * a terminal or as Markdown, with pictures of its memory and its tasks), and what those are made of (tables, colours, texts that are safe to print). It promises
 * that nothing a task wrote can reach the terminal as a command, that the cursor comes back, and that a reader who does
 * not read neither holds the run nor fills memory: people miss lines, and only a program that reads JSON lines is
 * waited for. It decides nothing and records nothing.
 */
import type { Clock } from '../clock.ts'
import { LiveView } from './live-view.ts'
import { openJsonView, openLinesView } from './plain-views.ts'
import { type OutputStream, styleFor } from './style.ts'
import type { View } from './view.ts'

export { groundText } from './estimate-words.ts'
export { countOf } from './event-words.ts'
export {
  type Annotation,
  annotationLine,
  fitMarkdown,
  resumeCommands,
  stopCommands,
} from './github.ts'
export { memoryBar } from './memory-bar.ts'
export { plainLine, plainText } from './plain-text.ts'
export { diagnosisLines } from './render-diagnosis.ts'
export { renderDiff } from './render-diff.ts'
export { renderMarkdown } from './render-markdown.ts'
export { renderReport } from './render-report.ts'
export { diffRuns, type RecordedRun } from './run-diff.ts'
export { type RunPictures, renderPictures } from './run-pictures.ts'
export { recordOptions, shellWord } from './shown-commands.ts'
export { isClosed, writeSteadily } from './steady-writer.ts'
export { type OutputStream, plainStyle, type Style, styleFor } from './style.ts'
export { type Cell, type Column, renderTable } from './table.ts'
export { Timeline } from './timeline.ts'
export { everyTask } from './totals.ts'
export { type ChartPoint, renderValueChart } from './value-chart.ts'
export type { View } from './view.ts'

export type ViewOptions = {
  /** JSON lines on `stdout`, and lines for people on `stderr`. */
  readonly json: boolean
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly clock: Clock
  /** `CI`, `TERM`, `NO_COLOR` and `FORCE_COLOR` are read here. */
  readonly variables: NodeJS.ProcessEnv
  /** False shows the report alone. */
  readonly progress: boolean
  /** Of the commands that the report shows: see `recordOptions`. Without them they look where they are typed. */
  readonly recordOptions?: string
}

export type ViewMode = 'live' | 'lines' | 'json'

/** Live for a person at a terminal, lines for a log or a CI runner, JSON when asked for. */
export function chooseMode(
  options: Pick<ViewOptions, 'json' | 'stdout' | 'variables' | 'progress'>,
): ViewMode {
  const { json, stdout, variables, progress } = options
  if (json) return 'json'
  const isPerson = stdout.isTTY === true && !variables.CI && variables.TERM !== 'dumb'
  return isPerson && progress ? 'live' : 'lines'
}

export function openView(options: ViewOptions): View {
  const { stdout, stderr, clock, variables, progress, recordOptions } = options
  const place = { ...(recordOptions !== undefined && { recordOptions }) }
  const style = styleFor(stdout, variables)
  const mode = chooseMode(options)
  switch (mode) {
    case 'json':
      return openJsonView({
        output: stdout,
        progress: progress ? stderr : null,
        style: styleFor(stderr, variables),
      })
    case 'live':
      return new LiveView({ output: stdout, clock, style, ...place })
    case 'lines':
      return openLinesView({ output: stdout, style, progress, ...place })
    default:
      return mode satisfies never
  }
}
