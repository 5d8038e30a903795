/** Where the control groups of tasks can be made: below our own group, or below one around it that limits no less. */
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { type GroupChain, type GroupKind, groupChains } from './group-chains.ts'
import { readProcessStat } from './process-stat.ts'
import { textOf } from './text-file.ts'

export type GroupPlace = {
  readonly kind: GroupKind
  /** Absolute, below the root that was looked at. */
  readonly directory: string
  /**
   * Of v2 only: a group that hands a controller on may not hold processes itself. `move`: these processes, ours, must
   * go into a group of their own first. `enable`: the controller must be handed on (the real root is free of the rule).
   */
  readonly before: readonly ('move' | 'enable')[]
  readonly because: string
}

export type NoPlace = { readonly because: string }

/** Of the places that are allowed the nearest; reads only. */
export function findPlace(root: string): GroupPlace | NoPlace {
  const text = (path: string): string => textOf(join(root, path))
  const chains = groupChains(text('proc/self/cgroup'), text('proc/self/mountinfo'))
  const ways = chains.map((chain) => (chain.kind === 'v1' ? placeV1(root, chain) : placeV2(root, chain)))
  const place = ways.find((way) => 'kind' in way)
  if (place !== undefined) return place
  if (ways.length === 0) return { because: 'this system has no control groups for memory' }
  return { because: ways.map(({ because }) => because).join('; ') }
}

function placeV1(root: string, chain: GroupChain): GroupPlace | NoPlace {
  const directory = join(root, chain.directories[0] ?? '')
  const name = chain.directories[0] ?? ''
  if (!holdsUs(directory)) return { because: `our own control group is not the one that ${name} shows` }
  // Without it a group below ours would not count towards our own limit.
  if (textOf(join(directory, 'memory.use_hierarchy')).trim() !== '1')
    return { because: `${name} does not limit the groups below it (memory.use_hierarchy is 0)` }
  if (!mayWrite(directory)) return { because: `no group may be made below ${name}` }
  return { kind: 'v1', directory, before: [], because: `a control group (v1) below ${name} for each task` }
}

function placeV2(root: string, chain: GroupChain): GroupPlace | NoPlace {
  const [own = ''] = chain.directories
  if (!holdsUs(join(root, own))) return { because: `our own control group is not the one that ${own} shows` }
  for (const name of chain.directories) {
    const directory = join(root, name)
    const isOwn = name === own
    // Another run of this process has moved us here: its place is one level up.
    const before = isOwn && !isEngineLeaf(name) ? ownSteps(directory) : handsOn(directory) ? [] : null
    if (before !== null && mayWrite(directory) && mayWrite(join(directory, 'cgroup.procs')))
      return { kind: 'v2', directory, before, because: `a control group (v2) below ${name} for each task` }
    const limit = limitOf(directory)
    if (limit !== null) return { because: `a task may not leave ${name}, which has a limit (${limit})` }
  }
  return { because: `no control group from ${own} upwards is ours to divide` }
}

/** The group that an engine moves to when it must leave its own; see `group-base.ts`. */
const isEngineLeaf = (directory: string): boolean => /\/plimsoll-\d+-\d+-\d+-engine$/.test(directory)

/** What must be done before our own group can have limited groups below it; null when it must not be. */
function ownSteps(directory: string): readonly ('move' | 'enable')[] | null {
  const offers = textOf(join(directory, 'cgroup.controllers')).trim().split(' ').includes('memory')
  // Only the real root has no cgroup.type.
  const isRealRoot = textOf(join(directory, 'cgroup.type')) === ''
  if (isRealRoot) return handsOn(directory) ? [] : offers ? ['enable'] : null
  const isFree = textOf(join(directory, 'cgroup.subtree_control')).trim() === ''
  return offers && isFree && isOursAlone(directory) ? ['move', 'enable'] : null
}

const handsOn = (directory: string): boolean =>
  textOf(join(directory, 'cgroup.subtree_control')).trim().split(' ').includes('memory')

/** Files that say `max` or nothing where there is no limit. */
const limitFiles = ['memory.max', 'memory.high', 'memory.swap.max', 'pids.max', 'cpu.max', 'cpuset.cpus']

export function limitOf(directory: string, files: readonly string[] = limitFiles): string | null {
  for (const name of files) {
    const text = textOf(join(directory, name)).trim()
    if (text !== '' && !text.startsWith('max')) return `${name} is ${text}`
  }
  return null
}

const holdsUs = (directory: string): boolean => pidsIn(directory).includes(process.pid)

/** Nobody but this process and what it started is inside. Processes that cannot be seen from here are listed as 0. */
function isOursAlone(directory: string): boolean {
  return pidsIn(directory).every((pid) => comesFromUs(pid))
}

function comesFromUs(pid: number): boolean {
  for (let ancestor = pid; ancestor > 0; ) {
    if (ancestor === process.pid) return true
    ancestor = readProcessStat('/', ancestor)?.parent ?? 0
  }
  return false
}

export function pidsIn(directory: string): readonly number[] {
  return textOf(join(directory, 'cgroup.procs')).split('\n').filter(Boolean).map(Number)
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
