/** One control group as a level: its limits, and its usage without inactive file cache (the working set). */
import { join } from 'node:path'
import type { GroupChain, GroupKind } from './group-chains.ts'
import { type KeptFile, keepFile, textOf } from './kept-file.ts'
import type { LevelReader, MemoryLevel } from './levels.ts'

type GroupFiles = {
  readonly limits: readonly string[]
  readonly usage: string
  /** In memory.stat: file cache that nobody used lately, counted with everything below this group. */
  readonly cache: RegExp
}

const filesOf: Readonly<Record<GroupKind, GroupFiles>> = {
  // Above memory.high the kernel slows every allocation until next to nothing moves: it counts as a limit.
  v2: {
    limits: ['memory.max', 'memory.high'],
    usage: 'memory.current',
    cache: /^inactive_file (\d{1,16})$/m,
  },
  v1: {
    limits: ['memory.limit_in_bytes'],
    usage: 'memory.usage_in_bytes',
    cache: /^total_inactive_file (\d{1,16})$/m,
  },
}

/** In memory.stat of v1: the lowest limit from this group up, also of groups that a container does not show. */
const limitFromAbove = /^hierarchical_memory_limit (\d{1,20})$/m

/** Undefined for a directory without a memory controller, such as the root of v2. */
export function groupLevel(root: string, kind: GroupKind, directory: string): LevelReader | undefined {
  const names = filesOf[kind]
  const keep = (name: string): KeptFile | undefined => keepFile(join(root, directory, name))
  const usage = keep(names.usage)
  if (usage === undefined) return undefined
  const stat = keep('memory.stat')
  const limits = names.limits.flatMap((name) => keep(name) ?? [])
  const read = (): MemoryLevel | undefined => {
    const usageBytes = parseBytes(usage.read())
    if (usageBytes === null) return undefined
    const statText = stat?.read() ?? ''
    const known = limits.map((file) => parseBytes(file.read()))
    const limitBytes = lowest([...known, parseBytes(limitFromAbove.exec(statText)?.[1] ?? '')])
    const cacheBytes = Number(names.cache.exec(statText)?.[1] ?? 0)
    return { source: directory, limitBytes, usedBytes: Math.max(0, usageBytes - cacheBytes) }
  }
  const dispose = (): void => {
    for (const file of [usage, stat, ...limits]) file?.[Symbol.dispose]()
  }
  return { source: directory, read, [Symbol.dispose]: dispose }
}

/** What the highest visible group hides of those above it, as a sentence; undefined when it is the real root. */
export function hiddenAbove(root: string, chain: GroupChain): string | undefined {
  const top = chain.directories.at(-1)
  if (top === undefined) return undefined
  if (chain.kind === 'v2') {
    using current = keepFile(join(root, top, filesOf.v2.usage))
    return current && `limits of control groups above ${top} cannot be seen from inside this container`
  }
  using own = keepFile(join(root, top, 'memory.limit_in_bytes'))
  using stat = keepFile(join(root, top, 'memory.stat'))
  const above = parseBytes(limitFromAbove.exec(textOf(stat))?.[1] ?? '')
  if (above === null || above >= (parseBytes(textOf(own)) ?? Number.POSITIVE_INFINITY)) return undefined
  return `a control group above ${top} limits memory to ${above} bytes; what others use of it cannot be seen`
}

/** Null for `max`, for the huge number by which v1 says "unlimited", and for what is no number. */
function parseBytes(text: string): number | null {
  const digits = /^(\d{1,20})\s*$/.exec(text)?.[1]
  const bytes = Number(digits ?? Number.NaN)
  return Number.isSafeInteger(bytes) ? bytes : null
}

function lowest(limits: readonly (number | null)[]): number | null {
  const known = limits.filter((limit) => limit !== null)
  return known.length === 0 ? null : Math.min(...known)
}
