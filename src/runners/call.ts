import { writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { messageOf, PlimsollError } from '../errors.ts'
import { fillTree } from '../plan/plan.ts'
import { AttemptLog } from './attempt-log.ts'
import { type CallEnd, type CallRequest, callExport, takeAnswer } from './call-export.ts'
import { withOutputTo } from './inline-output.ts'
import { runProcess } from './process.ts'
import { endAll, graceMs } from './terminate.ts'
import { type Attempt, AttemptFailure, type Runner, type RunnerEnd } from './words.ts'

/** Beside this file, as `.ts` in development and as `.js` in the package. */
const besides = (name: string): URL => new URL(`./${name}${extname(import.meta.url)}`, import.meta.url)

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

const places = { inline: callInline, thread: callInThread, process: callInProcess } as const

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

async function callInThread(attempt: Attempt<'call'>, request: CallRequest): Promise<RunnerEnd> {
  await using log = await AttemptLog.open(attempt.files.log, attempt.masker)
  // A channel of our own: a module may have its own use for the parent port.
  const { port1: ours, port2: theirs } = new MessageChannel()
  const worker = new Worker(besides('call-thread'), {
    workerData: { request, port: theirs },
    transferList: [theirs],
    env: { ...attempt.environment },
    stdout: true,
    stderr: true,
  })
  const { promise, resolve } = Promise.withResolvers<CallEnd>()
  ours.once('message', (message: CallEnd) => resolve(message))
  worker.once('error', (error: unknown) => resolve(failed(messageOf(error))))
  worker.once('exit', () => {
    // The end of the thread may be told before the answer that it sent.
    const waiting = receiveMessageOnPort(ours)
    resolve(waiting ? (waiting.message as CallEnd) : failed('its thread ended without an answer'))
  })
  const output = Promise.all([copy(worker.stdout, log), copy(worker.stderr, log)])

  const over = new AbortController()
  const stop = (): void => {
    ours.postMessage('stop')
    const kill = (): void => void worker.terminate()
    const patience = AbortSignal.any([attempt.killSignal, over.signal])
    attempt.instruments.clock.sleep(graceMs, patience).then(kill, kill)
  }
  if (attempt.ending.signal.aborted) stop()
  else attempt.ending.signal.addEventListener('abort', stop, { once: true })
  const end = await promise
  over.abort()
  await worker.terminate()
  ours.close()
  await output
  attempt.ending.signal.removeEventListener('abort', stop)
  await stopChildren(attempt)
  return await finish(attempt, end, log)
}

/** What a function started with the environment of its task, and left. */
async function stopChildren({ instruments, token, killSignal }: Attempt): Promise<void> {
  const alive = (): readonly number[] => instruments.finder.findByToken(token)
  if (alive().length > 0) await endAll(alive, { killSignal, clock: instruments.clock })
}

/** The request goes through a file (mode 0600), never through the command line: it may hold secrets. */
async function callInProcess(attempt: Attempt<'call'>, request: CallRequest): Promise<RunnerEnd> {
  const { request: file } = attempt.files
  await writeFile(file, JSON.stringify(request), { mode: 0o600, flag: 'wx' })
  const words = [process.execPath, fileURLToPath(besides('call-process')), file]
  const ended = await runProcess(attempt, words).catch((error: unknown) => {
    if (error instanceof AttemptFailure) return error
    throw error
  })
  const measured = ended instanceof AttemptFailure ? ended.end : ended
  const answer = await takeAnswer(file)
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

async function copy(stream: AsyncIterable<Uint8Array>, log: AttemptLog): Promise<void> {
  for await (const chunk of stream) await log.write(chunk)
}

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
