/** A call in a worker of the run's pool: a thread or a process that other calls have used and will use. */
import { linkSync, writeFileSync } from 'node:fs'
import { PlimsollError } from '../errors.ts'
import { identify } from '../memory/memory.ts'
import { ownModule } from '../own-files.ts'
import type { Measured, WorkerProcess } from '../pool/pool.ts'
import type { ProcessIdentity } from '../spine.ts'
import { AttemptControl } from './attempt-control.ts'
import { AttemptLog } from './attempt-log.ts'
import { type CallEnd, type CallRequest, callAndLeave, callExport } from './call-export.ts'
import { killedByKernel } from './memory-limit.ts'
import { notStarted } from './process.ts'
import { endAll } from './terminate.ts'
import { type Attempt, AttemptFailure, type RunnerEnd } from './words.ts'

const module = ownModule('runners/call-export').href

type Call = Attempt<'call'>
type Unrecorded = { readonly error: unknown }

/** Waits for a thread; nothing is enforced there, and what the function started is stopped afterwards. */
export async function callInThread(attempt: Call, request: CallRequest): Promise<RunnerEnd> {
  const job = { module, exportName: callExport.name, argument: request }
  const { environment } = attempt
  return callInWorker(attempt, (options) =>
    attempt.instruments.pool.run(job, { ...options, place: 'thread', environment }),
  )
}

/**
 * Waits for a process. Its session is the worker's, and what else lives in it when the call has ended belongs to the
 * call and is stopped before the worker is used again. What the engine would lose when it is killed is left in the
 * attempt's files, as a process of its own would leave it: the output, the answer and the exit record.
 */
export async function callInPooledProcess(attempt: Call, request: CallRequest): Promise<RunnerEnd> {
  const { files, task, environment, instruments } = attempt
  const job = {
    module,
    exportName: callAndLeave.name,
    argument: { request, requestFile: files.request, exitFile: files.exit },
  }
  try {
    return await callInWorker(attempt, (options) =>
      instruments.pool.run(job, {
        ...options,
        place: 'process',
        limitBytes: task.limitBytes,
        onMemory: attempt.observe,
        environment: { ...environment, PWD: task.dir },
        directory: task.dir,
      }),
    )
  } catch (error) {
    throw await withoutDirectory(attempt, error)
  }
}

type WorkerOptions = NonNullable<Parameters<Attempt['instruments']['pool']['run']>[1]>
type RunInPool = (options: WorkerOptions) => Promise<{ readonly value: unknown }>

async function callInWorker(attempt: Call, run: RunInPool): Promise<RunnerEnd> {
  await using log = await AttemptLog.open(attempt.files.log, attempt.masker)
  using worker = new WorkerOfCall(attempt)
  let measured: Measured | undefined
  // What waits for a worker has not started.
  attempt.ending.holdBack()
  const end = await run({
    signal: attempt.ending.signal,
    killSignal: worker.killSignal,
    onStart: (process) => worker.begin(process),
    onOutput: (chunk) => log.write(chunk),
    onMeasured: (seen) => {
      measured = seen
    },
    beforeReuse: () => worker.letGo(),
  }).then(
    ({ value }) => value as CallEnd,
    (error: unknown) => ({ thrown: error }),
  )
  await worker.stopChildren()
  const unrecorded = await worker.identified
  await log.finish()
  const result: RunnerEnd = {
    cpuMs: measured ? measured.cpuMs && Math.round(measured.cpuMs) : null,
    ...(measured?.peakBytes && { peakMemoryBytes: measured.peakBytes }),
    enforcement: measured?.peakBytes ? 'watchdog' : 'none',
    leftovers: worker.leftovers,
    lastOutput: log.lastOutput,
  }
  const failure = attempt.ending.reason ?? worker.killedByKernel(end) ?? failureOf(end)
  if (failure) throw new AttemptFailure(result, failure)
  if (unrecorded) throw new AttemptFailure(result, unrecorded.error)
  return { ...result, outputs: 'outputs' in end ? end.outputs : {} }
}

function failureOf(end: CallEnd | { readonly thrown: unknown }): unknown {
  if ('thrown' in end) return end.thrown
  return 'error' in end ? new PlimsollError(end.error.code, end.error.message) : undefined
}

async function withoutDirectory({ task }: Call, error: unknown): Promise<unknown> {
  if (!(error instanceof AttemptFailure) || !(error.cause instanceof PlimsollError)) return error
  if (error.cause.code !== 'CALL_FAILED' || !error.cause.message.includes('chdir')) return error
  return new AttemptFailure(error.end, await notStarted(task.dir, error.cause))
}

/** The worker while it works for one call. */
class WorkerOfCall implements Disposable {
  readonly #attempt: Call
  readonly #kill = new AbortController()
  #process: WorkerProcess | null = null
  #control: AttemptControl | undefined
  #isOver = false
  readonly #killsBefore: number
  leftovers: readonly number[] = []
  /** Null when it was recorded. */
  identified: Promise<Unrecorded | null> = Promise.resolve(null)

  constructor(attempt: Call) {
    this.#attempt = attempt
    this.#killsBefore = attempt.instruments.kernelKills.count()
    attempt.ending.signal.addEventListener('abort', this.#onEnding)
    attempt.killSignal.addEventListener('abort', this.#onKill)
    if (attempt.killSignal.aborted) this.#onKill()
  }

  get killSignal(): AbortSignal {
    return this.#kill.signal
  }

  /** The failure of a process that somebody killed while the kernel killed for want of memory. */
  killedByKernel(end: object): PlimsollError | null {
    const { kernelKills } = this.#attempt.instruments
    const thrown = 'thrown' in end ? end.thrown : null
    const isKilled = thrown instanceof PlimsollError && thrown.code === 'WORKER_ENDED' && this.#process
    if (!isKilled || !thrown.message.includes('SIGKILL') || kernelKills.where === null) return null
    return kernelKills.count() > this.#killsBefore ? killedByKernel(kernelKills.where) : null
  }

  begin(process: WorkerProcess | null): void {
    const attempt = this.#attempt
    attempt.ending.begin()
    this.#process = process
    if (process === null) return
    const { pid, watch, spoolFile } = process
    const identity = identify(pid, attempt.token)
    keepOutput(spoolFile, attempt.files.spool)
    markBegun(attempt.files.begun, identity)
    const control = new AttemptControl(attempt, pid, watch)
    this.#control = control
    control.killSignal.addEventListener('abort', this.#onKill, { once: true })
    // What cannot be recorded stops the run; here the call must have ended before it is told.
    this.identified = attempt.onIdentity(identity, false).then(
      () => control.offer(),
      (error: unknown) => ({ error }),
    )
  }

  /** From now on it may work for others: what is in its session is theirs. */
  async letGo(): Promise<void> {
    await this.stopChildren()
    this.#isOver = true
  }

  /** What the function started and left. The guard has nothing to do with the worker any more. */
  async stopChildren(): Promise<void> {
    this.#control?.[Symbol.dispose]()
    const left = this.#children()
    if (left.length === 0) return
    this.leftovers = [...this.leftovers, ...left]
    await this.#end()
  }

  [Symbol.dispose](): void {
    this.#control?.[Symbol.dispose]()
    this.#attempt.ending.signal.removeEventListener('abort', this.#onEnding)
    this.#attempt.killSignal.removeEventListener('abort', this.#onKill)
  }

  #end(): Promise<void> {
    const { clock } = this.#attempt.instruments
    return endAll(() => this.#children(), { killSignal: this.killSignal, clock })
  }

  /** Without the worker itself. Its session is looked at only while it works for this call. */
  #children(): readonly number[] {
    const { instruments, token } = this.#attempt
    const { finder } = instruments
    const process = this.#process
    if (process === null) return finder.findByToken(token)
    const found = this.#isOver ? finder.findByToken(token) : finder.leftovers({ pid: process.pid, token })
    return found.filter((pid) => pid !== process.pid)
  }

  readonly #onEnding = (): void => {
    this.#control?.resume()
    if (this.#process) void this.#end()
  }

  readonly #onKill = (): void => this.#kill.abort()
}

/** A worker does not carry the token of its call: until it is recorded who it is, this file tells. */
function markBegun(file: string, identity: ProcessIdentity): void {
  try {
    writeFileSync(file, JSON.stringify(identity), { mode: 0o600 })
  } catch {
    // The disk is full: what cannot be recorded stops the run anyway.
  }
}

/** The spool under the attempt's own name too, for whoever looks for it after the engine was killed. */
function keepOutput(spoolFile: string, file: string): void {
  try {
    linkSync(spoolFile, file)
  } catch {
    // No second name on this file system: it stays under the first.
  }
}
