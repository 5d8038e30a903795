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
 * `alive` tells what is left, freshly; it is asked about every 20 ms, and what has come since (a shell may start a
 * command between the look and the signal) is asked to end like the others.
 */
export async function endAll(
  alive: () => readonly number[],
  options: { readonly killSignal?: AbortSignal; readonly clock?: Clock } = {},
): Promise<void> {
  const { killSignal, clock = systemClock } = options
  const deadlineMs = clock.monotonic() + graceMs
  const asked = new Set<number>()
  for (let left = alive(); left.length > 0; left = alive()) {
    const isOver = killSignal?.aborted || clock.monotonic() >= deadlineMs
    for (const target of left) {
      if (isOver) send(target, 'SIGKILL')
      else if (!asked.has(target)) send(target, 'SIGTERM')
      asked.add(target)
    }
    if (clock.monotonic() >= deadlineMs + graceMs) return
    await clock.sleep(pollMs)
  }
}
