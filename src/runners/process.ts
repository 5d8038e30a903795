import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, readFileSync } from 'node:fs'
import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import { identify } from '../memory/memory.ts'
import type { ProcessIdentity } from '../spine.ts'
import { AttemptControl } from './attempt-control.ts'
import { AttemptLog, openSpool, SpoolCopy } from './attempt-log.ts'
import { type EndOfCommand, failureOf, isKill } from './failure.ts'
import { endWithEngine } from './last-resort.ts'
import { MemoryLimit } from './memory-limit.ts'
import { noRoomFor } from './no-room.ts'
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
  await using memory = new MemoryLimit(attempt)
  const spoolTo = { file: attempt.files.spool, output, join: memory.joinFile, isService: false }
  const child = await start(attempt, memory.wrap(words), spoolTo)
  const identity = identify(child.pid, attempt.token)
  return await follow(attempt, { words, identity, exited: child.exited, log, output, memory })
}

export type Followed = {
  readonly words: readonly string[]
  readonly identity: ProcessIdentity
  readonly exited: Promise<Exited>
  readonly log: AttemptLog
  readonly output: FileHandle | null
  readonly memory: MemoryLimit
}

/** A command that runs, from now to its end. */
export async function follow(attempt: Attempt, followed: Followed): Promise<RunnerEnd> {
  const { identity, exited, log, output, memory, words } = followed
  const { pid } = identity
  const spool = output && new SpoolCopy(output, log)
  using _last = endWithEngine(pid)
  using watch = memory.watch(pid)
  using _copying = attempt.instruments.clock.every(
    copyEveryMs,
    () => void spool?.copy().catch(() => undefined),
  )

  const living = (): readonly number[] => livingOf(attempt, identity, memory.pids())
  using control = new AttemptControl(attempt, pid, watch)
  const stopping = stopWith(control, living)
  // What cannot be recorded stops the run; here the command must have ended before it is told.
  const identified = attempt.onIdentity(identity, false).then(
    () => control.offer(),
    (error: unknown) => ({ error }),
  )
  const exit = await exited
  control[Symbol.dispose]()
  await stopping.settle()
  const unrecorded = await identified
  const leftovers = await stopLeftovers(attempt, living)
  const end = { peakMemoryBytes: watch.peak(), enforcement: memory.enforcement, leftovers }
  const failure = (failed: EndOfCommand): PlimsollError | null =>
    memory.failure({ isFailure: failed.exitCode !== 0, isKill: isKill(failed) })
  return await conclude(attempt, { exit, words, log, spool, end, failure, unrecorded })
}

type Conclusion = {
  readonly exit: Exited
  readonly words: readonly string[]
  readonly log: AttemptLog
  readonly spool: SpoolCopy | null
  readonly end: RunnerEnd
  /** What explains the end better than its exit code does. */
  readonly failure: (exit: EndOfCommand) => PlimsollError | null
  readonly unrecorded: { readonly error: unknown } | null
}

/** What has become of a command that runs no more, from what it and its supervisor have left. */
export async function conclude(attempt: Attempt, parts: Conclusion): Promise<RunnerEnd> {
  const { exit, words, log, spool, failure, unrecorded } = parts
  const record = readExitRecord(attempt.files.exit)
  const unlogged = await (spool?.finish() ?? Promise.resolve())
    .then(() => log.finish())
    .then(
      () => null,
      (error: unknown) => ({ error }),
    )
  const exitCode = record?.exitCode ?? exit.code
  const end = { ...parts.end, cpuMs: record?.cpuMs ?? null, exitCode, lastOutput: log.lastOutput }
  const ended = { words, exitCode, signal: exit.signal, lastOutput: log.lastOutput }
  const noRoom = await noRoomFor(ended, attempt.files.log, unlogged?.error)
  const why = attempt.ending.reason ?? failure(ended) ?? noRoom ?? failureOf(attempt, ended)
  if (why) throw new AttemptFailure(end, why)
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
  const identity = identify(child.pid, attempt.token)
  try {
    await attempt.onIdentity(identity, true)
  } catch (error) {
    await stopLeftovers(attempt, () => livingOf(attempt, identity))
    throw error
  }
  const settled = attempt.instruments.clock.sleep(serviceSettlesMs).then(() => null)
  const early = await Promise.race([child.exited, settled])
  if (early) {
    const leftovers = await stopLeftovers(attempt, () => livingOf(attempt, identity))
    const lastOutput = attempt.masker
      .text(await endOfFile(attempt.files.log))
      .slice(-4096)
      .trimEnd()
    const error = new PlimsollError('SERVICE_ENDED', `the service ended at once with exit code ${early.code}`)
    throw new AttemptFailure({ exitCode: early.code, lastOutput, leftovers }, error)
  }
  child.letGo()
  return { outputs: { pid: String(child.pid) } }
}

export type Exited = { readonly code: number | null; readonly signal: NodeJS.Signals | null }
type Started = {
  readonly pid: number
  readonly exited: Promise<Exited>
  /** The engine may end before the process does. */
  readonly letGo: () => void
}

type Spool = {
  readonly file: string
  readonly output: FileHandle
  readonly join: string | null
  readonly isService: boolean
}

async function startInto(attempt: Attempt, words: readonly string[], file: string): Promise<Started> {
  await using output = await openSpool(file)
  return await start(attempt, words, { file, output, join: null, isService: true })
}

async function start(
  attempt: Attempt,
  words: readonly string[],
  { file, output, join, isService }: Spool,
): Promise<Started> {
  const { dir } = attempt.task
  const [command, parameters] = supervised({ exit: attempt.files.exit, join, isService }, words)
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
export async function endOfFile(file: string): Promise<string> {
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

export async function stopLeftovers(
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
function livingOf(
  { instruments }: Attempt,
  { pid, startTicks, token }: ProcessIdentity,
  members: readonly number[] = [],
): readonly number[] {
  const groupOnly = (): readonly number[] => (send(-pid, 0) ? [-pid] : [])
  if (process.platform !== 'linux') return groupOnly()
  try {
    return instruments.finder.leftovers({ pid, startTicks, token, members: new Set(members) })
  } catch {
    return groupOnly() // no descriptor is free to list /proc
  }
}

/** At once: it is a line or two that have just been written, and four turns through the threads of Node.js cost more. */
export function readExitRecord(file: string): ExitRecord | undefined {
  try {
    // The task may have put anything there; opening a pipe must not wait for a writer.
    return parseExitRecord(
      readFileSync(file, { encoding: 'utf8', flag: constants.O_RDONLY | constants.O_NONBLOCK }),
    )
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
