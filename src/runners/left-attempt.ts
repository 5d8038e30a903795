/**
 * What has become of an attempt whose engine was killed: looked up by who its process is (pid, start time, boot of the
 * machine, token in the environment) and by the files that its supervisor leaves. Looks only, changes nothing.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isSameProcess, ownsSession, type ProcessFinder } from '../memory/memory.ts'
import type { OnResume, ProcessIdentity, Task, TaskAnswer, Work } from '../spine.ts'
import { attemptFiles } from './attempt-files.ts'
import { parseExitRecord } from './supervisor.ts'
import type { AttemptFiles, Here } from './words.ts'

/** An attempt that was open when its engine was killed, as it was recorded. */
export type LeftAttempt = {
  readonly attempt: number
  readonly token: string
  readonly log: string
  readonly openedAtMs: number
  readonly host: string | null
  readonly bootId: string | null
  readonly identity: ProcessIdentity | null
}

export type Found = { readonly because: string } & (
  | { readonly state: 'not-begun' | 'evicted' | 'ended' | 'unknown' }
  | {
      readonly state: 'running'
      readonly identity: ProcessIdentity
      /** Its supervisor is there to tell how it ends, and its output is where it was. */
      readonly isAdoptable: boolean
    }
)

/** `give-up`: it is stopped, and nothing follows. `ask`: only a person can know. */
export type LeftAction = 'take-up' | 'again' | 'done' | 'failed' | 'give-up' | 'ask'

type Place = {
  readonly stateDir: string
  readonly here: Here
  readonly finder: ProcessFinder
  /** Who believes that it is theirs and may come back, in words; else null. */
  readonly engineAlive: string | null
}

export function lookFor(left: LeftAttempt, work: Work, place: Place): Found {
  const found = lookAnywhere(left, work, place)
  return place.engineAlive === null ? found : fenced(found, place.engineAlive)
}

/** An engine that comes back stops what it has begun, or begins what it was about to: nobody can rely on that. */
function fenced(found: Found, engine: string): Found {
  const because = `${found.because}, and its engine (${engine}) may come back`
  if (found.state === 'running') return { ...found, isAdoptable: false, because }
  return found.state === 'not-begun' ? { state: 'unknown', because } : found
}

function lookAnywhere(
  left: LeftAttempt,
  work: Work,
  { stateDir, here, finder }: Omit<Place, 'engineAlive'>,
): Found {
  const files = attemptFiles(stateDir, left.log)
  if (left.host !== null && left.host !== here.host)
    return { state: 'unknown', because: `it ran on ${left.host}, which cannot be seen from here` }
  const isThisBoot = left.bootId !== null && left.bootId === here.bootId
  if (work.kind === 'http' || work.kind === 'stop')
    return { state: 'unknown', because: 'its engine was killed before the answer was recorded' }
  // The log is opened before anything else.
  const isUntouched = isThisBoot && existsSync(dirname(files.log)) && !existsSync(files.log)
  if (isUntouched) return notBegun
  if (work.kind === 'call' && work.place !== 'process')
    return { state: 'unknown', because: 'it ran in the engine itself, which was killed' }
  return lookForProcess(left, { files, finder, isThisBoot, isService: isService(work) })
}

const notBegun: Found = { state: 'not-begun', because: 'its engine was killed before it began' }

export const isService = (work: Work): boolean => (work.kind === 'run' || work.kind === 'exec') && work.detach

type ProcessPlace = {
  readonly files: AttemptFiles
  readonly finder: ProcessFinder
  readonly isThisBoot: boolean
  readonly isService: boolean
}

function lookForProcess(left: LeftAttempt, place: ProcessPlace): Found {
  const { files, finder, isThisBoot } = place
  if (wasEvicted(files)) return evicted
  if (isThisBoot) {
    const identity = livingRoot(left, files, finder)
    const keepsOutput = place.isService || existsSync(files.spool)
    if (identity !== null)
      return {
        state: 'running',
        identity,
        isAdoptable: keepsOutput,
        because: `it still runs, process ${identity.pid}${keepsOutput ? '' : ', but its output is gone'}`,
      }
  }
  if (hasExitRecord(files.exit)) return { state: 'ended', because: 'it has ended meanwhile' }
  if (!isThisBoot) return { state: 'unknown', because: 'the machine was started anew since' }
  const [orphan] = leftBehind(left, files, finder)
  if (orphan !== undefined) {
    const identity = { ...(left.identity ?? nobody), pid: orphan, token: left.token }
    const because = `processes of it run (${orphan}), but not the one that tells how it ends`
    return { state: 'running', identity, isAdoptable: false, because }
  }
  const hasBegun = existsSync(files.exit) || existsSync(files.begun)
  if (existsSync(dirname(files.exit)) && !hasBegun) return notBegun
  return { state: 'unknown', because: 'it is gone, and has not left how it ended' }
}

const nobody = { startTicks: null, bootId: null }

/** The process that was started for it: recorded, noted beside its files, or the oldest that carries its token. */
function livingRoot(left: LeftAttempt, files: AttemptFiles, finder: ProcessFinder): ProcessIdentity | null {
  const known = left.identity ?? notedIdentity(files.begun, left.token)
  if (known !== null) return isSameProcess(known) ? known : null
  const leaders = finder
    .members({ pid: -1, token: left.token })
    .filter(({ pid, session }) => pid === session)
    .toSorted((one, other) => one.startTicks - other.startTicks || one.pid - other.pid)
  const [first] = leaders
  return first === undefined
    ? null
    : { pid: first.pid, startTicks: first.startTicks, bootId: left.bootId, token: left.token }
}

/** A worker of the pool does not carry the token of its call. */
function notedIdentity(file: string, token: string): ProcessIdentity | null {
  try {
    const noted = JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity
    return noted.token === token ? noted : null
  } catch {
    return null
  }
}

/** Everything of it that runs. A session number may be a stranger's by now; the token cannot. */
export function leftBehind(
  left: Pick<LeftAttempt, 'identity' | 'token'>,
  files: AttemptFiles,
  finder: ProcessFinder,
): readonly number[] {
  const identity = left.identity ?? notedIdentity(files.begun, left.token)
  if (identity === null) {
    const members = finder.members({ pid: -1, token: left.token })
    const leader = members.find(({ pid, session }) => pid === session)
    return leader ? finder.leftovers({ pid: leader.pid, token: left.token }) : members.map(({ pid }) => pid)
  }
  return ownsSession(identity) ? finder.leftovers(identity) : finder.findByToken(left.token)
}

const evicted: Found = {
  state: 'evicted',
  because: 'it was stopped for want of memory, to be started again',
}

/** Unless it was done by then. */
const wasEvicted = ({ evicted: file, exit }: AttemptFiles): boolean =>
  existsSync(file) && exitCodeIn(exit) !== 0

const hasExitRecord = (file: string): boolean => exitCodeIn(file) !== null

function exitCodeIn(file: string): number | null {
  try {
    return parseExitRecord(readFileSync(file, 'utf8'))?.exitCode ?? null
  } catch {
    return null
  }
}

/** What is done with it; `ask` means that only a person can know. */
export function actionFor(
  task: Pick<Task, 'onResume' | 'idempotent'>,
  work: Work,
  found: Found,
  answer?: TaskAnswer,
): LeftAction {
  if (answer !== undefined) return answer === 'adopt' ? adoptedBy(found) : answer
  const { onResume = 'adopt' } = task
  const orAsk = isIdempotent(task, work) ? 'again' : 'ask'
  switch (found.state) {
    case 'ended':
      return 'take-up'
    case 'not-begun':
    case 'evicted':
      return 'again'
    case 'unknown':
      return orAsk
    case 'running':
      return rules[onResume](found.isAdoptable, orAsk)
    default:
      return found satisfies never
  }
}

const rules: Readonly<Record<OnResume, (isAdoptable: boolean, orAsk: LeftAction) => LeftAction>> = {
  adopt: (isAdoptable, orAsk) => (isAdoptable ? 'take-up' : orAsk),
  restart: () => 'again',
  ask: () => 'ask',
}

const adoptedBy = (found: Found): LeftAction =>
  found.state === 'ended' || (found.state === 'running' && found.isAdoptable) ? 'take-up' : 'ask'

/** A probe only asks; what stops a service has nothing to stop the second time. */
const isIdempotent = ({ idempotent }: Pick<Task, 'idempotent'>, { kind }: Work): boolean =>
  idempotent ?? (kind === 'http' || kind === 'stop')
