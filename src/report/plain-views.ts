/** The views for readers that are no terminal: lines for a log, JSON for a program. */
import type { RunMessage } from '../spine.ts'
import { openProgressLines } from './progress-lines.ts'
import { renderEnding } from './render-report.ts'
import { LossyWriter, writeSteadily } from './steady-writer.ts'
import type { OutputStream, Style } from './style.ts'
import type { RunFacts } from './totals.ts'
import type { View } from './view.ts'

/** `progress: false` prints the report alone. A reader that does not read misses lines, never the report. */
export function openLinesView(parts: {
  output: OutputStream
  style: Style
  progress: boolean
  recordOptions?: string
}): View {
  const { output, style, progress, recordOptions } = parts
  const lineOf = openProgressLines(style)
  const writer = new LossyWriter(output)
  const place = { ...(recordOptions !== undefined && { recordOptions }) }
  let facts: RunFacts = place
  return {
    show: (message) => {
      if (message.type === 'run-started' || message.type === 'run-resumed')
        facts = { ...place, ...factsOf(message) }
      if (message.type === 'report') writer.write(`\n${renderEnding(message, style, facts)}`)
      const line = progress ? lineOf(message) : undefined
      if (line !== undefined) writer.writeLine(line)
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/**
 * One object a line, the report last; none is lost: the run waits for the reader. Only what is for the eye (`memory`)
 * is left out meanwhile, which would come every second for ever. People read along on `progress`, unless it is null;
 * nothing waits for them.
 */
export function openJsonView(parts: {
  output: OutputStream
  progress: OutputStream | null
  style: Style
}): View {
  const lineOf = openProgressLines(parts.style)
  const progress = parts.progress && new LossyWriter(parts.progress)
  return {
    show: async (message) => {
      const line = progress ? lineOf(message) : undefined
      if (progress && line !== undefined) progress.writeLine(line)
      if (message.type === 'memory' && parts.output.writableNeedDrain) return
      await writeSteadily(parts.output, `${JSON.stringify(message)}\n`)
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

const factsOf = ({
  loadLineBytes,
  capacityBytes,
}: Extract<RunMessage, { type: 'run-started' | 'run-resumed' }>): RunFacts => ({
  loadLineBytes,
  capacityBytes,
})
