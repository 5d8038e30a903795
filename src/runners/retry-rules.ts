import { PlimsollError } from '../errors.ts'
import { fillTemplate, fillTree } from '../plan/plan.ts'
import type { RetryConfig } from '../retry/retry.ts'
import type { Task } from '../spine.ts'
import type { EndedAttempt } from './attempt.ts'
import { isLimitDeclared } from './limit.ts'
import type { TaskRun } from './task-run.ts'

const mebibyte = 2 ** 20

/** How a task is attempted: its own rule, and the options of `retry` that hold for all. */
export function retryRulesOf(task: Task, run: TaskRun): RetryConfig<EndedAttempt> {
  const { maxPayloadSizeMb, cleanupBetweenRetries } = run.plan.options.retry
  const { work } = run
  return {
    ...task.retry,
    // A probe that asks again until its time is over has its own attempts: no retry inside a retry.
    ...(work.kind === 'http' && work.withinMs > 0 && { maxAttempts: 1 }),
    signal: run.signal,
    clock: run.clock,
    random: run.random,
    payload: payloadOf(run),
    maxPayloadSizeMb,
    cleanupBetweenRetries,
    // Its end is recorded, and nothing of it may be alive after that.
    waitForAttempt: true,
    // Room for it is reserved; the guard of the executor sees to it that it stays.
    memory: null,
    memoryLimitMb: memoryLimitMb(task, run),
  }
}

/** What a function or a server is given. What it cannot be filled with is told by the attempt. */
function payloadOf({ work, values }: TaskRun): unknown {
  try {
    if (work.kind === 'call') return fillTree(work.argument, values)
    return work.kind === 'http' && work.body !== null ? fillTemplate(work.body, values) : undefined
  } catch {
    return undefined
  }
}

/** In the engine's own process memory is that of the engine; elsewhere a task is held to its limit by itself. */
function memoryLimitMb(task: Task, { plan, work }: TaskRun): number {
  if (work.kind !== 'call' || work.place !== 'inline') return Number.POSITIVE_INFINITY
  return isLimitDeclared(task, plan) ? task.limitBytes / mebibyte : plan.options.retry.memoryLimitMb
}

/** What the rules of retries say of a task: that is a failure of the task, not of the engine. */
export const isRetryRefusal = (error: unknown): error is PlimsollError =>
  error instanceof PlimsollError &&
  (error.code === 'RETRY_PAYLOAD_TOO_LARGE' || error.code === 'RETRY_MEMORY_EXCEEDED')
