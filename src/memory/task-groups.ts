/**
 * A control group for each task, where the system lets us make one: the kernel then holds the task to its limit, knows
 * its peak, and lists its processes. Where it does not, `because` says so in a sentence.
 */
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Enforcement } from '../spine.ts'
import { Brake } from './brake.ts'
import { GroupBase } from './group-base.ts'
import { findPlace } from './group-place.ts'
import type { MemoryMonitor, MemoryReading } from './monitor.ts'
import { readProcessStat } from './process-stat.ts'
import { findScopePlace, type NoScopes, newUnit, type ScopePlace } from './systemd-scope.ts'
import { TaskGroup } from './task-group.ts'
import { TaskScope } from './task-scope.ts'

export type TaskGroupsOptions = {
  readonly clock: Clock
  /** Where /proc and the control groups are looked for. Default `/`. */
  readonly root?: string
  /** Where the /proc is that process trees are sampled by. Default `/`. */
  readonly watchedRoot?: string
  /** Asked where no group can be made. Default: a scope of systemd, if it makes one; with another root, none. */
  readonly findScopes?: FindScopes
  /** With it the groups together are slowed near the limit that it sees (v2 only); it must live as long as they do. */
  readonly monitor?: MemoryMonitor | undefined
  /** How many tasks are suspended. Default: none. */
  readonly suspended?: () => number
}

/** What this system can do to hold a task to its limit. */
export type EnforcementHere = {
  /** `hard`: the kernel does. `watchdog`: its process tree is looked at often, and stopped. `none`: neither. */
  readonly level: Enforcement
  /** A plain sentence. */
  readonly because: string
}

export type ScopeOptions = {
  readonly limitBytes: number
  /** A file of the attempt, made when its command has ended. */
  readonly record: string
  /** That of the command. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Never throws: where neither can be made, `create` and `scope` answer null. */
export class TaskGroups implements Disposable {
  readonly here: EnforcementHere
  readonly #scopes: ScopePlace | null
  readonly #clock: Clock
  readonly #kind: 'v1' | 'v2'
  readonly #base: GroupBase | null
  readonly #brake = new DisposableStack()
  /** Lets the brake know that a task has come. */
  #look: () => void = () => undefined
  #made = 0
  #held = 0

  constructor({
    clock,
    root = '/',
    watchedRoot = '/',
    findScopes = askFor(root),
    monitor,
    suspended = () => 0,
  }: TaskGroupsOptions) {
    const place = findPlace(root)
    const base = 'kind' in place ? makeBase(() => new GroupBase(place)) : place
    this.#clock = clock
    this.#kind = 'kind' in place ? place.kind : 'v2'
    this.#base = base instanceof GroupBase ? base : null
    if (monitor && this.#base && this.#kind === 'v2') this.#slowNear(monitor, suspended, this.#base.directory)
    const scopes = base instanceof GroupBase ? null : findScopes()
    this.#scopes = scopes !== null && scopes.directory !== null ? scopes : null
    if (base instanceof GroupBase) this.here = { level: 'hard', because: place.because }
    else if (this.#scopes !== null) this.here = { level: 'hard', because: this.#scopes.because }
    else this.here = withoutGroups(watchedRoot, `${base.because}; ${scopes?.because}`)
  }

  /** The caller gives it back. Null where none can be made. */
  create(limitBytes: number): TaskGroup | null {
    if (this.#base === null) return null
    this.#made += 1
    const directory = join(this.#base.directory, String(this.#made))
    try {
      const onEnd = (): void => {
        this.#held -= 1
      }
      const group = new TaskGroup({ kind: this.#kind, directory, limitBytes, clock: this.#clock, onEnd })
      this.#held += 1
      this.#look()
      return group
    } catch {
      return null // the machine allows no more of them, or another user has taken the base away
    }
  }

  /**
   * Where no group can be made: what systemd makes instead. Null where it makes none, or where a command with this
   * environment would not find it.
   */
  scope({ limitBytes, record, environment }: ScopeOptions): TaskScope | null {
    if (this.#scopes === null) return null
    const address = Object.entries(this.#scopes.address)
    if (address.some(([name, value]) => environment[name] !== value)) return null
    return new TaskScope(this.#scopes, { unit: newUnit(), limitBytes, record })
  }

  [Symbol.dispose](): void {
    this.#brake[Symbol.dispose]()
    this.#base?.[Symbol.dispose]()
  }

  #slowNear(monitor: MemoryMonitor, suspended: () => number, directory: string): void {
    const brake = openBrake(directory)
    if (brake === null) return
    this.#brake.use(brake)
    const listener = (): ((reading: MemoryReading) => void) => {
      const adjust = brake.look()
      return ({ limitRoomBytes, nearestLimitBytes }) => {
        const nearestLineBytes = monitor.loadLineBelow(nearestLimitBytes)
        const near = { limitRoomBytes, nearestLimitBytes, nearestLineBytes }
        adjust({ ...near, tasks: this.#held, suspended: suspended() })
      }
    }
    this.#brake.use(monitor.listen(listener))
    this.#look = () => void monitor.read()
  }
}

/** What could be enforced on this machine; tries it, and leaves nothing behind. */
export function enforcementHere(options: TaskGroupsOptions): EnforcementHere {
  using groups = new TaskGroups(options)
  return groups.here
}

type FindScopes = () => ScopePlace | NoScopes

function askFor(root: string): FindScopes {
  return root === '/'
    ? findScopePlace
    : () => ({ directory: null, because: 'systemd is not asked for another root' })
}

/** Null where the kernel has nothing to slow tasks with. */
function openBrake(directory: string): Brake | null {
  try {
    return new Brake(directory)
  } catch {
    return null
  }
}

function makeBase(make: () => GroupBase): GroupBase | { readonly because: string } {
  try {
    return make()
  } catch (error) {
    return { because: `no control group could be made (${messageOf(error)})` }
  }
}

/** A /proc may be missing, or be that of other processes than ours: then there is nothing to sample. */
function withoutGroups(watchedRoot: string, because: string): EnforcementHere {
  if (readProcessStat(watchedRoot, process.pid) !== undefined)
    return {
      level: 'watchdog',
      because: `process trees are sampled and stopped over their limit: ${because}`,
    }
  return {
    level: 'none',
    because: `neither control groups nor a /proc with our processes are on this system: ${because}`,
  }
}
