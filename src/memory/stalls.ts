/** PSI: how long work stood still for want of memory, as the kernel tells it. See Documentation/accounting/psi.rst. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Percent of the time, 0 to 100, averaged over the last 10 s, 60 s and 300 s; and the sum since the start. */
export type StallTimes = {
  readonly last10s: number
  readonly last60s: number
  readonly last300s: number
  readonly totalMs: number
}

export type Stall = {
  /** At least one task waited. */
  readonly some: StallTimes
  /** All tasks waited at once. */
  readonly full: StallTimes
}

/** Information, never a trigger: without swap the first stall comes 0 to 37 ms before the kernel kills. */
export type MemoryStalls = {
  /** Null where the kernel does not tell: other systems, kernels without PSI, `psi=0`. */
  readonly machine: Stall | null
  /** Of our own control group; null on v1 as well, and in the root group, which is the machine. */
  readonly group: Stall | null
}

export function readStalls(root: string, ownGroupV2: string | null): MemoryStalls {
  return {
    machine: readStall(join(root, 'proc/pressure/memory')),
    group: ownGroupV2 === null ? null : groupStall(join(root, ownGroupV2)),
  }
}

/** Every group but the root has a cgroup.events; see Documentation/admin-guide/cgroup-v2.rst. */
const groupStall = (directory: string): Stall | null =>
  existsSync(join(directory, 'cgroup.events')) ? readStall(join(directory, 'memory.pressure')) : null

function readStall(path: string): Stall | null {
  try {
    const text = readFileSync(path, 'latin1')
    const [some, full] = [timesOf(text, 'some'), timesOf(text, 'full')]
    return some && full && { some, full }
  } catch {
    return null // absent, or EOPNOTSUPP: built in and switched off
  }
}

const lines = { some: lineOf('some'), full: lineOf('full') }

function lineOf(word: string): RegExp {
  const percent = '(\\d{1,3}\\.\\d{1,6})'
  return new RegExp(`^${word} avg10=${percent} avg60=${percent} avg300=${percent} total=(\\d{1,15})$`, 'm')
}

function timesOf(text: string, word: keyof typeof lines): StallTimes | null {
  const found = lines[word].exec(text)
  if (found === null) return null
  const [last10s = 0, last60s = 0, last300s = 0, totalUs = 0] = found.slice(1).map(Number)
  return { last10s, last60s, last300s, totalMs: totalUs / 1_000 }
}
