import { PlimsollError } from '../errors.ts'
import { errorOf } from './faults.ts'
import { Context, faultOfCall, findFunction } from './perform.ts'
import type { PoolRules } from './rules.ts'
import type { Job, JobResult, RunOptions } from './words.ts'

/**
 * Calls the function on the engine's own event loop: nothing is copied, nothing can be measured but the time, and a
 * loop that never yields stops the engine. When the signal aborts nobody waits for it any more.
 */
export async function runInline(job: Job, options: RunOptions, { clock }: PoolRules): Promise<JobResult> {
  const { signal, environment, directory } = options
  if (environment !== undefined || directory !== undefined) {
    throw new PlimsollError(
      'OPTION_INVALID',
      'a function on the event loop shares environment and directory with the engine; choose a thread or a process',
    )
  }
  signal?.throwIfAborted()
  const context = new Context()
  const stopped = Promise.withResolvers<never>()
  const stop = (): void => {
    context.stop()
    stopped.reject(signal?.reason)
  }
  signal?.addEventListener('abort', stop)
  options.onStart?.(null)
  let startMs = clock.monotonic()
  const call = async (): Promise<unknown> => {
    const found = await findFunction(job.module, job.exportName)
    startMs = clock.monotonic()
    return await found(job.argument, context)
  }
  const measure = () => {
    const measured = {
      cpuMs: null,
      busyShare: null,
      durationMs: clock.monotonic() - startMs,
      peakBytes: null,
      heapGrowthBytes: null,
    }
    options.onMeasured?.(measured)
    return measured
  }
  try {
    const value = await Promise.race([call(), stopped.promise])
    return { ...measure(), value }
  } catch (error) {
    measure()
    throw signal?.aborted ? signal.reason : errorOf(faultOfCall(error))
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}
