import { hookFault } from './faults.ts'
import { untilAborted } from './policy.ts'
import type { Rules } from './rules.ts'
import type { RetryEvent } from './words.ts'

/** What a listener throws ends the operation; an error that it was told of is not lost by that. */
export async function tell<T>({ config }: Rules<T>, event: RetryEvent<T>): Promise<void> {
  if (config.onEvent === undefined) return
  try {
    await config.onEvent(event)
  } catch (error) {
    throw hookFault('onEvent', error, event.type === 'attempt-ended' ? event.end : {})
  }
}

type Ended<T> = Extract<RetryEvent<T>, { type: 'attempt-ended' }>

/** What the hooks need of their operation. */
export type HookOwner = {
  readonly idempotencyKey: string
  /** Until the operation as a whole is out of time. */
  leftMs(nowMs: number): number
  outOfTime(): unknown
}

/**
 * Tells of an end, and runs the hook when there is another attempt, unless it is turned off. Between two attempts a hook
 * that has no end is left behind when the operation is aborted or out of time. A patient operation waits for its hooks,
 * too, and so does one that is decided already.
 */
export async function settle<T>(rules: Rules<T>, event: Ended<T>, owner: HookOwner): Promise<void> {
  const hooks = tellAndClean(rules, event, owner)
  const { config, clock, isPatient } = rules
  if (isPatient || event.nextInMs === null) return await hooks
  const over = new AbortController()
  const leftMs = owner.leftMs(clock.monotonic())
  if (leftMs !== Number.POSITIVE_INFINITY)
    clock.sleep(leftMs, over.signal).then(
      () => over.abort(owner.outOfTime()),
      () => undefined,
    )
  const signals = config.signal === undefined ? [over.signal] : [over.signal, config.signal]
  try {
    await untilAborted(hooks, AbortSignal.any(signals))
  } finally {
    over.abort()
  }
}

async function tellAndClean<T>(
  rules: Rules<T>,
  event: Ended<T>,
  { idempotencyKey }: HookOwner,
): Promise<void> {
  await tell(rules, event)
  const { attempt, end, nextInMs } = event
  if (nextInMs === null || !rules.isCleaned) return
  try {
    await rules.config.cleanup?.({ attempt, end, idempotencyKey })
  } catch (error) {
    throw hookFault('cleanup', error, end)
  }
  await tell(rules, { type: 'cleaned', attempt })
}
