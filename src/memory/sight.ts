/** All levels that can be seen from here, with their files open, and what cannot be seen. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type GroupChain, groupChains } from './group-chains.ts'
import { groupLevel, hiddenAbove } from './group-level.ts'
import { keepFile } from './kept-file.ts'
import {
  hostLevel,
  type LevelReader,
  type MemoryLevel,
  portableHostLevel,
  portableLimitLevel,
} from './levels.ts'

export type Seen = {
  readonly levels: readonly MemoryLevel[]
  /** What this system cannot tell, in plain sentences. */
  readonly missing: readonly string[]
}

/** `read` throws when a file has vanished or this process was moved to another group: open a new one then. */
export type Sight = Disposable & { read(): Seen }

const withoutProc =
  'without /proc/meminfo, file cache that could be dropped may count as used, ' +
  'and neither control groups nor the memory of process trees can be measured'

/** What Node.js itself knows; needs no file. */
export function portableSight(): Seen {
  return {
    levels: [portableHostLevel(), portableLimitLevel()].filter((level) => level !== undefined),
    missing: [withoutProc],
  }
}

export function openSight(root: string): Sight {
  const ownGroups = keepFile(join(root, 'proc/self/cgroup'))
  const groupText = ownGroups?.read() ?? ''
  const host = hostLevel(root)
  const chains = readChains(root, groupText)
  const groups = chains.flatMap(({ kind, directories }) =>
    directories.flatMap((directory) => groupLevel(root, kind, directory) ?? []),
  )
  const unseen = chains.flatMap((chain) => hiddenAbove(root, chain) ?? [])
  return {
    read: () => {
      if ((ownGroups?.read() ?? '') !== groupText)
        throw new Error('this process was moved to another control group')
      const machine = host?.read()
      const base = machine === undefined ? portableSight() : { levels: [machine], missing: [] }
      const { levels, missing } = readAll(groups)
      return { levels: [...base.levels, ...levels], missing: [...base.missing, ...unseen, ...missing] }
    },
    [Symbol.dispose]: () => {
      for (const file of [ownGroups, host, ...groups]) file?.[Symbol.dispose]()
    },
  }
}

function readAll(readers: readonly LevelReader[]): Seen {
  const levels: MemoryLevel[] = []
  const missing: string[] = []
  for (const reader of readers) {
    const level = reader.read()
    if (level === undefined) missing.push(`${reader.source} cannot be understood`)
    else levels.push(level)
  }
  return { levels, missing }
}

function readChains(root: string, groupText: string): readonly GroupChain[] {
  try {
    return groupChains(groupText, readFileSync(join(root, 'proc/self/mountinfo'), 'latin1'))
  } catch {
    return []
  }
}
