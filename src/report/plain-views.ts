/** The views for readers that are no terminal: lines for a log, JSON for a program. */
import type { RunMessage } from '../spine.ts'
import { openProgressLines } from './progress-lines.ts'
import { renderReport } from './render-report.ts'
import { writeSteadily } from './steady-writer.ts'
import type { OutputStream, Style } from './style.ts'
import type { RunFacts } from './totals.ts'
import type { View } from './view.ts'

/** `progress: false` prints the report alone. */
export function openLinesView(parts: { output: OutputStream; style: Style; progress: boolean }): View {
  const { output, style, progress } = parts
  const lineOf = openProgressLines(style)
  let facts: RunFacts = {}
  return {
    show: (message) => {
      if (message.type === 'run-started') facts = factsOf(message)
      if (message.type === 'report') return writeSteadily(output, `\n${renderReport(message, style, facts)}`)
      const line = progress ? lineOf(message) : undefined
      return line === undefined ? undefined : writeSteadily(output, line)
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** One object a line, the report last; people read along on `progress`, or not at all when it is null. */
export function openJsonView(parts: {
  output: OutputStream
  progress: OutputStream | null
  style: Style
}): View {
  const lineOf = openProgressLines(parts.style)
  return {
    show: async (message) => {
      await writeSteadily(parts.output, `${JSON.stringify(message)}\n`)
      const line = parts.progress ? lineOf(message) : undefined
      if (parts.progress && line !== undefined) await writeSteadily(parts.progress, line)
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

const factsOf = ({
  loadLineBytes,
  capacityBytes,
}: Extract<RunMessage, { type: 'run-started' }>): RunFacts => ({
  loadLineBytes,
  capacityBytes,
})
