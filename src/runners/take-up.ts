/** Goes on with an attempt that another engine has begun: waits for what runs, reads what has ended, or ends it. */
import { type FileHandle, stat } from 'node:fs/promises'
import { PlimsollError } from '../errors.ts'
import { isSameProcess } from '../memory/memory.ts'
import { fillTemplate } from '../plan/plan.ts'
import type { ProcessIdentity } from '../spine.ts'
import { AttemptLog, openLeftSpool, SpoolCopy } from './attempt-log.ts'
import { withAnswer } from './call.ts'
import { type Found, isService, type LeftAttempt, leftBehind } from './left-attempt.ts'
import { MemoryLimit } from './memory-limit.ts'
import { conclude, endOfFile, follow, readExitRecord, stopLeftovers } from './process.ts'
import { endAll } from './terminate.ts'
import { type Attempt, AttemptFailure, type RunnerEnd } from './words.ts'

/** How often it is looked whether a process that is no child of ours still runs, in milliseconds. */
const lookEveryMs = 50

/** What it is, as it was looked up, and as it was recorded. */
export type TakenUp = { readonly left: LeftAttempt; readonly found: Found }

/** To its end, like the runner that began it. Its memory is known from now on only, and held by watching. */
export async function takeUp(attempt: Attempt, taken: TakenUp): Promise<RunnerEnd> {
  const { work } = attempt
  if (isService(work)) return await takeUpService(attempt, taken)
  if (work.kind === 'call') return await withAnswer({ ...attempt, work }, () => takeUpProcess(attempt, taken))
  return await takeUpProcess(attempt, taken)
}

async function takeUpProcess(attempt: Attempt, { left, found }: TakenUp): Promise<RunnerEnd> {
  await using log = await AttemptLog.goOn(attempt.files.log, attempt.masker)
  const output = await openLeftSpool(attempt.files.spool)
  await using _output = output ?? nothingOpen
  const words = wordsOf(attempt)
  if (found.state === 'running' && found.isAdoptable) {
    await using memory = new MemoryLimit(attempt, true)
    const { identity } = found
    const followed = { words, identity, exited: goneOf(attempt, identity), log, output, memory }
    const end = await follow(attempt, followed).catch((error: unknown) => {
      throw error instanceof AttemptFailure ? new AttemptFailure(seenFromNow(error.end), error.cause) : error
    })
    return seenFromNow(end)
  }
  const leftovers = await stopLeftovers(attempt, () => leftBehindOf(attempt, left))
  return await conclude(attempt, {
    exit: { code: null, signal: null },
    words,
    log,
    spool: output && new SpoolCopy(output, log),
    end: { leftovers, peakMemoryBytes: { lower: 0, upper: null }, enforcement: 'none' },
    failure: () => null,
    unrecorded: null,
  })
}

const nothingOpen: AsyncDisposable = { [Symbol.asyncDispose]: async () => undefined }

/** It may have used more before. */
function seenFromNow(end: RunnerEnd): RunnerEnd {
  return { ...end, peakMemoryBytes: { lower: end.peakMemoryBytes?.lower ?? 0, upper: null } }
}

/** For what is told of a command that was not found. */
function wordsOf({ work, values }: Attempt): readonly string[] {
  const [first] = work.kind === 'exec' ? work.words : []
  return first === undefined ? [] : [fillTemplate(first, values)]
}

/** It is the child of nobody who could tell: its exit code is in the file of its supervisor. */
async function goneOf(
  { instruments }: Attempt,
  identity: ProcessIdentity,
): Promise<{ readonly code: null; readonly signal: null }> {
  while (isSameProcess(identity)) await instruments.clock.sleep(lookEveryMs)
  return { code: null, signal: null }
}

async function takeUpService(attempt: Attempt, { left, found }: TakenUp): Promise<RunnerEnd> {
  if (found.state === 'running') {
    await attempt.onIdentity(found.identity, true)
    return { outputs: { pid: String(found.identity.pid) } }
  }
  const record = readExitRecord(attempt.files.exit)
  const leftovers = await stopLeftovers(attempt, () => leftBehindOf(attempt, left))
  const lastOutput = attempt.masker
    .text(await endOfFile(attempt.files.log).catch(() => ''))
    .slice(-4096)
    .trimEnd()
  const error = new PlimsollError(
    'SERVICE_ENDED',
    `the service has ended with exit code ${record?.exitCode ?? 'unknown'}`,
  )
  throw new AttemptFailure({ exitCode: record?.exitCode ?? null, lastOutput, leftovers }, error)
}

const leftBehindOf = ({ files, instruments }: Attempt, left: LeftAttempt): readonly number[] =>
  leftBehind(left, files, instruments.finder)

/** Stops all that is left of it, and keeps what it printed. */
export async function giveUp(attempt: Attempt, { left }: TakenUp): Promise<RunnerEnd> {
  const { files, killSignal, instruments, masker } = attempt
  const { clock } = instruments
  const alive = (): readonly number[] => leftBehindOf(attempt, left)
  const leftovers = alive()
  await endAll(alive, { killSignal, clock })
  const output: FileHandle | null = isService(attempt.work) ? null : await openLeftSpool(files.spool)
  if (output === null) return { leftovers }
  await using _output = output
  await using log = await AttemptLog.goOn(files.log, masker)
  await new SpoolCopy(output, log).finish()
  await log.finish()
  return { leftovers, lastOutput: log.lastOutput }
}

/** When it ended, in milliseconds since 1970; null while it runs and when nobody knows. */
export async function endedAtMs({ files }: Pick<Attempt, 'files'>): Promise<number | null> {
  const found = await stat(files.exit).catch(() => null)
  return found !== null && found.size > 0 ? found.mtimeMs : null
}
