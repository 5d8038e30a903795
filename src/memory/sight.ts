/** All levels that can be seen from here, with their files open, and what cannot be seen. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type GroupChain, groupChains } from './group-chains.ts'
import { groupLevel, hiddenAbove } from './group-level.ts'
import { keepFile, textOf } from './kept-file.ts'
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
  /** A file has vanished or cannot be read, or this process was moved to another group: open a new sight. */
  readonly isStale: boolean
}

/** Nothing here throws. */
export type Sight = Disposable & {
  read(): Seen
  /** The group of this process on v2, the only kind that tells its stalls; null where there is none. */
  readonly ownGroupV2: string | null
}

/** What Node.js itself knows; needs no file. */
function portableSight(): Seen {
  return {
    levels: [portableHostLevel(), portableLimitLevel()].filter((level) => level !== undefined),
    missing: [
      'without /proc/meminfo, file cache that could be dropped may count as used, ' +
        'and neither control groups, nor stalls, nor the memory of process trees can be measured',
    ],
    isStale: false,
  }
}

export function openSight(root: string): Sight {
  const ownGroups = keepFile(join(root, 'proc/self/cgroup'))
  const groupText = textOf(ownGroups)
  const host = hostLevel(root)
  const chains = readChains(root, groupText)
  const groups = chains.flatMap(({ kind, directories }) =>
    directories.flatMap((directory) => groupLevel(root, kind, directory) ?? []),
  )
  const unseen = chains.flatMap((chain) => hiddenAbove(root, chain) ?? [])
  return {
    read: () => {
      const machine = readAll(host === undefined ? [] : [host])
      const base = machine.levels.length === 0 ? portableSight() : machine
      const around = readAll(groups)
      return {
        levels: [...base.levels, ...around.levels],
        missing: [...base.missing, ...unseen, ...around.missing],
        isStale: machine.isStale || around.isStale || textOf(ownGroups) !== groupText,
      }
    },
    ownGroupV2: chains.find(({ kind }) => kind === 'v2')?.directories[0] ?? null,
    [Symbol.dispose]: () => {
      for (const file of [ownGroups, host, ...groups]) file?.[Symbol.dispose]()
    },
  }
}

function readAll(readers: readonly LevelReader[]): Seen {
  const levels: MemoryLevel[] = []
  const missing: string[] = []
  let isStale = false
  for (const reader of readers) {
    try {
      const level = reader.read()
      if (level === undefined) missing.push(`${reader.source} cannot be understood`)
      else levels.push(level)
    } catch {
      missing.push(`${reader.source} cannot be read`)
      isStale = true
    }
  }
  return { levels, missing, isStale }
}

function readChains(root: string, groupText: string): readonly GroupChain[] {
  try {
    return groupChains(groupText, readFileSync(join(root, 'proc/self/mountinfo'), 'latin1'))
  } catch {
    return []
  }
}
