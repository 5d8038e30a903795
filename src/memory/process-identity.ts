/** Names one process for ever: a pid is reused, a pid with its start time in one boot of the machine is not. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { systemCodeOf } from '../errors.ts'
import type { ProcessIdentity } from '../spine.ts'
import { hasEnded, readProcessStat } from './process-stat.ts'

/** Ask while the process is certainly there (it was just started). Unknown parts are null. */
export function identify(pid: number, token: string, root = '/'): ProcessIdentity {
  return { pid, startTicks: startOf(pid, root) ?? null, bootId: bootId(root), token }
}

/** Changes whenever this machine starts; null where it cannot be known. */
export function currentBootId(root = '/'): string | null {
  return bootId(root)
}

/**
 * True while the session that this process leads, or led, is its own: its number is not given to another process while
 * one of its members lives.
 */
export function ownsSession({ pid, startTicks, bootId: boot }: ProcessIdentity, root = '/'): boolean {
  if (startTicks === null || boot === null || boot !== bootId(root)) return false
  const stat = readProcessStat(root, pid)
  return stat === undefined || stat.startTicks === startTicks
}

/** True while exactly this process runs. False also where that cannot be proven: a stranger must not be stopped. */
export function isSameProcess(identity: ProcessIdentity, root = '/'): boolean {
  if (identity.startTicks === null || identity.bootId !== bootId(root)) return false
  return startOf(identity.pid, root) === identity.startTicks
}

/** Linux counts start times in hundredths of a second. */
const tickMs = 10

/**
 * For how long a process of this boot has run, in milliseconds, by a clock that nobody sets; null where that cannot be
 * known. @param uptimeMs how long the machine has run.
 */
export function ageOf({ startTicks, bootId: boot }: ProcessIdentity, uptimeMs: number): number | null {
  if (startTicks === null || boot === null) return null
  const ageMs = uptimeMs - startTicks * tickMs
  // A container may be told its own time, and the start times of the machine.
  return ageMs < -tickMs ? null : Math.max(0, ageMs)
}

/** Undefined for a process that has ended. */
function startOf(pid: number, root: string): number | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  const stat = readProcessStat(root, pid)
  if (stat !== undefined) return hasEnded(stat) ? undefined : stat.startTicks
  return existsSync(join(root, 'proc/self/stat')) ? undefined : startFromList(pid)
}

/** Without /proc (macOS): seconds since 1970 serve as the start time; about 10 ms a call. */
function startFromList(pid: number): number | undefined {
  try {
    const options = {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: 'pipe',
      timeout: 5_000,
    } as const
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], options).trim()
    const [state = '', ...date] = line.split(/\s+/)
    const ms = Date.parse(date.join(' '))
    return state.startsWith('Z') || Number.isNaN(ms) ? undefined : ms / 1_000
  } catch {
    return undefined
  }
}

function bootId(root: string): string | null {
  try {
    return readFileSync(join(root, 'proc/sys/kernel/random/boot_id'), 'latin1').trim()
  } catch {
    return null
  }
}

/**
 * Which numbers of processes are the same here and there: a container counts its own. Null where that is not known, as
 * on macOS.
 */
export function pidNamespace(root = '/'): string | null {
  try {
    return readlinkSync(join(root, 'proc/self/ns/pid'))
  } catch {
    return null
  }
}

/**
 * True when it is proven that this process has ended: it ran in this boot of this machine, its number means the same
 * here, and nothing has this number now, or something that started at another time. Not being able to see it is no proof.
 */
export function hasProvablyEnded(identity: ProcessIdentity, namespace: string | null, root = '/'): boolean {
  const { pid, startTicks, bootId: boot } = identity
  if (boot === null || boot !== bootId(root)) return false
  if (namespace === null || namespace !== pidNamespace(root)) return false
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  const stat = readProcessStat(root, pid)
  if (stat !== undefined) return hasEnded(stat) || (startTicks !== null && stat.startTicks !== startTicks)
  return !exists(pid)
}

/** Also true of processes that /proc hides from us (its option `hidepid`). */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCodeOf(error) !== 'ESRCH'
  }
}
