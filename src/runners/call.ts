import { writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { PlimsollError } from '../errors.ts'
import { fillTree } from '../plan/plan.ts'
import { AttemptLog } from './attempt-log.ts'
import { type CallEnd, type CallRequest, callExport, takeFailure } from './call-export.ts'
import { runProcess } from './process.ts'
import { graceMs } from './terminate.ts'
import { type Attempt, AttemptFailure, type Runner, type RunnerEnd } from './words.ts'

/** Beside this file, as `.ts` in development and as `.js` in the package. */
const besides = (name: string): URL => new URL(`./${name}${extname(import.meta.url)}`, import.meta.url)

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

/** Nothing can be measured or enforced here: the function shares the engine's memory. */
async function callInline(attempt: Attempt<'call'>, request: CallRequest): Promise<RunnerEnd> {
  await using log = await AttemptLog.open(attempt.files.log, attempt.masker)
  const writes: Promise<void>[] = []
  const write = (line: string): void => void writes.push(log.write(Buffer.from(`${line}\n`)))
  const call = callExport(request, { signal: attempt.ending.signal, log: write, env: attempt.environment })
  const end = await Promise.race([call, aborted(attempt.ending.signal)])
  await Promise.all(writes)
  return finish(attempt, end, log)
}

async function callInThread(attempt: Attempt<'call'>, request: CallRequest): Promise<RunnerEnd> {
  await using log = await AttemptLog.open(attempt.files.log, attempt.masker)
  const worker = new Worker(besides('call-thread'), {
    workerData: request,
    env: { ...attempt.environment },
    stdout: true,
    stderr: true,
  })
  const end = Promise.withResolvers<CallEnd | null>()
  worker.once('message', (message: CallEnd) => end.resolve(message))
  worker.once('error', (error) => end.resolve({ error: { code: 'CALL_FAILED', message: error.message } }))
  worker.once('exit', () => end.resolve(null))
  const output = Promise.all([copy(worker.stdout, log), copy(worker.stderr, log)])

  const stop = (): void => {
    worker.postMessage('stop')
    const kill = (): void => void worker.terminate()
    attempt.instruments.clock.sleep(graceMs, attempt.killSignal).then(kill, kill)
  }
  if (attempt.ending.signal.aborted) stop()
  else attempt.ending.signal.addEventListener('abort', stop, { once: true })
  const ended = await end.promise
  await worker.terminate()
  await output
  attempt.ending.signal.removeEventListener('abort', stop)
  return finish(
    attempt,
    ended ?? { error: { code: 'CALL_FAILED', message: 'its thread ended without an answer' } },
    log,
  )
}

/** The request goes through a file (mode 0600), never through the command line: it may hold secrets. */
async function callInProcess(attempt: Attempt<'call'>, request: CallRequest): Promise<RunnerEnd> {
  await writeFile(attempt.files.request, JSON.stringify(request), { mode: 0o600, flag: 'wx' })
  const words = [process.execPath, fileURLToPath(besides('call-process')), attempt.files.request]
  try {
    return await runProcess(attempt, words)
  } catch (error) {
    const failure = await takeFailure(attempt.files.request)
    if (!(error instanceof AttemptFailure) || !failure || attempt.ending.reason) throw error
    throw new AttemptFailure(error.end, new PlimsollError(failure.code, attempt.masker.text(failure.message)))
  }
}

async function copy(stream: AsyncIterable<Uint8Array>, log: AttemptLog): Promise<void> {
  for await (const chunk of stream) await log.write(chunk)
}

function aborted(signal: AbortSignal): Promise<CallEnd> {
  return new Promise((resolve) => {
    const stop = (): void => resolve({ error: { code: 'CALL_FAILED', message: 'it was stopped' } })
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

async function finish(attempt: Attempt<'call'>, end: CallEnd, log: AttemptLog): Promise<RunnerEnd> {
  await log.finish()
  const measured = { enforcement: 'none', lastOutput: log.lastOutput } as const
  const reason = attempt.ending.reason
  if (reason) throw new AttemptFailure(measured, reason)
  if ('error' in end) {
    throw new AttemptFailure(
      measured,
      new PlimsollError(end.error.code, attempt.masker.text(end.error.message)),
    )
  }
  return { ...measured, outputs: end.outputs }
}
