/** Names one process for ever: a pid is reused, a pid with its start time in one boot of the machine is not. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import type { ProcessIdentity } from '../spine.ts'
import { hasEnded, readProcessStat } from './process-stat.ts'

/** Ask while the process is certainly there (it was just started). Unknown parts are null. */
export function identify(pid: number, token: string): ProcessIdentity {
  return { pid, startTicks: startOf(pid) ?? null, bootId: bootId(), token }
}

/** True while exactly this process runs. False also where that cannot be proven: a stranger must not be stopped. */
export function isSameProcess(identity: ProcessIdentity): boolean {
  if (identity.startTicks === null || identity.bootId !== bootId()) return false
  return startOf(identity.pid) === identity.startTicks
}

/** Undefined for a process that has ended. */
function startOf(pid: number): number | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  const stat = readProcessStat('/', pid)
  if (stat !== undefined) return hasEnded(stat) ? undefined : stat.startTicks
  return existsSync('/proc/self/stat') ? undefined : startBySystemList(pid)
}

/** Without /proc (macOS): seconds since 1970 serve as the start time; about 10 ms a call. */
function startBySystemList(pid: number): number | undefined {
  try {
    const options = {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: 'pipe',
      timeout: 5_000,
    } as const
    const ms = Date.parse(execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], options).trim())
    return Number.isNaN(ms) ? undefined : ms / 1_000
  } catch {
    return undefined
  }
}

function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return null
  }
}
