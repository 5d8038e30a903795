import { type Clock, systemClock } from '../clock.ts'
import { systemCodeOf } from '../errors.ts'

/** Between the polite and the final signal, in milliseconds. */
const graceMs = 10_000
const pollMs = 20

/** Sends a signal to a process (pid) or a whole process group (-pid). False when there is none any more. */
export function send(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, signal)
  } catch (error) {
    if (systemCodeOf(error) === 'ESRCH') return false
    if (systemCodeOf(error) === 'EPERM') return signal === 0
    throw error
  }
}

/**
 * Ends processes: SIGTERM, and SIGKILL to what is still there after 10 s, or at once when `killSignal` aborts.
 * `alive` tells what is left, freshly; it is asked about every 20 ms.
 */
export async function endAll(
  alive: () => readonly number[],
  options: { readonly killSignal?: AbortSignal; readonly clock?: Clock } = {},
): Promise<void> {
  const { killSignal, clock = systemClock } = options
  for (const target of alive()) send(target, killSignal?.aborted ? 'SIGKILL' : 'SIGTERM')
  const deadlineMs = clock.monotonic() + graceMs
  let left = alive()
  while (left.length > 0) {
    if (killSignal?.aborted || clock.monotonic() >= deadlineMs)
      for (const target of left) send(target, 'SIGKILL')
    await clock.sleep(pollMs)
    left = alive()
    if (clock.monotonic() >= deadlineMs + graceMs) return
  }
}
