/** Everything that may be asked about queries, and who answers it. */
import { randomUUID } from 'node:crypto'
import { type Clock, systemClock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import { checkNames, namesIn } from '../option-names.ts'
import { createRedactor, type Redactor } from '../redact/redact.ts'
import type { Store } from '../store/store.ts'
import { QueryCache } from './cache.ts'
import { type CreateParts, createIn } from './create.ts'
import { checkLimits, type Limits, limitNames } from './limits.ts'
import { lookUp, lookUpByPrefix } from './lookup.ts'
import { type MemoryReport, memoryReport } from './memory-report.ts'
import {
  type ActivePage,
  type CursorOptions,
  type CursorPage,
  type QueryFilter,
  readActivePage,
  readPage,
  searchPage,
  streamRows,
} from './pages.ts'
import { expireLate, prune } from './prune.ts'
import { readAnswers } from './rows.ts'
import { endWaiting, type SubmissionParts } from './submission.ts'
import { type BatchEntry, entryOf, Submissions, type SubmitOptions } from './submissions.ts'
import {
  type Architecture,
  architectureQuery,
  type CodeReview,
  codeReviewQuery,
  type Diagnosed,
  diagnosisQuery,
} from './templates.ts'
import { readText, storeText, type TextParts } from './texts.ts'
import type { Answer, AnsweredQuery, Consult, NewQuery, Query, StoredText, TextSource } from './words.ts'

export type QueryHandlerOptions = Partial<Limits> & {
  /** Stays the caller's to close. */
  readonly store: Store
  /** Asks the experts. Without it queries are kept and found, and `submitQuery` needs one. */
  readonly consult?: Consult
  /** Knows the secrets that must not be stored. Default: finds only what looks like one. */
  readonly redactor?: Redactor
  readonly clock?: Clock
}

const optionNames = namesIn<QueryHandlerOptions>({
  ...limitNames,
  store: true,
  consult: true,
  redactor: true,
  clock: true,
})

const millisecondsInHour = 3_600_000
/** How often what has expired is looked for. */
const cleanupMs = 60_000

export class QueryHandler implements AsyncDisposable {
  readonly limits: Limits
  readonly #store: Store
  readonly #clock: Clock
  readonly #consult: Consult | undefined
  readonly #cache: QueryCache
  readonly #parts: CreateParts
  readonly #submissions: Submissions
  readonly #submissionParts: SubmissionParts
  readonly #timer: Disposable
  #cleanup: Promise<unknown> | null = null
  #isClosed = false

  /** @throws OPTION_INVALID */
  constructor(options: QueryHandlerOptions) {
    checkNames('QueryHandler', options, optionNames)
    const { store, consult, redactor = createRedactor([]), clock = systemClock, ...limits } = options
    this.limits = checkLimits(limits)
    this.#store = store
    this.#clock = clock
    this.#consult = consult
    const { maxCachedQueries, maxCachedMb, queryTtlHours, maxTextMb } = this.limits
    this.#cache = new QueryCache({
      maxEntries: maxCachedQueries,
      maxBytes: maxCachedMb * 2 ** 20,
      ttlMs: queryTtlHours * millisecondsInHour,
      clock,
    })
    const texts: TextParts = { store, redactor, maxTextBytes: maxTextMb * 2 ** 20, now: () => clock.now() }
    this.#parts = { texts, cache: this.#cache }
    this.#submissionParts = {
      store,
      clock,
      redactor,
      owner: randomUUID(),
      readText: (textId) => readText(store, textId),
      keepText: async (queryId, source, name) => (await storeText(texts, source, { queryId, name })).stored,
    }
    this.#submissions = new Submissions(this.#submissionParts, this.limits)
    this.#timer = clock.every(cleanupMs, () => this.#cleanUpQuietly())
  }

  /**
   * Stores the query; it is durable when this resolves. The same question while it is open, or the same idempotency key,
   * gives the query that is there.
   * @throws QUERY_INVALID, QUERY_TOO_LARGE, QUERY_DEADLINE, QUERY_KEY_REUSED, QUERY_CLOSED, and what the store does (STATE_FULL)
   */
  createQuery(query: NewQuery): Promise<Query> {
    return this.#open(() => createIn(this.#parts, query))
  }

  createCodeReviewQuery(review: CodeReview): Promise<Query> {
    return this.createQuery(codeReviewQuery(review))
  }

  createArchitectureQuery(architecture: Architecture): Promise<Query> {
    return this.createQuery(architectureQuery(architecture))
  }

  /** Why a task of a recorded run failed. */
  createDiagnosisQuery(task: Diagnosed, common?: Parameters<typeof diagnosisQuery>[1]): Promise<Query> {
    return this.createQuery(diagnosisQuery(task, common))
  }

  /** As it is now. Null when no such query is kept. */
  getQuery(id: string): Promise<Query | null> {
    return lookUp(this.#store, this.#cache, id)
  }

  /** The query whose id begins like this. @throws QUERY_UNKNOWN when there is none, or more than one. */
  findQuery(prefix: string): Promise<Query> {
    return lookUpByPrefix(this.#store, this.#cache, prefix)
  }

  /** What the experts answered, in the order in which they did. */
  getAnswers(id: string): Promise<readonly Answer[]> {
    return readAnswers(this.#store, id)
  }

  /** Consults the experts in its turn. Resolves with their answers, also of a query that was answered before.
   * @throws QUERY_UNKNOWN, QUERY_ENDED, QUERY_DEADLINE, QUERY_QUEUE_FULL, QUERY_LOST, QUERY_CLOSED, the reason of the signal, and what
   *   `consult` throws; what was answered by then is kept.
   */
  async submitQuery(
    query: Query | string,
    { signal, consult = this.#consult }: SubmitOptions = {},
  ): Promise<AnsweredQuery> {
    const id = idOf(query)
    if (consult === undefined)
      throw new PlimsollError('QUERY_INVALID', 'this handler was given no function that consults the experts')
    try {
      return await this.#open(() => this.#submissions.submit(id, consult, signal))
    } finally {
      this.#cache.forget(id)
    }
  }

  /** All of them, in the order of their urgency; one that fails keeps none from its answer. In the order in which they were given. */
  submitBatch(
    queries: readonly (Query | string)[],
    options: SubmitOptions = {},
  ): Promise<readonly BatchEntry[]> {
    const { maxWaitingQueries } = this.limits
    if (queries.length > maxWaitingQueries)
      throw new PlimsollError(
        'QUERY_QUEUE_FULL',
        `${queries.length} queries at once, at most ${maxWaitingQueries} may wait`,
      )
    return Promise.all(queries.map((query) => entryOf(idOf(query), this.submitQuery(query, options))))
  }

  /** Cancels a query that waits; false when it does not. One that runs is cancelled by the signal of who submitted it. */
  async cancelQuery(id: string): Promise<boolean> {
    const reason = new PlimsollError('QUERY_ENDED', `the query ${id} was cancelled`)
    const isCancelled = await endWaiting(this.#submissionParts, id, reason)
    this.#cache.forget(id)
    return isCancelled
  }

  /** Queries that wait or run, oldest first, in constant time. `pageSize` is 1 to 200, default 50. */
  getActiveQueries(
    options: { readonly page?: number; readonly pageSize?: number } = {},
  ): Promise<ActivePage> {
    return readActivePage(this.#store, options)
  }

  /** All queries, newest first. @throws QUERY_CURSOR_INVALID */
  getQueryPage(options: QueryFilter & CursorOptions = {}): Promise<CursorPage> {
    return readPage(this.#store, options)
  }

  /**
   * Queries that have all of these words in title, text, tags or context, newest first; the last word may be the beginning of
   * one. Of a long text its first 8 KiB are looked in.
   * @throws QUERY_CURSOR_INVALID
   */
  searchQueries(words: string, options: CursorOptions = {}): Promise<CursorPage> {
    return searchPage(this.#store, words, options)
  }

  /** Oldest first, while others write; what is created meanwhile comes too. */
  streamQueries(filter: QueryFilter = {}): AsyncIterable<Query> {
    return streamRows(this.#store, filter)
  }

  /** A stored text, piece by piece. @throws QUERY_UNKNOWN */
  readText(textId: string): AsyncIterable<string> {
    return readText(this.#store, textId)
  }

  /** Masks and stores a text of any length; it is removed with the query. @throws QUERY_TOO_LARGE */
  keepText(queryId: string, text: TextSource, name?: string): Promise<StoredText> {
    return this.#submissionParts.keepText(queryId, text, name)
  }

  /** What has expired leaves memory, and what waits past its deadline ends. Also done each minute. */
  async cleanupExpired(signal?: AbortSignal): Promise<{ readonly removed: number; readonly ended: number }> {
    const removed = await this.#cache.removeExpired(signal)
    return { removed, ended: await expireLate(this.#store, this.#clock.now(), signal) }
  }

  /** Everything leaves memory now, expired or not. Nothing is lost. */
  forceCleanup(): { readonly removed: number; readonly bytes: number } {
    const { size: removed, bytes } = this.#cache
    this.#cache.clear()
    return { removed, bytes }
  }

  /** Removes from the store what was created before, with answers and texts. */
  prune(beforeMs: number, signal?: AbortSignal): Promise<number> {
    const onRemoved = (id: string): void => this.#cache.forget(id)
    return prune(this.#store, { beforeMs, nowMs: this.#clock.now(), onRemoved, signal })
  }

  getMemoryReport(): MemoryReport {
    return memoryReport(this.#cache, this.#submissions.line, this.limits)
  }

  /** Bytes that are held of this query; null when it is not in memory. */
  memoryOf(id: string): number | null {
    return this.#cache.bytesOf(id)
  }

  /** What runs is cancelled; what waits stays in the store, and waits on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#timer[Symbol.dispose]()
    await this.#submissions.close()
    await this.#cleanup
    this.#cache.clear()
  }

  async #open<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw new PlimsollError('QUERY_CLOSED', 'the query handler was closed')
    return work()
  }

  /** A store that is away is found by whoever needs it next. */
  #cleanUpQuietly(): void {
    this.#cleanup ??= this.cleanupExpired()
      .catch(() => undefined)
      .finally(() => {
        this.#cleanup = null
      })
  }
}

const idOf = (query: Query | string): string => (typeof query === 'string' ? query : query.id)
