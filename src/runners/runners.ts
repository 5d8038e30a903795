/**
 * One task, from its first attempt to its end in the outside world. It promises: every attempt is told before it
 * starts and again when it has ended, with what was measured; nothing of a process task is alive when its attempt
 * has ended, except a service that was asked for; output reaches the log masked; a failure is a value, not a throw.
 *
 * It does not decide whether or when a task runs, and it keeps nothing: telling is `emit`, and who listens records.
 */
import { factsOf, PlimsollError } from '../errors.ts'
import { retry } from '../retry/retry.ts'
import type { AttemptResult, Task } from '../spine.ts'
import { attemptOnce, nothingMeasured } from './attempt.ts'
import type { TaskEnd, TaskRun } from './task-run.ts'

export type { CallContext } from './call-export.ts'
export { Instruments } from './instruments.ts'
export type { TaskEnd, TaskEvent, TaskRun } from './task-run.ts'

/** Another attempt could not end better, or is not for us to begin. */
const finalErrors: ReadonlySet<string> = new Set([
  'TASK_CANCELLED',
  'TASK_REQUEUED',
  'TASK_NOT_STARTED',
  'TASK_MEMORY_EXCEEDED',
  'CALL_NOT_FOUND',
  'OUTPUT_INVALID',
  'OUTPUT_MISSING',
  'STATE_FULL',
])

/**
 * Attempts the task as often as its rule says and tells each attempt. Rejects only with what `emit` throws: what
 * cannot be recorded must not go on.
 */
export async function runTask(task: Task, run: TaskRun): Promise<TaskEnd> {
  const startMs = run.clock.monotonic()
  const all: Totals = { attempts: 0, cpuMs: null, lower: 0, upper: 0, suspendedMs: 0, last: null }
  const onSuspended = (ms: number): void => {
    all.suspendedMs += ms
  }
  await retry((attempt) => attemptOnce(task, run, { number: attempt, onSuspended }), {
    ...task.retry,
    signal: run.signal,
    clock: run.clock,
    random: run.random,
    shouldRetry: (end) =>
      'value' in end && end.value.error !== null && !finalErrors.has(end.value.error.code),
    onAttemptEnd: async (end, attempt, nextInMs) => {
      if ('error' in end) return
      add(all, end.value)
      await run.emit({
        type: 'attempt-ended',
        phase: run.phase,
        task: task.name,
        attempt,
        nextInMs,
        result: { ...end.value, outputs: maskedOutputs(run, end.value.outputs) },
      })
    },
  }).catch((error: unknown) => {
    if (!run.signal.aborted) throw error
  })
  return endOf(run, all, run.clock.monotonic() - startMs)
}

/** The run was stopped between the decision to start the task and its first attempt. */
const interrupted: AttemptResult = {
  ...nothingMeasured,
  durationMs: 0,
  error: factsOf(new PlimsollError('TASK_CANCELLED', 'the run was interrupted before its first attempt')),
}

type Totals = {
  attempts: number
  cpuMs: number | null
  lower: number
  upper: number | null
  suspendedMs: number
  last: AttemptResult | null
}

function add(all: Totals, result: AttemptResult): void {
  all.attempts += 1
  all.last = result
  if (result.cpuMs !== null) all.cpuMs = (all.cpuMs ?? 0) + result.cpuMs
  all.lower = Math.max(all.lower, result.peakMemoryBytes.lower)
  const { upper } = result.peakMemoryBytes
  all.upper = upper === null || all.upper === null ? null : Math.max(all.upper, upper)
}

function endOf(run: TaskRun, all: Totals, durationMs: number): TaskEnd {
  const last = all.last ?? interrupted
  const cancelled = last.error?.code === 'TASK_CANCELLED' || last.error?.code === 'TASK_REQUEUED'
  const status = last.error === null ? 'succeeded' : cancelled ? 'cancelled' : 'failed'
  return {
    outputs: last.outputs,
    report: {
      status,
      attempts: all.attempts,
      durationMs: Math.round(durationMs),
      waitedMs: Object.values(run.waits).reduce((sum, ms) => sum + ms, 0),
      waitReasons: run.waits,
      peakMemoryBytes: { lower: all.lower, upper: all.upper },
      reservedBytes: run.reservedBytes,
      enforcement: last.enforcement,
      suspendedMs: Math.round(all.suspendedMs),
      requeues: 0,
      cpuMs: all.cpuMs,
      exitCode: last.exitCode,
      outputs: maskedOutputs(run, last.outputs),
      ...(last.error && { error: last.error, lastOutput: last.lastOutput }),
    },
  }
}

/** What is recorded and shown; later tasks get the values as they are. */
function maskedOutputs(
  run: TaskRun,
  outputs: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, run.masker.text(value)]))
}
