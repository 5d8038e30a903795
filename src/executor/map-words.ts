import type { Clock } from '../clock.ts'
import type { Call } from './words.ts'
import type { Workers } from './workers.ts'

/** Read once, one result at a time. Disposing ends it early, as `break` does. */
export type MapResults<Result> = AsyncIterableIterator<Result, undefined> & AsyncDisposable

export type MapOptions = {
  /** Ends it: nothing is pulled any more, running functions see it, the reader gets its reason. */
  readonly signal?: AbortSignal
  /** How many at once. Default and at most `maxConcurrentTasks`. */
  readonly concurrency?: number
  /** Results in the order of the source. Default false: as they come. */
  readonly ordered?: boolean
  /** What one item needs while it runs, in bytes. Default 0: only the load line itself holds it back. */
  readonly reserveBytes?: number
}

export type MapContext = { readonly signal: AbortSignal; readonly call: Call }

export type MapFunction<Item, Result> = (
  item: Item,
  index: number,
  context: MapContext,
) => Result | PromiseLike<Result>

/** What the executor lends to a map. */
export type MapParts = {
  readonly clock: Clock
  readonly concurrency: number
  /** A slot, and room in memory, when this many of it run already. */
  readonly take: (running: number) => boolean
  readonly giveBack: (running: number) => void
  readonly onResult: () => void
  readonly call: Workers['call']
  /** Somebody reads: from now on it hears when a slot or memory comes free. */
  readonly open: () => void
  /** It is over, however it ended. */
  readonly close: () => void
}
