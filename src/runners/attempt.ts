import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import { tokenVariable } from '../memory/memory.ts'
import { fillTemplate } from '../plan/plan.ts'
import { maskedFacts } from '../redact/redact.ts'
import type { AttemptResult, Task, Work } from '../spine.ts'
import { runCall } from './call.ts'
import { Ending } from './ending.ts'
import { runHttp } from './http.ts'
import { isLimitDeclared } from './limit.ts'
import { checkOutputs, readOutputs } from './outputs.ts'
import { runProcess, startService } from './process.ts'
import { isRetryRefusal } from './retry-rules.ts'
import { stopService } from './stop.ts'
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

/** One attempt, told before it starts. Its failure is part of the result. */
export async function attemptOnce(task: Task, run: TaskRun, options: AttemptOptions): Promise<AttemptResult> {
  const { number, signal, onSuspended } = options
  const token = newToken(run.random)
  const files = filesOf(run)
  const { phase } = run
  const log = join('runs', run.runId, files.name)
  await run.emit({
    type: 'attempt-opened',
    phase,
    task: task.name,
    attempt: number,
    token,
    kind: run.work.kind,
    log,
  })

  const startMs = run.clock.monotonic()
  using ending = new Ending(run.signal, run.clock)
  signal.addEventListener('abort', () => {
    if (isRetryRefusal(signal.reason)) ending.because(signal.reason)
  })
  const end = await endOf(run, async () => {
    ending.limit(run.phase === 'undo' ? (task.undoTimeoutMs ?? task.timeoutMs) : task.timeoutMs)
    const attempt = attemptOf(task, run, { number, token, files, ending })
    const ended = await (runners[run.work.kind] as (attempt: Attempt) => Promise<RunnerEnd>)(attempt)
    return { ...ended, outputs: await outputsOf(run, files, ended) }
  })
  onSuspended(ending.pausedMs)
  await rm(files.outputs, { recursive: true, force: true }).catch(() => undefined)
  return {
    ...nothingMeasured,
    ...end,
    durationMs: Math.round(run.clock.monotonic() - startMs),
  }
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

function filesOf(run: TaskRun): AttemptFiles & { readonly name: string } {
  const number = run.nextFileNumber()
  const file = (ending: string): string => join(run.stateDir, 'runs', run.runId, `${number}.${ending}`)
  return {
    name: `${number}.log`,
    log: file('log'),
    spool: file('spool'),
    exit: file('exit'),
    outputs: file('out'),
    request: file('request'),
  }
}

/** Names an attempt in the environment of its processes; 20 characters of 36, no secret. */
function newToken(random: () => number): string {
  return Array.from({ length: 20 }, () => Math.floor(random() * 36).toString(36)).join('')
}
