import { PlimsollError } from '../errors.ts'
import type { Reservation } from '../memory/memory.ts'
import { refusalOf } from './judge.ts'
import type { ExecutorTask } from './words.ts'

/**
 * The task, with what is asked of it beside its work made safe: where its estimate or its `raise` throws, or answers
 * with no number of bytes, the task has failed (before its work, or at the end of it), and nothing else is concerned.
 */
export function guarded<Value>(task: ExecutorTask<Value>): ExecutorTask<Value> {
  // Apart from the rest: a function with closures makes room for what they share before it knows whether there are any.
  return task.estimate || task.raise || task.decide ? guard(task) : task
}

function guard<Value>(task: ExecutorTask<Value>): ExecutorTask<Value> {
  const { name, estimate, raise, decide } = task
  let fault: { readonly error: unknown } | null = null
  let last: Reservation = { bytes: 0 }
  const attempt = (work: () => void): void => {
    if (fault !== null) return
    try {
      work()
    } catch (error) {
      fault = { error }
    }
  }
  const check = (): void => {
    if (fault !== null) throw fault.error
  }
  return {
    ...task,
    run: async (context) => {
      check()
      const value = await task.run(context)
      check()
      return value
    },
    ...(estimate && {
      estimate: (seen) => {
        attempt(() => {
          last = checked(name, task.estimate?.(seen))
        })
        return last
      },
    }),
    ...(raise && { raise: (observedBytes) => attempt(() => task.raise?.(observedBytes)) }),
    ...(decide && {
      decide: (ended) => {
        try {
          return decide.call(task, ended)
        } catch (error) {
          return refusalOf(error)
        }
      },
    }),
  }
}

function checked(name: string, answer: Reservation | undefined): Reservation {
  const bytes: unknown = answer?.bytes
  if (answer !== undefined && typeof bytes === 'number' && bytes >= 0 && bytes < Number.POSITIVE_INFINITY)
    return answer
  throw new PlimsollError(
    'OPTION_INVALID',
    `the estimate of task "${name}" has ${String(bytes)} as bytes, expected 0 or more`,
  )
}
