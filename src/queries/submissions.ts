/** What was submitted here and has not ended: it waits for its turn, for its deadline, and for other processes. */
import { PlimsollError } from '../errors.ts'
import { deadlinePassed, type Limits } from './limits.ts'
import {
  answered,
  claim,
  consultAbout,
  endWaiting,
  presentQuery,
  type SubmissionParts,
} from './submission.ts'
import { WaitingLine } from './waiting-line.ts'
import type { AnsweredQuery, Consult, Query } from './words.ts'

/** How often a query that another process has is looked at, in milliseconds. */
const lookMs = 250

export type SubmitOptions = {
  /** Cancels the query. */
  readonly signal?: AbortSignal | undefined
  /** Instead of that of the handler. */
  readonly consult?: Consult | undefined
}

/** How a query of a batch ended. */
export type BatchEntry =
  | ({ readonly ok: true } & AnsweredQuery)
  | { readonly ok: false; readonly queryId: string; readonly error: unknown }

/** One that fails keeps none of the batch from its answer. */
export const entryOf = (queryId: string, submitted: Promise<AnsweredQuery>): Promise<BatchEntry> =>
  submitted.then(
    (answeredQuery) => ({ ok: true, ...answeredQuery }),
    (error: unknown) => ({ ok: false, queryId, error }),
  )

export class Submissions {
  readonly line: WaitingLine
  readonly #parts: SubmissionParts
  /** Bounded by the line. */
  readonly #underWay = new Map<string, Promise<AnsweredQuery>>()
  readonly #closing = new AbortController()

  constructor(parts: SubmissionParts, limits: Limits) {
    this.#parts = parts
    this.line = new WaitingLine(limits.maxConcurrentQueries, limits.maxWaitingQueries)
  }

  /** The same query again gets the same answers. */
  submit(id: string, consult: Consult, signal?: AbortSignal): Promise<AnsweredQuery> {
    const before = this.#underWay.get(id)
    if (before !== undefined) return before
    const job = this.#submit(id, consult, signal).finally(() => this.#underWay.delete(id))
    this.#underWay.set(id, job)
    return job
  }

  async #submit(id: string, consult: Consult, signal?: AbortSignal): Promise<AnsweredQuery> {
    const query = await presentQuery(this.#parts.store, id)
    if (query.endedAtMs !== null) return answered(this.#parts.store, query)
    using stop = this.#stopOf(query, signal)
    while (true) {
      const ended = await this.#consultInTurn(query, consult, stop.signal)
      if (ended !== null) return ended
      const now = await this.#waitForOther(id, stop.signal)
      if (now.endedAtMs !== null) return answered(this.#parts.store, now)
    }
  }

  /** Null when another process has it. */
  async #consultInTurn(query: Query, consult: Consult, signal: AbortSignal): Promise<AnsweredQuery | null> {
    using _turn = await this.#turnOf(query, signal)
    if (!(await claim(this.#parts, query.id))) return null
    return await consultAbout(this.#parts, { ...query, status: 'running' }, { consult, signal })
  }

  /** A query that gives up waiting has ended; one that is not taken, or whose handler closes, waits on. */
  async #turnOf(query: Query, signal: AbortSignal): Promise<Disposable> {
    try {
      return await this.line.turn(query, signal)
    } catch (error) {
      if (signal.aborted && !this.#closing.signal.aborted) await endWaiting(this.#parts, query.id, error)
      throw error
    }
  }

  async #waitForOther(id: string, signal: AbortSignal): Promise<Query> {
    const { store, clock } = this.#parts
    while (true) {
      const query = await presentQuery(store, id)
      if (query.endedAtMs !== null) return query
      const [other] = await store.read<{ readonly claimed_until_ms: number | null }>(
        'select claimed_until_ms from queries where id = ?1',
        [id],
      )
      if ((other?.claimed_until_ms ?? 0) <= clock.now()) return query
      await clock.sleep(lookMs, signal)
    }
  }

  #stopOf({ title, deadlineMs }: Query, given?: AbortSignal): Disposable & { readonly signal: AbortSignal } {
    const { clock } = this.#parts
    const late = new AbortController()
    const over = new AbortController()
    if (deadlineMs !== undefined) {
      const pass = (): void => late.abort(deadlinePassed(title, deadlineMs))
      if (deadlineMs <= clock.now()) pass()
      else clock.sleep(deadlineMs - clock.now(), over.signal).then(pass, () => undefined)
    }
    const signals = [late.signal, this.#closing.signal, ...(given === undefined ? [] : [given])]
    return { signal: AbortSignal.any(signals), [Symbol.dispose]: () => over.abort() }
  }

  async close(): Promise<void> {
    this.#closing.abort(new PlimsollError('QUERY_CLOSED', 'the query handler was closed'))
    await Promise.allSettled(this.#underWay.values())
  }
}
