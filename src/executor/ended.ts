import type { RunningTask } from './running.ts'
import type { Waiting } from './waiting-line.ts'
import { type Ended, neverStarted } from './words.ts'

/** How the last start of a task ended. */
export type End<Value> =
  | { readonly status: 'succeeded'; readonly value: Value }
  | { readonly status: 'failed'; readonly error: unknown }

/** Written out: to spread both costs more than all else that is made at the end of a task. */
export function endedOf<Value>(end: End<Value>, running: RunningTask<Value>): Ended<Value> {
  const { waits, reservedBytes, requeues } = running.waiting
  const suspendedMs = Math.round(running.waiting.suspendedMs + running.suspendedMs)
  const profile = running.profile()
  return end.status === 'succeeded'
    ? { status: end.status, value: end.value, waits, reservedBytes, requeues, suspendedMs, profile }
    : { status: end.status, error: end.error, waits, reservedBytes, requeues, suspendedMs, profile }
}

/** Of a task that waited for its start when nothing started any more. */
export const cancelledOf = (
  { requeues, suspendedMs, waits }: Pick<Waiting, 'requeues' | 'suspendedMs' | 'waits'>,
  because: string,
): Ended<never> => ({ ...neverStarted, requeues, suspendedMs, status: 'cancelled', because, waits })
