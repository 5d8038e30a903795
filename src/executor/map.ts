import { type Answer, ResultRing } from './map-ring.ts'
import { closeSource, openSource, type Source } from './map-source.ts'
import type { MapContext, MapFunction, MapOptions, MapParts, MapResults } from './map-words.ts'

/** While it is held back it looks again this often, in milliseconds. */
const retryMs = 50
/** After so many items it looks at the clock (a power of two), ... */
const itemsBetweenLooks = 1_024
/** ... and after this long, in milliseconds, it lets timers and sockets have their turn. */
const turnMs = 15

/**
 * One function over a source of any length. It pulls an item when a function may start and its result has a place: at
 * most `concurrency` items are under way or done and not taken yet, so that a slow reader slows the source. A function
 * that fails ends it: what still runs is told by its signal and waited for, then the error is thrown.
 */
export class MapRun<Item, Result> implements MapResults<Result> {
  readonly #source: Source<Item>
  readonly #fn: MapFunction<Item, Result>
  readonly #options: MapOptions
  readonly #parts: MapParts
  readonly #stop = new AbortController()
  readonly #context: MapContext
  readonly #ring: ResultRing<Result>
  #started = 0
  #done = 0
  #running = 0
  #isPulling = false
  #isExhausted = false
  #isRead = false
  #isOver = false
  /** Its reader has gone: that is no failure. */
  #isLeft = false
  #failure: { readonly error: unknown } | null = null
  #reader: PromiseWithResolvers<Answer<Result>> | null = null
  /** Looks again while it is held back by slots or memory. */
  #retry: Disposable | null = null
  /** Others have their turn. */
  #turn: NodeJS.Immediate | null = null
  #turnStartMs: number

  constructor(
    source: Iterable<Item> | AsyncIterable<Item>,
    fn: MapFunction<Item, Result>,
    { options, parts }: { readonly options: MapOptions; readonly parts: MapParts },
  ) {
    this.#source = openSource(source)
    this.#fn = fn
    this.#options = options
    this.#parts = parts
    const { signal } = this.#stop
    this.#context = { signal, call: (job, how) => parts.call(job, { ...how, signal }) }
    this.#ring = new ResultRing(parts.concurrency)
    this.#turnStartMs = parts.clock.monotonic()
    options.signal?.addEventListener('abort', this.#abort)
    if (options.signal?.aborted) this.#abort()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** One at a time: the next result is asked for when the last has come. */
  next(): Promise<Answer<Result>> {
    if (this.#reader !== null)
      return Promise.reject(new Error('ask for the next result when the last has come'))
    if (!this.#isRead) this.#parts.open()
    this.#isRead = true
    this.pump()
    const result = this.#takeResult()
    if (result !== null) return Promise.resolve(result)
    this.#reader = Promise.withResolvers()
    const { promise } = this.#reader
    this.#tell()
    return promise
  }

  /**
   * Ends it early, as `break` in a `for await` does. Resolves when no function of it runs any more and the source is
   * closed, or has not answered for a second. Who waits for a result hears that there is none.
   */
  async return(): Promise<Answer<Result>> {
    const waiting = this.#reader?.promise
    this.#isLeft = this.#failure === null
    this.#fail(new Error('nobody reads the results any more'))
    await (waiting ?? this.next()).catch(() => undefined)
    return { value: undefined, done: true }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  /** Starts what may start; called whenever a slot, a place or memory comes free. */
  pump(): void {
    while (this.#mayPull()) {
      if (!this.#parts.take(this.#running)) {
        this.#retry ??= this.#parts.clock.every(retryMs, () => this.pump())
        return
      }
      if (this.#retry !== null) this.#holdNoMore()
      this.#running += 1
      this.#pull()
    }
  }

  #mayPull(): boolean {
    if (this.#isExhausted || this.#isPulling || this.#turn !== null) return false
    if (this.#started - this.#ring.taken >= this.#parts.concurrency) return false
    if ((this.#started & (itemsBetweenLooks - 1)) !== 0) return true
    const nowMs = this.#parts.clock.monotonic()
    if (nowMs - this.#turnStartMs < turnMs) return true
    this.#turn = setImmediate(() => {
      this.#turn = null
      this.#turnStartMs = this.#parts.clock.monotonic()
      this.pump()
      this.#tell()
    })
    return false
  }

  #holdNoMore(): void {
    this.#retry?.[Symbol.dispose]()
    this.#retry = null
  }

  #pull(): void {
    try {
      const pulled = this.#source.next()
      if (!isThenable(pulled)) {
        this.#start(pulled)
        return
      }
      this.#isPulling = true
      pulled.then(
        (result) => {
          if (!this.#isPulling) return
          this.#isPulling = false
          this.#start(result)
          this.pump()
          this.#tell()
        },
        (error: unknown) => {
          if (!this.#isPulling) return
          this.#isPulling = false
          this.#lost(error)
        },
      )
    } catch (error) {
      this.#lost(error)
    }
  }

  #start(pulled: IteratorResult<Item>): void {
    if (pulled.done || this.#failure !== null) {
      this.#isExhausted = true
      this.#free()
      return
    }
    const index = this.#started
    this.#started += 1
    try {
      const result = this.#fn(pulled.value, index, this.#context)
      if (isThenable(result))
        result.then(this.#options.ordered ? (value) => this.#came(value, index) : this.#cameNext, this.#lost)
      else this.#keep(result, index)
    } catch (error) {
      this.#lost(error)
    }
  }

  readonly #cameNext = (value: Result): void => this.#came(value, 0)

  #came(value: Result, index: number): void {
    this.#keep(value, index)
    this.#tell()
    this.pump()
  }

  #keep(value: Result, index: number): void {
    this.#ring.put(value, this.#options.ordered ? index : this.#done)
    this.#done += 1
    this.#parts.onResult()
    this.#free()
  }

  #free(): void {
    this.#running -= 1
    this.#parts.giveBack(this.#running)
  }

  readonly #lost = (error: unknown): void => {
    this.#free()
    this.#fail(error)
  }

  readonly #abort = (): void => this.#fail(this.#options.signal?.reason)

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#isExhausted = true
    this.#stop.abort(error)
    // The source may have nothing to say for hours.
    if (this.#isPulling) {
      this.#isPulling = false
      this.#free()
    }
    this.#tell()
  }

  #takeResult(): Answer<Result> | null {
    return this.#failure === null ? this.#ring.take() : null
  }

  /** Answers the reader who waits, when there is something to say. */
  #tell(): void {
    if (this.#reader === null) return
    const result = this.#takeResult()
    if (result !== null) {
      this.#reader.resolve(result)
      this.#reader = null
    } else if (this.#isExhausted && this.#running === 0) {
      void this.#end(this.#reader)
      this.#reader = null
    }
  }

  /** The first reader after a failure gets it; those after it that all is over. */
  async #end({ resolve, reject }: PromiseWithResolvers<Answer<Result>>): Promise<void> {
    const failure = this.#isOver || this.#isLeft ? null : this.#failure
    try {
      if (!this.#isOver) await this.#close()
      if (failure === null) resolve({ value: undefined, done: true })
      else reject(failure.error)
    } catch (error) {
      reject(failure === null ? error : failure.error)
    }
  }

  async #close(): Promise<void> {
    this.#isOver = true
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.#holdNoMore()
    if (this.#turn !== null) clearImmediate(this.#turn)
    this.#parts.close()
    if (this.#failure !== null) await closeSource(this.#source, this.#parts.clock)
  }
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
