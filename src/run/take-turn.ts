import { hostname } from 'node:os'
import { PlimsollError } from '../errors.ts'
import { type Lease, takeLock } from '../journal/journal.ts'
import type { Store } from '../store/store.ts'
import type { RunParts } from './words.ts'

type TurnParts = Pick<RunParts, 'plan' | 'runId' | 'engine' | 'clock' | 'onEvent'> & {
  readonly store: Store
  readonly signal: AbortSignal
  /** How long to wait for another run, in milliseconds. */
  readonly waitMs: number
}

/**
 * Takes the lock of the plan and its environment for a run; waits are told as they begin (nothing is recorded of a run
 * that has not got its turn). @throws LOCK_HELD, INTERRUPTED.
 */
export async function takeTurn(parts: TurnParts): Promise<Lease> {
  const { plan, runId, clock, signal, onEvent, store, ...rest } = parts
  try {
    return await takeLock(store, {
      ...{ ...rest, plan: plan.name, environment: plan.environment, runId, clock, signal },
      host: hostname(),
      onWait: (message) =>
        onEvent({ type: 'run-waiting', reason: 'lock', message, runId, atMs: clock.now() }),
    })
  } catch (cause) {
    if (!signal.aborted || cause instanceof PlimsollError) throw cause
    throw new PlimsollError('INTERRUPTED', `run ${runId} was interrupted before it began`, { cause })
  }
}
