/** The errors of an operation itself, with their numbers. */
import { messageOf, PlimsollError } from '../errors.ts'
import { formatDuration, formatSize } from '../units.ts'
import { counters } from './counters.ts'
import type { AttemptEnd, AttemptRecord } from './words.ts'

/** Both errors are kept: the hook's, and as `suppressed` the one of the attempt, where it had one. */
export function hookFault(hook: string, error: unknown, end: AttemptEnd | object): PlimsollError {
  const cause = 'error' in end ? new SuppressedError(error, end.error, messageOf(error)) : error
  const told = 'error' in end ? `, after the attempt had failed with: ${messageOf(end.error)}` : ''
  return new PlimsollError('RETRY_HOOK_FAILED', `${hook} threw: ${messageOf(error)}${told}`, { cause })
}

export function memoryExceeded(
  grownBytes: number,
  limitBytes: number,
  attempt: number,
  options: ErrorOptions = {},
): PlimsollError {
  counters.memoryExceeded += 1
  return new PlimsollError(
    'RETRY_MEMORY_EXCEEDED',
    `memory grew by ${formatSize(grownBytes)} in attempt ${attempt}, memoryLimitMb allows ${formatSize(limitBytes)}`,
    options,
  )
}

type Limits = { readonly attemptTimeoutMs: number; readonly totalTimeoutMs: number }

/** Of one attempt, or of the whole (`total`), which says what the failed attempt before had ended with. */
export function tooLate(
  { attemptTimeoutMs, totalTimeoutMs }: Limits,
  attempt: number,
  total: { readonly before: AttemptRecord | null | undefined } | null,
): PlimsollError {
  if (total === null) {
    const message = `attempt ${attempt} had no end within ${formatDuration(attemptTimeoutMs)}`
    return new PlimsollError('RETRY_TIMEOUT', message)
  }
  const told = total.before ? `; attempt ${total.before.attempt} had ended with: ${total.before.message}` : ''
  return new PlimsollError(
    'RETRY_TIMEOUT',
    `no end within ${formatDuration(totalTimeoutMs)}: attempt ${attempt} was under way${told}`,
  )
}
