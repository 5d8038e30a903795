/** The lines of a run in the order they happen, each with the time since its start; no flood. */
import type { RunMessage } from '../spine.ts'
import { formatDuration } from '../units.ts'
import { wordsOf } from './event-words.ts'
import type { Style } from './style.ts'

/** Takes each message once and answers the line to print, or undefined. */
export type ProgressLines = (message: RunMessage) => string | undefined

export function openProgressLines(style: Style): ProgressLines {
  let startedAtMs: number | undefined
  /** The waits that were said; bounded by tasks times reasons. */
  const said = new Set<string>()
  return (message) => {
    if (message.type === 'report') return undefined
    startedAtMs ??= message.atMs
    if (message.type === 'task-waiting') {
      // Slots and needs are the ordinary course of a run: the report sums them up.
      if (message.reason === 'slot' || message.reason === 'needs') return undefined
      const wait = JSON.stringify([message.phase, message.task, message.reason])
      if (said.has(wait)) return undefined
      said.add(wait)
    }
    const words = wordsOf(message, style)
    const elapsed = formatDuration(Math.max(0, message.atMs - startedAtMs)).padStart(9)
    return words === undefined ? undefined : `${style.dim(elapsed)}  ${words}\n`
  }
}
