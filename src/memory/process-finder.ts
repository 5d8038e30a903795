/** Which processes belong to a task: those of its session or group, and those that carry its token. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import { systemCodeOf } from '../errors.ts'
import { GivenPids } from './given-pids.ts'
import { hasEnded, type ProcessStat, readProcessStat } from './process-stat.ts'

/** The environment variable by which the processes of an attempt are found again. */
export const tokenVariable = 'PLIMSOLL_TOKEN'

export type KnownProcess = ProcessStat & { readonly pid: number; readonly token: string | null }

/**
 * For so long after the first sight an empty environment is read again: Linux shows none of a process that becomes
 * another program (`environ_read` in fs/proc/base.c answers nothing until the new one is set up). In milliseconds.
 */
const mostBetweenProgramsMs = 2_000

/** A process that runs, as it is at this moment. */
export type FoundProcess = ProcessStat & { readonly pid: number }

type TaskProcesses = {
  readonly pid: number
  /** When the process `pid` was started: if another one has that number by now, its session and group are not the task's. */
  readonly startTicks?: number | null
  readonly token: string
  readonly members?: ReadonlySet<number>
}

/**
 * Remembers what it has read of each process, so that a scan costs one listing of /proc, where a process may have begun,
 * and two small reads for each process not seen before or not yet with an environment. As many entries as there are
 * processes: what has ended is forgotten at the next scan.
 * Facts are those of the first sight; a process that later leaves its session is still known by it. A process is its
 * number and its start time: where the number may have been given to another one, both are looked at again.
 */
export class ProcessFinder {
  readonly #root: string
  readonly #clock: Clock
  readonly #givenPids: GivenPids
  #known: ReadonlyMap<number, KnownProcess> = new Map()
  /** Whose environment was empty, by number, and since when; at most as many as there are processes. */
  readonly #withoutEnvironment = new Map<number, number>()

  constructor(options: { readonly root?: string; readonly clock?: Clock } = {}) {
    const { root = '/', clock = systemClock } = options
    this.#root = root
    this.#clock = clock
    this.#givenPids = new GivenPids(root, clock)
  }

  /** Every process that carries this token in its environment; zombies and this process are left out. */
  findByToken(token: string): readonly number[] {
    return this.#living((known) => known.token === token).map(({ pid }) => pid)
  }

  /** What still lives of a task whose root was `pid`: its session, its process group, or the token. */
  leftovers(task: TaskProcesses): readonly number[] {
    return this.members(task).map(({ pid }) => pid)
  }

  /** The same, with what is known of each; `members` of the task are processes that are known to be its own. */
  members({ pid, startTicks = null, token, members }: TaskProcesses): readonly FoundProcess[] {
    const root = readProcessStat(this.#root, pid)
    const isGivenAway = startTicks !== null && root !== undefined && root.startTicks !== startTicks
    return this.#living(
      (known) =>
        (!isGivenAway && (known.session === pid || known.group === pid)) ||
        known.token === token ||
        members?.has(known.pid) === true,
    )
  }

  /**
   * Every process that runs now, zombies included; none where there is no /proc. The same list as before when no number
   * was given out meanwhile and every environment is read: some of it may have ended.
   */
  scan(): ReadonlyMap<number, KnownProcess> {
    const mayBeAnother = this.#givenPids.look()
    if (mayBeAnother === null && this.#withoutEnvironment.size === 0) return this.#known
    const now = new Map<number, KnownProcess>()
    for (const pid of this.#listPids()) {
      const before = this.#known.get(pid)
      const isKnown = before && !mayBeAnother?.(pid) && !this.#withoutEnvironment.has(pid)
      const known = isKnown ? before : this.#look(pid, before)
      if (known !== undefined) now.set(pid, known)
    }
    for (const pid of this.#withoutEnvironment.keys()) if (!now.has(pid)) this.#withoutEnvironment.delete(pid)
    this.#known = now
    return now
  }

  #living(belongs: (known: KnownProcess) => boolean): readonly FoundProcess[] {
    const found: FoundProcess[] = []
    for (const known of this.scan().values()) {
      if (known.pid === process.pid || !belongs(known)) continue
      const stat = this.#stillRuns(known)
      if (stat !== undefined) found.push({ ...stat, pid: known.pid })
    }
    return found
  }

  /** Also guards against a pid that was given to another process since it was first seen. */
  #stillRuns(known: KnownProcess): ProcessStat | undefined {
    const stat = readProcessStat(this.#root, known.pid)
    return stat !== undefined && !hasEnded(stat) && stat.startTicks === known.startTicks ? stat : undefined
  }

  #listPids(): readonly number[] {
    try {
      const pids: number[] = []
      for (const name of readdirSync(join(this.#root, 'proc'))) {
        const pid = Number(name)
        if (pid > 0) pids.push(pid)
      }
      return pids
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return [] // no /proc here
      throw error
    }
  }

  #look(pid: number, before: KnownProcess | undefined): KnownProcess | undefined {
    const stat = readProcessStat(this.#root, pid)
    const isSame = stat !== undefined && stat.startTicks === before?.startTicks
    if (isSame && !this.#withoutEnvironment.has(pid)) return before
    if (!isSame) this.#withoutEnvironment.delete(pid)
    return stat && { ...(isSame ? before : stat), pid, token: this.#tokenOf(pid, stat) }
  }

  #tokenOf(pid: number, stat: ProcessStat): string | null {
    const environment = environmentOf(this.#root, pid)
    if (environment === null || environment !== '' || isOfTheKernel(stat) || hasEnded(stat))
      this.#withoutEnvironment.delete(pid)
    else this.#readAgain(pid)
    if (environment === null) return null
    const start = `\0${environment}`.indexOf(`\0${tokenVariable}=`)
    if (start < 0) return null
    return environment.slice(start + tokenVariable.length + 1).split('\0', 1)[0] ?? null
  }

  #readAgain(pid: number): void {
    const nowMs = this.#clock.monotonic()
    const sinceMs = this.#withoutEnvironment.get(pid) ?? nowMs
    if (nowMs - sinceMs < mostBetweenProgramsMs) this.#withoutEnvironment.set(pid, sinceMs)
    else this.#withoutEnvironment.delete(pid)
  }
}

/** Null where it may not be read: that will be so the next time, too. */
function environmentOf(root: string, pid: number): string | null {
  try {
    return readFileSync(join(root, 'proc', String(pid), 'environ'), 'utf8')
  } catch {
    return null // ended in between, or belongs to another user
  }
}

/** Threads of the kernel have neither a session nor a group. */
const isOfTheKernel = ({ session, group }: ProcessStat): boolean => session === 0 && group === 0
