/** Decides when to compact: when the chunks are many, and when nothing was written for a moment. */
import type { Clock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import { ownModule } from '../own-files.ts'
import type { Store } from '../store/store.ts'
import { CompactWorker } from './compact-worker.ts'
import { chunksPerSlice, compactSlice, samplesPerSlice } from './compaction.ts'
import { despiteConflicts } from './conflicts.ts'
import type { LogWatch } from './log-watch.ts'
import { removeSome } from './removal.ts'
import { nextTurn, unlessAborted } from './turn.ts'

/** Writing waits when the compaction is so many slices behind: that bounds the file and the head in memory. */
const slicesBehind = 4
const idleMs = 1_000
/** Another process compacts the same database: it is left to it. */
const mostConflicts = 5

const compactJob = ownModule('metrics/compact-job')

/** In chunks, by whomever they were written. */
type Waiting = { readonly samples: number; readonly chunks: number }

const countChunks = 'select coalesce(sum(n), 0) as samples, count(*) as chunks from metric_chunks'

export class Compactor implements AsyncDisposable {
  readonly #store: Store
  readonly #worker = new CompactWorker()
  readonly #log: LogWatch
  readonly #tick: Disposable
  #waiting: Waiting = { samples: 0, chunks: 0 }
  /** Of the tick before. */
  #wasBusy = false
  #isTidy = false
  #isClosed = false
  #running: Promise<void> | null = null

  private constructor(store: Store, clock: Clock, log: LogWatch) {
    this.#store = store
    this.#log = log
    this.#tick = clock.every(idleMs, () => this.#onTick())
  }

  static async open(store: Store, clock: Clock, log: LogWatch): Promise<Compactor> {
    const compactor = new Compactor(store, clock, log)
    await compactor.#count()
    return compactor
  }

  /** Samples of one chunk were committed. Resolves at once, unless the compaction is far behind. @throws what stops it */
  async added(samples: number): Promise<void> {
    this.#waiting = { samples: this.#waiting.samples + samples, chunks: this.#waiting.chunks + 1 }
    this.#wasBusy = true
    this.#isTidy = false
    if (this.#fill < 1) return
    const running = this.#start(1)
    if (this.#fill >= slicesBehind) await running
  }

  /** Everything that was written so far is in blocks. The signal ends the waiting; the compaction goes on. */
  async compact(signal?: AbortSignal): Promise<void> {
    while (this.#running !== null)
      await unlessAborted(
        this.#running.catch(() => undefined),
        signal,
      )
    signal?.throwIfAborted()
    await unlessAborted(this.#start(0), signal)
  }

  /** The same, and what was deleted is removed, and the room of both given back. */
  async finish(signal?: AbortSignal): Promise<void> {
    await this.compact(signal)
    await unlessAborted(
      this.#alone(() => this.#remove()),
      signal,
    )
    while (!this.#isClosed && (await this.#store.giveBack())) {
      await nextTurn()
      signal?.throwIfAborted()
    }
    this.#isTidy = true
  }

  /** Deletes from blocks, where everything is that was written so far. It is removed from them in the next quiet moment. */
  async delete<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    await this.compact(signal)
    this.#isTidy = false
    return await this.#alone(work)
  }

  /** While nothing is compacted: the two would be in each other's way. */
  async #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#running !== null) await this.#running.catch(() => undefined)
    const result = work()
    const over = (): void => {
      this.#running = null
    }
    this.#running = result.then(over, over)
    return await result
  }

  async #remove(): Promise<void> {
    while (!this.#isClosed && (await despiteConflicts(() => removeSome(this.#store)))) await nextTurn()
  }

  get #fill(): number {
    const { samples, chunks } = this.#waiting
    return Math.max(samples / samplesPerSlice, chunks / chunksPerSlice)
  }

  #onTick(): void {
    const isIdle = !this.#wasBusy
    this.#wasBusy = false
    if (!isIdle) this.#log.look()
    // What fails here is tried again by the next writing, which tells.
    if (isIdle && !this.#isTidy && this.#running === null) this.finish().catch(() => undefined)
  }

  /** Until no more than `leave` slices are left. */
  #start(leave: number): Promise<void> {
    this.#running ??= this.#run(leave).finally(() => {
      this.#running = null
    })
    // Whoever waits for it is told; nobody has to.
    this.#running.catch(() => undefined)
    return this.#running
  }

  async #run(leave: number): Promise<void> {
    let conflicts = 0
    if (leave === 0) await this.#count()
    while (!this.#isClosed && this.#waiting.chunks > 0 && this.#fill >= leave) {
      try {
        await this.#compactSlice()
        // Also where it never rests what was deleted leaves: faster than samples come.
        await removeSome(this.#store)
        await this.#count()
        conflicts = 0
      } catch (error) {
        conflicts += 1
        if (!(error instanceof PlimsollError && error.code === 'STORE_CONFLICT')) throw error
        await this.#count()
        if (conflicts === mostConflicts) return
      }
    }
  }

  async #compactSlice(): Promise<void> {
    if (this.#store.beside) await this.#store.beside(compactJob)
    else await compactSlice(this.#store, this.#worker)
  }

  async #count(): Promise<void> {
    const [found] = await this.#store.read<Waiting>(countChunks)
    this.#waiting = found ?? { samples: 0, chunks: 0 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#tick[Symbol.dispose]()
    await this.#running?.catch(() => undefined)
    await this.#worker[Symbol.asyncDispose]()
  }
}
