import { hookFault } from './faults.ts'
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

/** Tells of an end, and runs the hook when there is another attempt, unless it is turned off. */
export async function settle<T>(
  rules: Rules<T>,
  event: Ended<T>,
  owner: { readonly idempotencyKey: string },
): Promise<void> {
  await tell(rules, event)
  const { attempt, end, nextInMs } = event
  if (nextInMs === null || !rules.isCleaned) return
  try {
    await rules.config.cleanup?.({ attempt, end, idempotencyKey: owner.idempotencyKey })
  } catch (error) {
    throw hookFault('cleanup', error, end)
  }
  await tell(rules, { type: 'cleaned', attempt })
}
