import { join } from 'node:path'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import { ageOf, tokenVariable } from '../memory/memory.ts'
import { fillTemplate } from '../plan/plan.ts'
import { maskedFacts } from '../redact/redact.ts'
import type { AttemptResult, Task, Work } from '../spine.ts'
import { attemptFiles } from './attempt-files.ts'
import { runCall } from './call.ts'
import { Ending } from './ending.ts'
import { runHttp } from './http.ts'
import { isLimitDeclared } from './limit.ts'
import { checkOutputs, readOutputs } from './outputs.ts'
import { runProcess, startService } from './process.ts'
import { isRetryRefusal } from './retry-rules.ts'
import { stopService } from './stop.ts'
import { endedAtMs, giveUp, type TakenUp, takeUp } from './take-up.ts'
import type { TaskRun } from './task-run.ts'
import { type Attempt, AttemptFailure, type AttemptFiles, type Runner, type RunnerEnd } from './words.ts'

type Runners = { readonly [Kind in Work['kind']]: Runner<Kind> }

const runners: Runners = {
  run: (attempt) => command(attempt, ['/bin/sh', '-c', attempt.work.script]),
  exec: (attempt) =>
    command(
      attempt,
      attempt.work.words.map((word) => fillTemplate(word, attempt.values)),
    ),
  call: runCall,
  http: runHttp,
  stop: stopService,
}

function command(attempt: Attempt<'run' | 'exec'>, words: readonly string[]): Promise<RunnerEnd> {
  return attempt.work.detach ? startService(attempt, words) : runProcess(attempt, words)
}

/** What is known of an attempt that no runner measured. */
export const nothingMeasured: Omit<AttemptResult, 'durationMs'> = {
  cpuMs: null,
  peakMemoryBytes: { lower: 0, upper: null },
  enforcement: 'none',
  exitCode: null,
  outputs: {},
  leftovers: [],
  lastOutput: '',
  error: null,
}

type AttemptOptions = {
  readonly number: number
  /** Aborts when the attempt takes too much of the engine's memory, with the error that says so. */
  readonly signal: AbortSignal
  /** Told at its end for how long it was suspended, in milliseconds. */
  readonly onSuspended: (ms: number) => void
}

/** How an attempt ended; its files are to be removed once that is recorded. */
export type EndedAttempt = { readonly result: AttemptResult; readonly files: AttemptFiles }

/** One attempt, told before it starts. Its failure is part of the result. */
export async function attemptOnce(task: Task, run: TaskRun, options: AttemptOptions): Promise<EndedAttempt> {
  const token = newToken(run.random)
  const log = join('runs', run.runId, `${run.nextFileNumber()}.log`)
  await run.emit({
    type: 'attempt-opened',
    phase: run.phase,
    task: task.name,
    attempt: options.number,
    token,
    kind: run.work.kind,
    log,
    ...run.here,
  })
  const runner = runners[run.work.kind] as (attempt: Attempt) => Promise<RunnerEnd>
  return await carryOut(task, run, { ...options, token, log, spentMs: 0, runner })
}

/** The attempt of another engine, to its end. */
export async function takeUpOnce(
  task: Task,
  run: TaskRun,
  { left, found, ...options }: TakenUp & Omit<AttemptOptions, 'number'>,
): Promise<EndedAttempt> {
  const { attempt: number, token, log, openedAtMs } = left
  const endedMs = (await endedAtMs({ files: attemptFiles(run.stateDir, log) })) ?? run.clock.now()
  const wallMs = Math.max(0, endedMs - openedAtMs)
  const ageMs = found.state === 'running' ? ageOf(found.identity, run.clock.uptime()) : null
  // The wall clock may have been set meanwhile. The process of a function may have had others before.
  const spentMs = run.work.kind === 'call' ? Math.min(ageMs ?? wallMs, wallMs) : (ageMs ?? wallMs)
  const runner = (attempt: Attempt): Promise<RunnerEnd> => takeUp(attempt, { left, found })
  // How it ended counts also when it took longer than its timeout, as nobody stopped it.
  const isOver = found.state !== 'running'
  return await carryOut(task, run, { ...options, number, token, log, spentMs, isOver, runner })
}

/** Ends the attempt of another engine: what is left of it is stopped. `error` is how that counts. */
export async function giveUpOnce(
  task: Task,
  run: TaskRun,
  taken: TakenUp,
  error: PlimsollError | null,
): Promise<EndedAttempt> {
  const { attempt: number, token, log, openedAtMs } = taken.left
  const spentMs = Math.max(0, run.clock.now() - openedAtMs)
  const runner = async (attempt: Attempt): Promise<RunnerEnd> => {
    const end = await giveUp(attempt, taken)
    if (error !== null) throw new AttemptFailure(end, error)
    return end
  }
  const { signal } = run
  const options = { number, token, log, spentMs: 0, runner, signal, onSuspended: () => undefined }
  const { result, files } = await carryOut(task, run, options)
  return { files, result: { ...result, durationMs: Math.round(spentMs) } }
}

type Carried = AttemptOptions & {
  readonly token: string
  readonly log: string
  /** What it has had of its time, in milliseconds. */
  readonly spentMs: number
  /** No time limit can be held any more. */
  readonly isOver?: boolean
  readonly runner: (attempt: Attempt) => Promise<RunnerEnd>
}

async function carryOut(task: Task, run: TaskRun, carried: Carried): Promise<EndedAttempt> {
  const { number, token, log, spentMs, isOver, runner, signal, onSuspended } = carried
  const files = attemptFiles(run.stateDir, log)
  const startMs = run.clock.monotonic() - spentMs
  using ending = new Ending(run.signal, run.clock)
  signal.addEventListener('abort', () => {
    if (isRetryRefusal(signal.reason)) ending.because(signal.reason)
  })
  const end = await endOf(run, async () => {
    const limitMs = run.phase === 'undo' ? (task.undoTimeoutMs ?? task.timeoutMs) : task.timeoutMs
    if (!isOver) ending.limit(limitMs, spentMs)
    const attempt = attemptOf(task, run, { number, token, files, ending })
    const ended = await runner(attempt)
    return { ...ended, outputs: await outputsOf(run, files, ended) }
  })
  onSuspended(ending.pausedMs)
  const durationMs = Math.round(run.clock.monotonic() - startMs)
  return { files, result: { ...nothingMeasured, ...end, durationMs } }
}

/** A wrong output file is a failure of the attempt, with all that was measured of it. */
async function outputsOf(
  run: TaskRun,
  files: AttemptFiles,
  ended: RunnerEnd,
): Promise<Readonly<Record<string, string>>> {
  try {
    const written = await readOutputs(files.outputs, (text) => run.masker.text(text))
    return checkOutputs({ ...written, ...ended.outputs })
  } catch (error) {
    throw new AttemptFailure({ ...ended, outputs: {} }, error)
  }
}

async function endOf(run: TaskRun, work: () => Promise<RunnerEnd>): Promise<Partial<AttemptResult>> {
  try {
    return await work()
  } catch (error) {
    const { end, cause } = error instanceof AttemptFailure ? error : { end: {}, cause: error }
    const full = new PlimsollError('STATE_FULL', 'its output could not be written: the disk is full')
    const why = systemCodeOf(cause) === 'ENOSPC' ? full : cause
    return { ...end, error: maskedFacts(run.masker, why, 'TASK_FAILED') }
  }
}

type AttemptParts = { number: number; token: string; files: AttemptFiles; ending: Ending }

function attemptOf(task: Task, run: TaskRun, { number, token, files, ending }: AttemptParts): Attempt {
  return {
    task,
    work: run.work,
    token,
    files,
    isLimitDeclared: isLimitDeclared(task, run.plan),
    environment: environmentOf(task, run, { number, token, outputs: files.outputs }),
    values: run.values,
    masker: run.masker,
    ending,
    killSignal: run.killSignal,
    instruments: run.instruments,
    observe: run.observe,
    onControl: (control) => run.onControl?.(control),
    service: run.service,
    onIdentity: async (identity, service) => {
      if (service) run.keepService(identity)
      await run.emit({
        type: 'attempt-identified',
        phase: run.phase,
        task: task.name,
        attempt: number,
        identity,
        service,
      })
    },
  }
}

function environmentOf(
  task: Task,
  run: TaskRun,
  own: { number: number; token: string; outputs: string },
): Readonly<Record<string, string>> {
  const named = Object.entries(task.env).map(([name, value]) => [name, fillTemplate(value, run.values)])
  return {
    ...run.environment,
    ...run.plan.vars,
    PLIMSOLL_PLAN: run.plan.name,
    PLIMSOLL_VERSION: run.plan.version,
    PLIMSOLL_ENVIRONMENT: run.plan.environment ?? '',
    PLIMSOLL_RUN_ID: run.runId,
    PLIMSOLL_TASK: task.name,
    PLIMSOLL_ATTEMPT: String(own.number),
    PLIMSOLL_OUTPUT: own.outputs,
    ...Object.fromEntries(named),
    [tokenVariable]: own.token,
  }
}

/** Names an attempt in the environment of its processes; 20 characters of 36, no secret. */
function newToken(random: () => number): string {
  return Array.from({ length: 20 }, () => Math.floor(random() * 36).toString(36)).join('')
}
