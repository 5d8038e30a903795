/** A memory control group of our own, for programs that are to run out of memory without harm to the machine. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type MemoryGroup = Disposable & {
  /** Puts a command into the group: the words to start instead. */
  wrap(words: readonly string[]): readonly [string, ...string[]]
  /** How often the kernel has killed a process of it for want of memory. */
  kernelKills(): number
  /** Bytes in use without file cache that can be dropped. */
  usedBytes(): number
  peakBytes(): number
}

type Kind = {
  readonly limit: string
  readonly usage: string
  readonly peak: string
  readonly kills: string
  readonly cache: RegExp
}

const kinds: Readonly<Record<'v1' | 'v2', Kind>> = {
  v1: {
    limit: 'memory.limit_in_bytes',
    usage: 'memory.usage_in_bytes',
    peak: 'memory.max_usage_in_bytes',
    kills: 'memory.oom_control',
    cache: /^total_inactive_file (\d+)$/m,
  },
  v2: {
    limit: 'memory.max',
    usage: 'memory.current',
    peak: 'memory.peak',
    kills: 'memory.events',
    cache: /^inactive_file (\d+)$/m,
  },
}

/** Undefined where no group can be made: not root, or a container without a writable hierarchy. */
export function openMemoryGroup(name: string, limitBytes: number): MemoryGroup | undefined {
  const version = existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes') ? 'v1' : 'v2'
  const parent = version === 'v1' ? join('/sys/fs/cgroup/memory', ownPath()) : '/sys/fs/cgroup'
  const directory = join(parent, `plimsoll-bench-${name}-${process.pid}`)
  const kind = kinds[version]
  const read = (file: string): string => readFileSync(join(directory, file), 'utf8')
  try {
    mkdirSync(directory)
    writeFileSync(join(directory, kind.limit), String(limitBytes))
    if (version === 'v2') writeFileSync(join(directory, 'memory.swap.max'), '0')
  } catch {
    if (existsSync(directory)) rmdirSync(directory)
    return undefined
  }
  return {
    wrap: (words) => [
      '/bin/sh',
      '-c',
      'echo 0 > "$0" && exec "$@"',
      join(directory, 'cgroup.procs'),
      ...words,
    ],
    kernelKills: () => {
      // v1 counts in the group whose process was killed; v2 counts with everything below.
      const counts = [directory, ...(version === 'v1' ? groupsBelow(directory) : [])].map((group) => {
        const text = readFileSync(join(group, kind.kills), 'utf8')
        return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0)
      })
      return counts.reduce((sum, count) => sum + count, 0)
    },
    usedBytes: () => Number(read(kind.usage)) - Number(kind.cache.exec(read('memory.stat'))?.[1] ?? 0),
    peakBytes: () => Number(read(kind.peak)),
    [Symbol.dispose]: () => {
      for (const group of [...groupsBelow(directory), directory]) removeSoon(group)
    },
  }
}

/** What was killed in it takes a moment to be gone: two seconds at most. */
function removeSoon(directory: string): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4))
  for (let attempt = 1; attempt <= 100; attempt += 1) {
    try {
      rmdirSync(directory)
      return
    } catch (error) {
      if (attempt === 100) throw error
      Atomics.wait(sleeper, 0, 0, 20)
    }
  }
}

function ownPath(): string {
  return /^\d+:memory:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/'
}

/** The deepest first. */
function groupsBelow(directory: string): readonly string[] {
  const names = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return names.flatMap(({ name }) => [...groupsBelow(join(directory, name)), join(directory, name)])
}
