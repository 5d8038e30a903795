/**
 * A control group for each task, where the system lets us make one: the kernel then holds the task to its limit, knows
 * its peak, and lists its processes. Where it does not, `because` says so in a sentence.
 */
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Enforcement } from '../spine.ts'
import { GroupBase } from './group-base.ts'
import { findPlace } from './group-place.ts'
import { findScopePlace, type NoScopes, newUnit, type ScopePlace, TaskScope } from './systemd-scope.ts'
import { TaskGroup } from './task-group.ts'

export type TaskGroupsOptions = {
  readonly clock: Clock
  /** Where /proc and the control groups are looked for. Default `/`. */
  readonly root?: string
  /** Asked where no group can be made. Default: a scope of systemd, if it makes one; with another root, none. */
  readonly findScopes?: FindScopes
}

/** What this system can do to hold a task to its limit. */
export type EnforcementHere = {
  /** `hard`: the kernel does. `watchdog`: its process tree is looked at often, and stopped. `none`: neither. */
  readonly level: Enforcement
  /** A plain sentence. */
  readonly because: string
}

/** Never throws: where neither can be made, `create` and `scope` answer null. */
export class TaskGroups implements Disposable {
  readonly here: EnforcementHere
  readonly #scopes: ScopePlace | null
  readonly #clock: Clock
  readonly #kind: 'v1' | 'v2'
  readonly #base: GroupBase | null
  #made = 0

  constructor({ clock, root = '/', findScopes = askFor(root) }: TaskGroupsOptions) {
    const place = findPlace(root)
    const base = 'kind' in place ? makeBase(() => new GroupBase(place)) : place
    this.#clock = clock
    this.#kind = 'kind' in place ? place.kind : 'v2'
    this.#base = base instanceof GroupBase ? base : null
    const scopes = base instanceof GroupBase ? null : findScopes()
    this.#scopes = scopes !== null && scopes.directory !== null ? scopes : null
    if (base instanceof GroupBase) this.here = { level: 'hard', because: place.because }
    else if (this.#scopes !== null) this.here = { level: 'hard', because: this.#scopes.because }
    else this.here = withoutGroups(`${base.because}; ${scopes?.because}`)
  }

  /** The caller gives it back. Null where none can be made. */
  create(limitBytes: number): TaskGroup | null {
    if (this.#base === null) return null
    this.#made += 1
    const directory = join(this.#base.directory, String(this.#made))
    try {
      return new TaskGroup({ kind: this.#kind, directory, limitBytes, clock: this.#clock })
    } catch {
      return null // the machine allows no more of them, or another user has taken the base away
    }
  }

  /** Where no group can be made: what systemd makes instead. Null where it makes none. */
  scope(limitBytes: number): TaskScope | null {
    if (this.#scopes === null) return null
    return new TaskScope(this.#scopes, newUnit(), limitBytes)
  }

  [Symbol.dispose](): void {
    this.#base?.[Symbol.dispose]()
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

function makeBase(make: () => GroupBase): GroupBase | { readonly because: string } {
  try {
    return make()
  } catch (error) {
    return { because: `no control group could be made (${messageOf(error)})` }
  }
}

function withoutGroups(because: string): EnforcementHere {
  if (process.platform === 'linux')
    return {
      level: 'watchdog',
      because: `process trees are sampled and stopped over their limit: ${because}`,
    }
  return { level: 'none', because: `neither control groups nor /proc are on this system: ${because}` }
}
