import { readFileSync } from 'node:fs'
import { systemClock } from '../../src/clock.ts'
import type { Job, JobResult } from '../../src/pool/pool.ts'

const module = new URL('./jobs.ts', import.meta.url).href

export const job = (exportName: string, argument?: unknown): Job => ({ module, exportName, argument })

/** Which worker answered. */
export const workerOf = ({ value }: JobResult): string => {
  const { pid, threadId } = value as { pid: number; threadId: number }
  return `${pid}/${threadId}`
}

export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}

/** Looks every 10 ms, for at most a minute; then says what it saw last. */
export async function until(isTrue: () => boolean, seen = () => ''): Promise<void> {
  for (let tries = 0; tries < 6_000; tries += 1) {
    if (isTrue()) return
    await systemClock.sleep(10)
  }
  throw new Error(`it never came true ${seen()}`)
}
