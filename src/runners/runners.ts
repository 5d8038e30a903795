/**
 * One task, from its first attempt to its end in the outside world. It promises: every attempt is told before it
 * starts and again when it has ended, with what was measured; nothing of a process task is alive when its attempt
 * has ended, except a service that was asked for; output reaches the log masked; a failure is a value, not a throw.
 *
 * It does not decide whether or when a task runs, and it keeps nothing: telling is `emit`, and who listens records.
 */
import { PlimsollError, whyStopped } from '../errors.ts'
import { maskedFacts } from '../redact/redact.ts'
import { type AttemptContext, type AttemptEnd, retry } from '../retry/retry.ts'
import type { AttemptResult, Task } from '../spine.ts'
import { attemptOnce, nothingMeasured } from './attempt.ts'
import { isRetryRefusal, retryRulesOf } from './retry-rules.ts'
import type { AttemptTotals, TaskEnd, TaskRun } from './task-run.ts'

export type { JobContext as CallContext } from '../pool/pool.ts'
export { Instruments } from './instruments.ts'
export type { AttemptTotals, TaskEnd, TaskEvent, TaskRun } from './task-run.ts'

/** Another attempt could not end better, or is not for us to begin. */
const finalErrors: ReadonlySet<string> = new Set([
  'TASK_CANCELLED',
  'TASK_REQUEUED',
  'TASK_NOT_STARTED',
  'TASK_MEMORY_EXCEEDED',
  'TASK_KILLED_BY_KERNEL',
  'CALL_NOT_FOUND',
  'OUTPUT_INVALID',
  'OUTPUT_MISSING',
  'STATE_FULL',
])

/** Before the first attempt. */
export const noAttempts: AttemptTotals = {
  opened: 0,
  counted: 0,
  cpuMs: null,
  peak: { lower: 0, upper: 0 },
  suspendedMs: 0,
}

/**
 * Attempts the task as often as its rule says and tells each attempt. Rejects only with what `emit` throws: what
 * cannot be recorded must not go on.
 */
export async function runTask(task: Task, run: TaskRun): Promise<TaskEnd> {
  const startMs = run.clock.monotonic()
  const earlier = run.earlier ?? noAttempts
  const all: Sum = { ...earlier, last: null }
  const onSuspended = (ms: number): void => {
    all.suspendedMs += ms
  }
  let latest: AttemptResult | null = null
  const once = async ({ attempt, signal }: AttemptContext): Promise<AttemptResult> => {
    latest = await attemptOnce(task, run, { number: earlier.opened + attempt, signal, onSuspended })
    return latest
  }
  const rules = retryRulesOf(task, run)
  await retry(once, {
    ...rules,
    maxAttempts: Math.max(1, (rules.maxAttempts ?? 1) - earlier.counted),
    shouldRetry: (end) =>
      'value' in end && end.value.error !== null && !finalErrors.has(end.value.error.code),
    onEvent: async (event) => {
      if (event.type !== 'attempt-ended') return
      const { end, attempt, nextInMs } = event
      if (nextInMs === null) run.onFinished?.()
      const result = resultOf(run, end, latest)
      latest = null
      if (result === null) return
      add(all, result)
      await run.emit({
        type: 'attempt-ended',
        phase: run.phase,
        task: task.name,
        attempt: earlier.opened + attempt,
        nextInMs,
        result: { ...result, outputs: maskedOutputs(run, result.outputs) },
      })
    },
  }).catch((error: unknown) => {
    if (!run.signal.aborted && !isRetryRefusal(error)) throw error
    if (isRetryRefusal(error)) all.last ??= refused(run, error)
  })
  return endOf(run, all, run.clock.monotonic() - startMs)
}

/** An attempt that took too much of the engine's memory has failed, whatever it says itself. */
function resultOf(
  run: TaskRun,
  end: AttemptEnd<AttemptResult>,
  latest: AttemptResult | null,
): AttemptResult | null {
  if ('value' in end) return end.value
  if (latest === null || !isRetryRefusal(end.error)) return null
  return { ...latest, outputs: {}, error: maskedFacts(run.masker, end.error) }
}

/** It was not attempted at all. */
const refused = (run: TaskRun, error: PlimsollError): AttemptResult => ({
  ...nothingMeasured,
  durationMs: 0,
  error: maskedFacts(run.masker, error),
})

/** The run was stopped between the decision to start the task and its first attempt. */
function neverAttempted({ signal, masker }: TaskRun): AttemptResult {
  const why = `it was stopped before its first attempt because ${whyStopped(signal)}`
  const error = maskedFacts(masker, new PlimsollError('TASK_CANCELLED', why))
  return { ...nothingMeasured, durationMs: 0, error }
}

type Sum = { -readonly [Key in keyof AttemptTotals]: AttemptTotals[Key] } & { last: AttemptResult | null }

function add(all: Sum, result: AttemptResult): void {
  all.opened += 1
  if (!wantsMemory(result)) all.counted += 1
  all.last = result
  if (result.cpuMs !== null) all.cpuMs = (all.cpuMs ?? 0) + result.cpuMs
  const { lower, upper } = result.peakMemoryBytes
  all.peak = {
    lower: Math.max(all.peak.lower, lower),
    upper: upper === null || all.peak.upper === null ? null : Math.max(all.peak.upper, upper),
  }
}

/** Not the fault of its command: it is to be started again when there is room. */
const wantsMemory = ({ error }: AttemptResult): boolean => error?.code === 'TASK_REQUEUED'

function endOf(run: TaskRun, all: Sum, durationMs: number): TaskEnd {
  const { last: lastResult, ...totals } = all
  const last = lastResult ?? neverAttempted(run)
  const cancelled = last.error?.code === 'TASK_CANCELLED' || last.error?.code === 'TASK_REQUEUED'
  const status = last.error === null ? 'succeeded' : cancelled ? 'cancelled' : 'failed'
  return {
    outputs: last.outputs,
    totals,
    report: {
      status,
      attempts: all.counted,
      durationMs: Math.round(durationMs),
      waitedMs: Object.values(run.waits).reduce((sum, ms) => sum + ms, 0),
      waitReasons: run.waits,
      peakMemoryBytes: all.peak,
      reservedBytes: run.reservedBytes,
      enforcement: last.enforcement,
      suspendedMs: Math.round(all.suspendedMs),
      requeues: run.requeues ?? 0,
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
