import { hookFault } from './faults.ts'
import { contextOf, type Policy, untilAborted } from './policy.ts'
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
        if (options.signal?.aborted || !isFor(when, error)) throw error
        const answer = answerOf(to, error)
        return await (options.signal === undefined ? answer : untilAborted(answer, options.signal))
      }
    },
  }
}

function isFor(when: (error: unknown) => boolean, error: unknown): boolean {
  try {
    return when(error)
  } catch (wrong) {
    throw hookFault('when', wrong, { error })
  }
}

async function answerOf<Instead>(
  to: (error: unknown) => Instead | PromiseLike<Instead>,
  error: unknown,
): Promise<Instead> {
  try {
    return await to(error)
  } catch (wrong) {
    throw hookFault('the fallback', wrong, { error })
  }
}
