import { hostname } from 'node:os'
import { PlimsollError } from '../errors.ts'
import { type Lease, newRunId, takeLock } from '../journal/journal.ts'
import { identify } from '../memory/memory.ts'
import type { Store } from '../store/store.ts'
import type { RunChoice } from './choose-run.ts'
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
async function takeTurn(parts: TurnParts): Promise<Lease> {
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

export type Turn = AsyncDisposable & {
  readonly lease: Lease
  readonly choice: RunChoice
  readonly runId: string
}

/**
 * The turn of the run that is to be done: which one that is may be another after the wait for the lock.
 * `choose` is asked before and again with the lock.
 */
export async function takeTurns(
  parts: Omit<TurnParts, 'runId' | 'engine'> & Pick<RunParts, 'random'>,
  choose: () => Promise<RunChoice>,
): Promise<Turn> {
  for (;;) {
    // Whoever has the lock now may still change what there is to choose from: what is wrong with that is told later.
    const wished = await choose().catch(() => ({ goOn: null }))
    const runId = wished.goOn?.runId ?? newRunId(parts.clock.now(), parts.random)
    const lease = await takeTurn({ ...parts, runId, engine: identify(process.pid, runId) })
    const choice = await choose().catch(async (error: unknown) => {
      await lease[Symbol.asyncDispose]()
      throw error
    })
    if (choice.goOn?.runId === wished.goOn?.runId)
      return { lease, choice, runId, [Symbol.asyncDispose]: () => lease[Symbol.asyncDispose]() }
    await lease[Symbol.asyncDispose]()
  }
}
