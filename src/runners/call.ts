import { writeFile } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { PlimsollError } from '../errors.ts'
import { ownModule } from '../own-files.ts'
import { fillTree } from '../plan/plan.ts'
import { AttemptLog } from './attempt-log.ts'
import { type CallEnd, type CallRequest, callExport, readAnswer } from './call-export.ts'
import { callInPooledProcess, callInThread } from './call-worker.ts'
import { withOutputTo } from './inline-output.ts'
import { runProcess } from './process.ts'
import { type Attempt, AttemptFailure, type Runner, type RunnerEnd } from './words.ts'

const failed = (message: string): CallEnd => ({ error: { code: 'CALL_FAILED', message } })

/** Calls an exported function: in the engine's own process, in a worker thread, or in a child process. */
export const runCall: Runner<'call'> = (attempt) => {
  const { module, exportName, argument, place } = attempt.work
  const request = {
    module: pathToFileURL(module).href,
    exportName,
    argument: fillTree(argument, attempt.values),
  }
  return places[place](attempt, request)
}

const places = {
  inline: callInline,
  thread: callInThread,
  process: (attempt: Attempt<'call'>, request: CallRequest) =>
    needsOwnProcess(attempt) ? callInOwnProcess(attempt, request) : callInPooledProcess(attempt, request),
} as const

/** Variables that are read when a process starts, not later. */
const startVariables = /^(?:NODE_|LD_|DYLD_|UV_|MALLOC_|GLIBC_|SSL_|OPENSSL_|LC_|LANG$|TZ$)/

/** A declared limit is enforced as hard as it can be here, which is possible only from the start of a process. */
function needsOwnProcess({ isLimitDeclared, task }: Attempt): boolean {
  return isLimitDeclared || Object.keys(task.env).some((name) => startVariables.test(name))
}

/**
 * Nothing can be measured or enforced here: the function shares the engine's memory and its thread. A loop that
 * never yields stops the engine.
 */
async function callInline(attempt: Attempt<'call'>, request: CallRequest): Promise<RunnerEnd> {
  await using log = await AttemptLog.open(attempt.files.log, attempt.masker)
  const output = new InlineOutput(log)
  const context = {
    signal: attempt.ending.signal,
    log: (line: string) => output.write(`${line}\n`),
    env: attempt.environment,
    transfer: () => undefined, // nothing is copied here
  }
  const call = withOutputTo(
    (chunk) => output.write(chunk),
    () => callExport(request, context),
  )
  const end = await Promise.race([call, aborted(attempt.ending.signal)])
  await output.close()
  return await finish(attempt, end, log)
}

/** Writes one after the other; what comes after the end of the call is let go. */
class InlineOutput {
  readonly #log: AttemptLog
  #last: Promise<void> = Promise.resolve()
  #fault: { readonly error: unknown } | null = null
  #closed = false

  constructor(log: AttemptLog) {
    this.#log = log
  }

  write(chunk: string | Uint8Array): void {
    if (this.#closed || this.#fault) return
    this.#last = this.#last
      .then(() => this.#log.write(Buffer.from(chunk)))
      .catch((error: unknown) => {
        this.#fault ??= { error }
      })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#last
    if (this.#fault) throw this.#fault.error
  }
}

/** The request goes through a file (mode 0600), never through the command line: it may hold secrets. */
async function callInOwnProcess(attempt: Attempt<'call'>, request: CallRequest): Promise<RunnerEnd> {
  const { request: file } = attempt.files
  // What waits for a worker has not started.
  attempt.ending.holdBack()
  using _place = await attempt.instruments.pool.takeProcessPlace(attempt.ending.signal)
  attempt.ending.begin()
  await writeFile(file, JSON.stringify(request), { mode: 0o600, flag: 'wx' })
  const words = [process.execPath, fileURLToPath(ownModule('runners/call-process')), file]
  return await withAnswer(attempt, () => runProcess(attempt, words))
}

/** The outputs, or the failure, that its process has left for a call that `run` sees to its end. */
export async function withAnswer(
  attempt: Attempt<'call'>,
  run: () => Promise<RunnerEnd>,
): Promise<RunnerEnd> {
  const ended = await run().catch((error: unknown) => {
    if (error instanceof AttemptFailure) return error
    throw error
  })
  const measured = ended instanceof AttemptFailure ? ended.end : ended
  const answer = await readAnswer(attempt.files.request)
  const failure = ended instanceof AttemptFailure ? ended : null
  // An answer counts more than the exit code, not more than what the engine could not do (its log, for one).
  const counts = answer && failure?.cause instanceof PlimsollError && !explainsMore(attempt, failure.cause)
  if (failure && !counts) throw failure
  const end = answer ?? failed('its process ended without an answer')
  if ('error' in end) throw new AttemptFailure(measured, new PlimsollError(end.error.code, end.error.message))
  return { ...measured, outputs: end.outputs }
}

/** Its process was stopped, or killed for want of memory: what the function says of that is not the reason. */
const explainsMore = (attempt: Attempt, cause: PlimsollError): boolean =>
  attempt.ending.reason !== null || ['TASK_MEMORY_EXCEEDED', 'TASK_KILLED_BY_KERNEL'].includes(cause.code)

function aborted(signal: AbortSignal): Promise<CallEnd> {
  return new Promise((resolve) => {
    const stop = (): void => resolve(failed('it was stopped'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

async function finish(attempt: Attempt<'call'>, end: CallEnd, log: AttemptLog): Promise<RunnerEnd> {
  await log.finish()
  const measured = { enforcement: 'none', lastOutput: log.lastOutput } as const
  const { reason } = attempt.ending
  if (reason) throw new AttemptFailure(measured, reason)
  if ('error' in end) throw new AttemptFailure(measured, new PlimsollError(end.error.code, end.error.message))
  return { ...measured, outputs: end.outputs }
}
