import type { Clock } from '../clock.ts'
import { ProcessFinder, Suspender, TreeWatcher } from '../memory/memory.ts'

/** What measures, finds and suspends processes; one for all attempts of a run. */
export class Instruments implements AsyncDisposable {
  readonly clock: Clock
  readonly finder = new ProcessFinder()
  readonly suspender = new Suspender()
  readonly watcher: TreeWatcher

  constructor(clock: Clock) {
    this.clock = clock
    this.watcher = new TreeWatcher({ clock, finder: this.finder })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.suspender[Symbol.dispose]()
    await this.watcher[Symbol.asyncDispose]()
  }
}
