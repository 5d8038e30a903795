import { type Clock, systemClock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import { formatDuration } from '../units.ts'
import { counters } from './counters.ts'
import { refused } from './delays.ts'
import { contextOf, type Policy, untilAborted } from './policy.ts'

/**
 * Ends a call after `ms` milliseconds with RETRY_TIMEOUT, also when the function does not listen to its signal: then it
 * is left behind.
 */
export function timeout(ms: number, { clock = systemClock }: { readonly clock?: Clock } = {}): Policy {
  if (!(Number.isFinite(ms) && ms > 0)) throw refused('timeout', ms, 'more than 0 milliseconds')
  return {
    run: async (fn, options = {}) => {
      options.signal?.throwIfAborted()
      const call = new AbortController()
      const timer = new AbortController()
      const onAbort = (): void => call.abort(options.signal?.reason)
      const onLate = (): void => {
        counters.timeouts += 1
        call.abort(new PlimsollError('RETRY_TIMEOUT', `no end within ${formatDuration(ms)}`))
      }
      options.signal?.addEventListener('abort', onAbort)
      clock.sleep(ms, timer.signal).then(onLate, () => undefined)
      try {
        const context = contextOf(options, call.signal)
        return await untilAborted((async () => await fn(context))(), call.signal)
      } finally {
        timer.abort()
        options.signal?.removeEventListener('abort', onAbort)
      }
    },
  }
}
