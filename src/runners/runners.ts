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
import { attemptOnce, type EndedAttempt, giveUpOnce, nothingMeasured, takeUpOnce } from './attempt.ts'
import { removeFiles } from './attempt-files.ts'
import { isRetryRefusal, retryRulesOf } from './retry-rules.ts'
import type { AttemptTotals, LeftTask, TaskEnd, TaskRun } from './task-run.ts'

export type { JobContext as CallContext } from '../pool/pool.ts'
export { Instruments } from './instruments.ts'
export { actionFor, type Found, type LeftAction, type LeftAttempt, lookFor } from './left-attempt.ts'
export type { AttemptTotals, LeftTask, TaskEnd, TaskEvent, TaskRun } from './task-run.ts'
export type { Here } from './words.ts'

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
  const all: Sum = { ...(run.earlier ?? noAttempts), last: run.last ?? null }
  const onSuspended = (ms: number): void => {
    all.suspendedMs += ms
  }
  const durationMs = (): number => Math.max(run.clock.monotonic() - startMs, all.last?.durationMs ?? 0)
  const tell = async ({ result, files }: EndedAttempt, nextInMs: number | null): Promise<void> => {
    add(all, result)
    const outputs = maskedOutputs(run, result.outputs)
    const told = { phase: run.phase, task: task.name, attempt: all.opened, nextInMs }
    await run.emit({ type: 'attempt-ended', ...told, result: { ...result, outputs } })
    await removeFiles(files)
  }
  if (run.last !== undefined) return endOf(run, all, durationMs())
  const { left } = run
  if (left !== undefined && left.action !== 'take-up') {
    await tell(await giveUpOnce(task, run, left, givenUp(left)), left.action === 'again' ? 0 : null)
    if (left.action !== 'again') return endOf(run, all, durationMs())
  }
  const { opened, counted } = all
  const once = ({ attempt, signal }: AttemptContext): Promise<EndedAttempt> =>
    attempt === 1 && left?.action === 'take-up'
      ? takeUpOnce(task, run, { ...left, signal, onSuspended })
      : attemptOnce(task, run, { number: opened + attempt, signal, onSuspended })
  await attempts(task, run, { once, tell, counted }).catch((error: unknown) => {
    if (!run.signal.aborted && !isRetryRefusal(error)) throw error
    if (isRetryRefusal(error)) all.last ??= refused(run, error)
  })
  return endOf(run, all, durationMs())
}

type Attempts = {
  readonly once: (context: AttemptContext) => Promise<EndedAttempt>
  readonly tell: (ended: EndedAttempt, nextInMs: number | null) => Promise<void>
  /** How many there were before. */
  readonly counted: number
}

async function attempts(task: Task, run: TaskRun, { once, tell, counted }: Attempts): Promise<void> {
  let latest: EndedAttempt | null = null
  const rules = retryRulesOf(task, run)
  if (run.pauseMs !== undefined) await run.clock.sleep(run.pauseMs, run.signal)
  const attempt = async (context: AttemptContext): Promise<EndedAttempt> => {
    latest = await once(context)
    return latest
  }
  await retry(attempt, {
    ...rules,
    maxAttempts: Math.max(1, (rules.maxAttempts ?? 1) - counted),
    shouldRetry: (end) =>
      'value' in end && end.value.result.error !== null && !finalErrors.has(end.value.result.error.code),
    onEvent: async (event) => {
      if (event.type !== 'attempt-ended') return
      const { end, nextInMs } = event
      if (nextInMs === null) run.onFinished?.()
      const ended = endedOf(run, end, latest)
      latest = null
      if (ended !== null) await tell(ended, nextInMs)
    },
  })
}

/** How the attempt of another engine counts that is not taken up. */
function givenUp({ action, found }: LeftTask): PlimsollError | null {
  if (action === 'done') return null
  if (action === 'failed')
    return new PlimsollError('TASK_FAILED', 'a person has said, when the run was resumed, that it failed')
  const what = action === 'give-up' ? 'the run was given up' : 'it is attempted again'
  return new PlimsollError('ATTEMPT_LOST', `${what}: ${found.because}`)
}

/** An attempt that took too much of the engine's memory has failed, whatever it says itself. */
function endedOf(
  run: TaskRun,
  end: AttemptEnd<EndedAttempt>,
  latest: EndedAttempt | null,
): EndedAttempt | null {
  if ('value' in end) return end.value
  if (latest === null || !isRetryRefusal(end.error)) return null
  const error = maskedFacts(run.masker, end.error)
  return { ...latest, result: { ...latest.result, outputs: {}, error } }
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
  if (!isForgiven(result)) all.counted += 1
  all.last = result
  if (result.cpuMs !== null) all.cpuMs = (all.cpuMs ?? 0) + result.cpuMs
  const { lower, upper } = result.peakMemoryBytes
  all.peak = {
    lower: Math.max(all.peak.lower, lower),
    upper: upper === null || all.peak.upper === null ? null : Math.max(all.peak.upper, upper),
  }
}

/** Not the fault of its command: it is to be started again when there is room, or its engine was killed. */
const isForgiven = ({ error }: AttemptResult): boolean =>
  error?.code === 'TASK_REQUEUED' || error?.code === 'ATTEMPT_LOST'

function endOf(run: TaskRun, all: Sum, durationMs: number): TaskEnd {
  const { last: lastResult, ...totals } = all
  const last = lastResult ?? neverAttempted(run)
  const cancelled = last.error?.code === 'TASK_CANCELLED' || isForgiven(last)
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
