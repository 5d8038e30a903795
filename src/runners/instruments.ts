import type { Clock } from '../clock.ts'
import { KernelKills, ProcessFinder, Suspender, TaskGroups, TreeWatcher } from '../memory/memory.ts'

/** What measures, finds, limits and suspends processes; one for all attempts of a run. */
export class Instruments implements AsyncDisposable {
  readonly clock: Clock
  readonly finder = new ProcessFinder()
  readonly suspender = new Suspender()
  readonly watcher: TreeWatcher
  readonly kernelKills = new KernelKills()
  readonly #makeGroups: () => TaskGroups
  #groups: TaskGroups | undefined

  /** `makeGroups` is called once, by the first task that asks. */
  constructor(clock: Clock, makeGroups = () => new TaskGroups({ clock })) {
    this.clock = clock
    this.#makeGroups = makeGroups
    this.watcher = new TreeWatcher({ clock, finder: this.finder })
  }

  get groups(): TaskGroups {
    this.#groups ??= this.#makeGroups()
    return this.#groups
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.suspender[Symbol.dispose]()
    await this.watcher[Symbol.asyncDispose]()
    this.kernelKills[Symbol.dispose]()
    this.#groups?.[Symbol.dispose]()
  }
}
