import { messageOf, PlimsollError } from '../errors.ts'
import { contextOf, type Policy } from './policy.ts'
import { isAbort } from './transient.ts'

export type FallbackOptions = {
  /** For which errors. Default: for all but an abort. */
  readonly when?: (error: unknown) => boolean
}

/** Answers something else when the function fails. An abort from outside stays one. */
export function fallback<Instead>(
  to: (error: unknown) => Instead | PromiseLike<Instead>,
  { when = (error) => !isAbort(error) }: FallbackOptions = {},
): Policy<Instead> {
  return {
    run: async (fn, options = {}) => {
      options.signal?.throwIfAborted()
      try {
        return await fn(contextOf(options))
      } catch (error) {
        if (options.signal?.aborted || !when(error)) throw error
        return await answerOf(to, error)
      }
    },
  }
}

async function answerOf<Instead>(
  to: (error: unknown) => Instead | PromiseLike<Instead>,
  error: unknown,
): Promise<Instead> {
  try {
    return await to(error)
  } catch (wrong) {
    const message = `the fallback threw: ${messageOf(wrong)}, after the call had failed with: ${messageOf(error)}`
    throw new PlimsollError('RETRY_HOOK_FAILED', message, { cause: new SuppressedError(wrong, error) })
  }
}
