import { hookFault } from './faults.ts'
import type { Rules } from './rules.ts'
import type { Cleanup, RetryEvent } from './words.ts'

/** What a listener throws ends the operation; an error that it was told of is not lost by that. */
export async function tell<T>({ config }: Rules<T>, event: RetryEvent<T>): Promise<void> {
  if (config.onEvent === undefined) return
  try {
    await config.onEvent(event)
  } catch (error) {
    throw event.type === 'attempt-ended' && 'error' in event.end
      ? hookFault('onEvent', error, event.end)
      : error
  }
}

/** Between two attempts: the hook runs, unless it is turned off. */
export async function cleanUp<T>(rules: Rules<T>, failed: Parameters<Cleanup<T>>[0]): Promise<void> {
  if (!rules.isCleaned) return
  try {
    await rules.config.cleanup?.(failed)
  } catch (error) {
    throw hookFault('cleanup', error, failed.end)
  }
  await tell(rules, { type: 'cleaned', attempt: failed.attempt })
}
