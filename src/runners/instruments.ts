import type { Clock } from '../clock.ts'
import {
  KernelKills,
  type MemoryMonitor,
  ProcessFinder,
  Suspender,
  TaskGroups,
  TreeWatcher,
} from '../memory/memory.ts'
import { openPool, type Pool, type PoolOptions } from '../pool/pool.ts'

export type InstrumentsOptions = {
  /** How many workers functions may have, and what those find. */
  readonly workers?: PoolOptions
  /** Sees how near the limit is; without it tasks are not slowed there. */
  readonly monitor?: MemoryMonitor | undefined
  /** Called once, by the first task that asks. */
  readonly makeGroups?: () => TaskGroups
}

/** What measures, finds, limits and suspends processes, and the workers for functions; one for all attempts of a run. */
export class Instruments implements AsyncDisposable {
  readonly clock: Clock
  readonly finder = new ProcessFinder()
  readonly suspender = new Suspender()
  readonly watcher: TreeWatcher
  readonly pool: Pool
  readonly kernelKills = new KernelKills()
  readonly #makeGroups: () => TaskGroups
  #groups: TaskGroups | undefined

  constructor(clock: Clock, { workers, monitor, makeGroups }: InstrumentsOptions = {}) {
    this.clock = clock
    const suspended = (): number => this.suspender.size
    this.#makeGroups = makeGroups ?? (() => new TaskGroups({ clock, monitor, suspended }))
    this.watcher = new TreeWatcher({ clock, finder: this.finder })
    this.pool = openPool({ ...workers, clock, watcher: this.watcher })
  }

  get groups(): TaskGroups {
    this.#groups ??= this.#makeGroups()
    return this.#groups
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.suspender[Symbol.dispose]()
    await this.pool[Symbol.asyncDispose]()
    await this.watcher[Symbol.asyncDispose]()
    this.kernelKills[Symbol.dispose]()
    this.#groups?.[Symbol.dispose]()
  }
}
