/** Writes chunks: each is one transaction, with the series that it brings, and those that wait share a commit. */
import { PlimsollError } from '../errors.ts'
import type { Statement, Store } from '../store/store.ts'
import type { Head } from './head.ts'
import { findSeries, type SeriesLimits } from './known-series.ts'
import { OpenChunk } from './open-chunk.ts'
import { SeenBefore } from './seen-before.ts'
import { SeriesCache } from './series-cache.ts'
import { insertChunk, readState, type StateRow } from './statements.ts'
import type { Durability } from './words.ts'

/** Others would have to change series as often between our looking and our writing; that is no failure for `retry`. */
const mostTries = 10
/** Samples in chunks that are kept for what comes next: 1 MB with their series. */
const mostFree = 32_768

export type RecorderOptions = {
  readonly limits: SeriesLimits
  /** Called when samples were committed; writing more waits for what it returns. */
  readonly onRecorded: (samples: number) => Promise<void>
}

export class Recorder {
  readonly #store: Store
  readonly #head: Head
  readonly #options: RecorderOptions
  readonly #cache = new SeriesCache()
  readonly #seen: SeenBefore
  /** Of chunks that were sent and not yet acknowledged; bounded by those who wait for them. */
  readonly #underWay = new Set<Promise<unknown>>()
  /** Recorded ones, of the same capacity. */
  readonly #free: OpenChunk[] = []
  /** Chunks that depend on what is stored go one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(store: Store, head: Head, options: RecorderOptions) {
    this.#store = store
    this.#head = head
    this.#options = options
    this.#seen = new SeenBefore(store)
  }

  open(capacity: number): OpenChunk {
    if (this.#free[0]?.capacity !== capacity) this.#free.length = 0
    const chunk = this.#free.pop() ?? new OpenChunk(capacity, this.#cache)
    chunk.begin()
    return chunk
  }

  #takeBack(chunk: OpenChunk): void {
    const { capacity } = chunk
    const isAlike = (this.#free[0]?.capacity ?? capacity) === capacity
    if (isAlike && (this.#free.length + 1) * capacity <= mostFree) this.#free.push(chunk)
  }

  /** Resolves when the chunk is committed, with how many of its samples replaced one of the same time. It is ours from now on. */
  async record(chunk: OpenChunk, durability: Durability): Promise<number> {
    const { count } = chunk
    if (count === 0) return 0
    const duplicates =
      chunk.late.length === 0 && chunk.seriesForm === this.#cache.form
        ? await this.#recordNew(chunk, durability)
        : await this.#recordInTurn(chunk, durability)
    this.#takeBack(chunk)
    await this.#options.onRecorded(count)
    return duplicates
  }

  /** Only if nobody has recorded anything since then. @throws STORE_CONFLICT */
  async recordSince(seq: number, chunk: OpenChunk, durability: Durability): Promise<void> {
    const nothingSince: Statement = {
      sql: 'update metric_state set seq = seq where id = 1 and seq = ?1',
      parameters: [seq],
      expectRows: 1,
    }
    const record = async (): Promise<void> => {
      const seriesForm = await this.#presentForm(chunk)
      const entries = new Set(chunk.entries)
      const limits = this.#options.limits
      const made = await findSeries(this.#store, entries, { head: await this.#head.read(), limits })
      await this.#write(chunk, { before: [nothingSince, ...made], seriesForm, durability })
    }
    const result = this.#turn.then(record)
    this.#turn = result.catch(() => undefined)
    await result
    await this.#options.onRecorded(chunk.count)
  }

  async #recordNew(chunk: OpenChunk, durability: Durability): Promise<number> {
    try {
      await this.#write(chunk, { before: [], seriesForm: chunk.seriesForm, durability })
      return 0
    } catch (error) {
      if (!isConflict(error)) throw error
      return await this.#recordInTurn(chunk, durability)
    }
  }

  #recordInTurn(chunk: OpenChunk, durability: Durability): Promise<number> {
    const result = this.#turn.then(() => this.#recordWhatIsLate(chunk, durability))
    this.#turn = result.catch(() => undefined)
    return result
  }

  async #recordWhatIsLate(chunk: OpenChunk, durability: Durability): Promise<number> {
    for (let tries = 1; ; tries += 1) {
      await Promise.allSettled(this.#underWay)
      const seriesForm = await this.#presentForm(chunk)
      const head = await this.#head.read()
      const entries = new Set(chunk.entries)
      const before = await findSeries(this.#store, entries, { head, limits: this.#options.limits })
      const duplicates = await this.#seen.count(chunk, head)
      try {
        await this.#write(chunk, { before, seriesForm, durability })
        for (const entry of entries) entry.isKnown = true
        return duplicates
      } catch (error) {
        if (!isConflict(error) || tries === mostTries) throw error
        chunk.forget()
      }
    }
  }

  /** Series that were deleted since the chunk was begun are looked for anew. */
  async #presentForm(chunk: OpenChunk): Promise<number> {
    const [state] = await this.#store.read<StateRow>(readState)
    const form = state?.series_form ?? 0
    if (form !== this.#cache.form) this.#cache.begin(form)
    if (form !== chunk.seriesForm) chunk.forget()
    return form
  }

  async #write(
    chunk: OpenChunk,
    how: {
      readonly before: readonly Statement[]
      readonly seriesForm: number
      readonly durability: Durability
    },
  ): Promise<void> {
    const statements = [...how.before, ...insertChunk(how.seriesForm, chunk.count, chunk.encode())]
    const written = this.#store.write(statements, how.durability)
    this.#underWay.add(written)
    try {
      await written
    } finally {
      this.#underWay.delete(written)
    }
  }
}

const isConflict = (error: unknown): boolean =>
  error instanceof PlimsollError && error.code === 'STORE_CONFLICT'
