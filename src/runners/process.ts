import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import { identify } from '../memory/memory.ts'
import { AttemptControl } from './attempt-control.ts'
import { AttemptLog, openSpool, SpoolCopy } from './attempt-log.ts'
import { failureOf, isKill } from './failure.ts'
import { endWithEngine } from './last-resort.ts'
import { MemoryLimit } from './memory-limit.ts'
import { type ExitRecord, parseExitRecord, supervised } from './supervisor.ts'
import { endAll, send } from './terminate.ts'
import { type Attempt, AttemptFailure, type RunnerEnd } from './words.ts'

/** How often new output is carried from the spool into the log, in milliseconds. */
const copyEveryMs = 200
/** A service that ends this early, in milliseconds, has not started. */
const serviceSettlesMs = 250

/**
 * Runs one command, given as words, under the supervisor and to its end. Its output goes to a file, never to a pipe:
 * it loses nothing when the engine is killed, and the task ends at its exit, not when a grandchild closes a pipe.
 * What it leaves behind is stopped.
 */
export async function runProcess(attempt: Attempt, words: readonly string[]): Promise<RunnerEnd> {
  await using log = await AttemptLog.open(attempt.files.log, attempt.masker)
  await using output = await openSpool(attempt.files.spool)
  const spool = new SpoolCopy(attempt.files.spool, output, log)
  await using memory = new MemoryLimit(attempt)
  const spoolTo = { file: attempt.files.spool, output, join: memory.joinFile }
  const child = await start(attempt, memory.wrap(words), spoolTo)
  using _last = endWithEngine(child.pid)
  using watch = memory.watch(child.pid)
  using _copying = attempt.instruments.clock.every(
    copyEveryMs,
    () => void spool.copy().catch(() => undefined),
  )

  const living = (): readonly number[] => livingOf(attempt, child.pid, memory.pids())
  using control = new AttemptControl(attempt, child.pid, watch)
  const stopping = stopWith(control, living)
  // What cannot be recorded stops the run; here the command must have ended before it is told.
  const identified = attempt.onIdentity(identify(child.pid, attempt.token), false).then(
    () => control.offer(),
    (error: unknown) => ({ error }),
  )
  const { code, signal } = await child.exited
  control[Symbol.dispose]()
  await stopping.settle()
  const unrecorded = await identified
  const leftovers = await stopLeftovers(attempt, living)
  const record = await takeExitRecord(attempt.files.exit)
  const unlogged = await spool
    .finish()
    .then(() => log.finish())
    .then(
      () => null,
      (error: unknown) => ({ error }),
    )

  const exitCode = record?.exitCode ?? code
  const measured = { peakMemoryBytes: watch.peak(), cpuMs: record?.cpuMs ?? null, exitCode, leftovers }
  const end = { ...measured, enforcement: memory.enforcement, lastOutput: log.lastOutput }
  const exit = { words, exitCode, signal, lastOutput: log.lastOutput }
  const failure =
    attempt.ending.reason ??
    memory.failure({ isFailure: exitCode !== 0, isKill: isKill(exit) }) ??
    failureOf(attempt, exit)
  if (failure) throw new AttemptFailure(end, failure)
  const incomplete = unrecorded ?? unlogged
  if (incomplete) throw new AttemptFailure(end, incomplete.error)
  return end
}

/**
 * Starts a service that outlives the run. Its output goes into the attempt's log as it is: nobody stands between
 * once the engine has gone, so that the file (mode 0600) is not masked.
 * @throws SERVICE_ENDED when it has ended within a quarter of a second.
 */
export async function startService(attempt: Attempt, words: readonly string[]): Promise<RunnerEnd> {
  const child = await startInto(attempt, words, attempt.files.log)
  try {
    await attempt.onIdentity(identify(child.pid, attempt.token), true)
  } catch (error) {
    await stopLeftovers(attempt, () => livingOf(attempt, child.pid))
    throw error
  }
  const settled = attempt.instruments.clock.sleep(serviceSettlesMs).then(() => null)
  const early = await Promise.race([child.exited, settled])
  if (early) {
    const leftovers = await stopLeftovers(attempt, () => livingOf(attempt, child.pid))
    const lastOutput = attempt.masker
      .text(await endOfFile(attempt.files.log))
      .slice(-4096)
      .trimEnd()
    const error = new PlimsollError('SERVICE_ENDED', `the service ended at once with exit code ${early.code}`)
    await rm(attempt.files.exit, { force: true })
    throw new AttemptFailure({ exitCode: early.code, lastOutput, leftovers }, error)
  }
  child.letGo()
  return { outputs: { pid: String(child.pid) } }
}

type Exited = { readonly code: number | null; readonly signal: NodeJS.Signals | null }
type Started = {
  readonly pid: number
  readonly exited: Promise<Exited>
  /** The engine may end before the process does. */
  readonly letGo: () => void
}

type Spool = { readonly file: string; readonly output: FileHandle; readonly join?: string | null }

async function startInto(attempt: Attempt, words: readonly string[], file: string): Promise<Started> {
  await using output = await openSpool(file)
  return await start(attempt, words, { file, output })
}

async function start(
  attempt: Attempt,
  words: readonly string[],
  { file, output, join = null }: Spool,
): Promise<Started> {
  const { dir } = attempt.task
  const [command, parameters] = supervised({ exit: attempt.files.exit, join }, words)
  try {
    const child = spawn(command, parameters, {
      cwd: dir,
      env: { ...attempt.environment, PWD: dir },
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    })
    // Listened for before anything is awaited: a quick command has ended by then.
    const exited = new Promise<Exited>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
    if (child.pid !== undefined) return { pid: child.pid, exited, letGo: () => child.unref() }
    const [cause] = await once(child, 'error')
    throw cause
  } catch (cause) {
    await rm(file, { force: true })
    throw await notStarted(dir, cause)
  }
}

/** Enough to mask before the last lines are cut from it. */
async function endOfFile(file: string): Promise<string> {
  await using handle = await open(file, 'r')
  const { size } = await handle.stat()
  const buffer = Buffer.alloc(Math.min(size, 64 * 1024))
  await handle.read(buffer, 0, buffer.length, size - buffer.length)
  return buffer.toString('utf8')
}

/** Why a process could not be started in this directory. */
export async function notStarted(dir: string, cause: unknown): Promise<PlimsollError> {
  const found = await stat(dir).catch(() => null)
  if (found === null)
    return new PlimsollError('TASK_NOT_STARTED', `its directory ${dir} does not exist`, { cause })
  if (!found.isDirectory())
    return new PlimsollError('TASK_NOT_STARTED', `${dir} is not a directory`, { cause })
  if (systemCodeOf(cause) === 'E2BIG') {
    return new PlimsollError(
      'TASK_NOT_STARTED',
      'its command line or environment is larger than the system allows',
      {
        cause,
        fix: 'Put large texts into a file; one word may have 128 KiB on Linux',
      },
    )
  }
  const reason = systemCodeOf(cause) ?? String(cause)
  return new PlimsollError('TASK_NOT_STARTED', `its process could not be started (${reason})`, { cause })
}

/** When the attempt is brought to its end, its whole process group and what escaped from it is stopped. */
function stopWith(control: AttemptControl, living: () => readonly number[]): { settle(): Promise<void> } {
  const { ending, instruments } = control.attempt
  let stopping: Promise<void> | undefined
  const stop = (): void => {
    stopping ??= endAll(living, { killSignal: control.killSignal, clock: instruments.clock })
    // What is suspended gets the signal when it goes on.
    control.resume()
  }
  if (ending.signal.aborted) stop()
  ending.signal.addEventListener('abort', stop, { once: true })
  return {
    settle: async () => {
      ending.signal.removeEventListener('abort', stop)
      await stopping
    },
  }
}

async function stopLeftovers(
  { killSignal, instruments }: Attempt,
  living: () => readonly number[],
): Promise<readonly number[]> {
  const leftovers = living()
  if (leftovers.length > 0) await endAll(living, { killSignal, clock: instruments.clock })
  return leftovers
}

/**
 * What to signal to reach every process of the attempt once: each by itself, or its group where they cannot be listed.
 * `members` are known to be its own.
 */
function livingOf(attempt: Attempt, pid: number, members: readonly number[] = []): readonly number[] {
  const groupOnly = (): readonly number[] => (send(-pid, 0) ? [-pid] : [])
  if (process.platform !== 'linux') return groupOnly()
  try {
    return attempt.instruments.finder.leftovers({ pid, token: attempt.token, members: new Set(members) })
  } catch {
    return groupOnly() // no descriptor is free to list /proc
  }
}

async function takeExitRecord(file: string): Promise<ExitRecord | undefined> {
  try {
    const text = await readFile(file, 'utf8')
    await rm(file)
    return parseExitRecord(text)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
