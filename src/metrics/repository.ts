/** Everything that is asked of the metrics, and who answers it. */

import { type Clock, systemClock } from '../clock.ts'
import { MemoryMonitor } from '../memory/memory.ts'
import { checkNames } from '../option-names.ts'
import { openStore, type Store } from '../store/store.ts'
import { Acknowledged } from './acknowledged.ts'
import { aggregate } from './aggregate.ts'
import type { AggregatePoint, AggregateQuery } from './aggregate-words.ts'
import { labelSetsOf, type MetricSummary, namesOf, summariesOf } from './catalog.ts'
import type { CleanupOutcome } from './cleanup.ts'
import { Compactor } from './compactor.ts'
import { addToCounters } from './counters.ts'
import { Head } from './head.ts'
import type { SeriesLimits } from './known-series.ts'
import { latestOf, latestSamples } from './latest.ts'
import { emitWarning, LogWatch } from './log-watch.ts'
import { compileSelector } from './matchers.ts'
import { type Page, type PageQuery, readPage } from './pages.ts'
import { placeOf } from './place.ts'
import { type MemoryReader, Pressure } from './pressure.ts'
import { readBatches } from './reader.ts'
import { type BatchOptions, type BatchOutcome, recordBatch, type Source } from './record-batch.ts'
import { Recorder } from './recorder.ts'
import { limitsOf, type MetricsOptions, optionNames, type RecordOptions } from './repository-options.ts'
import { type CleanupOptions, cleanUp } from './retention.ts'
import { readForAggregate } from './rolled-up.ts'
import { samplesOfBatches } from './sample-stream.ts'
import type { Batch, Durability, Labels, NewSample, Sample, SampleQuery, SeriesQuery } from './words.ts'

/** What was opened here and is given back here. */
type Own = { readonly store: Store; readonly acknowledged: Acknowledged | null }

async function onStore(
  store: Store,
  options: MetricsOptions & { readonly clock: Clock; readonly own?: Own },
): Promise<MetricsRepository> {
  const { clock, onWarning = emitWarning } = options
  const log = new LogWatch(store, onWarning)
  return new MetricsRepository(store, options, await Compactor.open(store, clock, log))
}

export class MetricsRepository implements AsyncDisposable {
  readonly #store: Store
  readonly #own: Own | null
  readonly #clock: Clock
  readonly #durability: Durability
  readonly #memory: MemoryReader
  readonly #ownMemory: MemoryMonitor | null
  readonly #head: Head
  readonly #limits: SeriesLimits
  readonly #compactor: Compactor
  readonly #recorder: Recorder

  /**
   * `file:DIR` (a state directory, where the journal also is; without a directory `.plimsoll`), `postgres://...`, or a store
   * that is open already and stays so.
   * @throws OPTION_INVALID, STATE_UNWRITABLE, STATE_CORRUPT, STATE_TOO_NEW, DATABASE_URL_INVALID and what else opening a store throws
   */
  static async open(
    place: string | { readonly store: Store },
    options: MetricsOptions = {},
  ): Promise<MetricsRepository> {
    checkNames('MetricsRepository.open', options, optionNames)
    const clock = options.clock ?? systemClock
    if (typeof place !== 'string') return await onStore(place.store, { ...options, clock })
    const { stateDir, database } = placeOf(place)
    const store = await openStore({ stateDir, database, clock })
    try {
      const acknowledged = database === undefined ? await Acknowledged.open(stateDir, store) : null
      return await onStore(store, { ...options, clock, own: { store, acknowledged } })
    } catch (error) {
      await store[Symbol.asyncDispose]()
      throw error
    }
  }

  /** @internal */
  constructor(
    store: Store,
    options: MetricsOptions & { readonly clock: Clock; readonly own?: Own },
    compactor: Compactor,
  ) {
    const { clock, own = null, durability = 'full', memory } = options
    this.#limits = limitsOf(options)
    this.#store = store
    this.#own = own
    this.#clock = clock
    this.#durability = durability
    this.#ownMemory = memory === undefined ? new MemoryMonitor() : null
    this.#memory = memory ?? (this.#ownMemory as MemoryMonitor)
    this.#head = new Head(store)
    this.#compactor = compactor
    this.#recorder = new Recorder(store, this.#head, {
      limits: this.#limits,
      onRecorded: (samples) => {
        own?.acknowledged?.note()
        return compactor.added(samples)
      },
    })
  }

  /**
   * How many chunks that had been acknowledged were not there any more when this was opened, at least: the log of the
   * database was damaged. Of a server and of a store that was open nobody knows; then it is 0.
   */
  get lostChunks(): number {
    return this.#own?.acknowledged?.lostChunks ?? 0
  }

  /** @throws METRIC_INVALID, METRIC_TOO_MANY_SERIES, STATE_FULL and what else a store throws */
  async recordMetric(name: string, value: number | bigint, options: RecordOptions = {}): Promise<void> {
    const { durability = this.#durability, ...rest } = options
    const chunk = this.#recorder.open(1)
    chunk.add({ name, value, ...rest }, this.#clock)
    await this.#recorder.record(chunk, durability)
  }

  /**
   * Each value is added to the newest one of its series, or begins it: so several processes may count the same, in one commit.
   * For what happens now and then.
   * @throws METRIC_INVALID, METRIC_TOO_MANY_SERIES, STORE_CONFLICT when others never cease to record, and what else a store throws
   */
  async addToCounters(
    counters: readonly NewSample[],
    { durability = this.#durability }: Pick<RecordOptions, 'durability'> = {},
  ): Promise<void> {
    const place = { store: this.#store, head: this.#head, recorder: this.#recorder, clock: this.#clock }
    if (counters.length > 0) await addToCounters(place, counters, durability)
  }

  /**
   * Samples of one series and time replace one another: the last one written stays. Late ones are as good as others.
   * @throws BatchError, which says what is recorded
   */
  async recordMetricsBatch(source: Source, options: BatchOptions = {}): Promise<BatchOutcome> {
    const place = {
      recorder: this.#recorder,
      clock: this.#clock,
      pressure: new Pressure(this.#clock, this.#memory),
    }
    const durability = options.durability ?? this.#durability
    return await recordBatch(source, { ...options, durability }, place)
  }

  /** In order of series and time. The next sample is read when it is asked for. */
  streamMetrics(query: SampleQuery = {}): AsyncIterable<Sample> {
    return samplesOfBatches(this.streamBatches(query))
  }

  /** The same as columns of up to some thousand samples: many times faster where columns will do. */
  async *streamBatches(query: SampleQuery = {}): AsyncGenerator<Batch, void, undefined> {
    const test = await compileSelector(query)
    yield* readBatches(this.#store, this.#head, { query, test })
  }

  /** One page, in the order of the stream. @throws METRIC_CURSOR_INVALID, OPTION_INVALID */
  async getMetrics(query: PageQuery = {}): Promise<Page> {
    return await readPage(this.#store, this.#head, { query, test: await compileSelector(query) })
  }

  /** Buckets that have samples, by group. @throws METRIC_QUERY_INVALID, METRIC_QUERY_TOO_LARGE */
  queryMetrics(query: AggregateQuery): AsyncIterable<AggregatePoint> {
    return aggregate((stepMs) => readForAggregate(this.#store, this.#head, { query, stepMs }), query)
  }

  /** The newest sample of all series that are meant; null when there is none. */
  async getLatestValue(name: string, query: Omit<SeriesQuery, 'name'> = {}): Promise<Sample | null> {
    return await latestOf(this.streamLatest({ ...query, name }))
  }

  /** The newest sample of each series. */
  async *streamLatest(query: SeriesQuery = {}): AsyncGenerator<Sample, void, undefined> {
    yield* latestSamples(this.#store, this.#head, { query, test: await compileSelector(query) })
  }

  /** Sorted. */
  async getMetricNames(prefix = ''): Promise<readonly string[]> {
    return await namesOf(this.#store, prefix)
  }

  /** The label sets that a name is recorded with, as many as there are series. */
  async getMetricLabels(name: string, query: Omit<SeriesQuery, 'name'> = {}): Promise<readonly Labels[]> {
    return await labelSetsOf(this.#store, { ...query, name })
  }

  /** By name, sorted; only names that have samples in the range. */
  async getMetricsSummary(query: SampleQuery = {}): Promise<readonly MetricSummary[]> {
    return await summariesOf(this.#store, this.#head, query)
  }

  /**
   * Deletes samples that are older, and series that have none left unless somebody writes meanwhile: nobody sees them any more,
   * while their room is given back in the next quiet moments, and at the latest by `compact`. Then each rule puts
   * together what is left and old enough for it: of the samples of NAME in a step there are NAME:min, NAME:max, NAME:sum and
   * NAME:count at its begin.
   * @throws OPTION_INVALID, METRIC_QUERY_INVALID, METRIC_TOO_MANY_SERIES, the reason of the signal
   */
  async cleanupOldMetrics(
    options: CleanupOptions,
  ): Promise<CleanupOutcome & { readonly downsampled: number }> {
    const place = { store: this.#store, compactor: this.#compactor, clock: this.#clock, limits: this.#limits }
    return await cleanUp(place, options)
  }

  /**
   * Packs at once what would be packed as soon as nothing is written, and gives the room of it and of what was deleted back to the disk. When the signal
   * aborts, it goes on by itself.
   * @throws what a store throws, the reason of the signal
   */
  async compact({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#compactor.finish(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#compactor[Symbol.asyncDispose]()
    this.#own?.acknowledged?.[Symbol.dispose]()
    await this.#own?.store[Symbol.asyncDispose]()
    this.#ownMemory?.[Symbol.dispose]()
  }
}
