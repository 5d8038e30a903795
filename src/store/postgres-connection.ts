/**
 * One connection to the server: made when it is needed, and again when it broke. What asks for it waits for a server
 * that restarts, for a bounded time.
 */
import type { Socket } from 'node:net'
import type { Client } from 'pg'
import type { Clock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import { retry } from '../retry/retry.ts'
import type { DatabaseTarget } from './database-url.ts'
import { lostError, mayPass, postgresError, sqlStateOf } from './postgres-errors.ts'
import { postgresTypes } from './postgres-types.ts'

/** How long one attempt to connect may take, and an answer: above what the server allows a statement. */
const connectTimeoutMs = 10_000
const answerTimeoutMs = 15_000
/** A connection that a router has forgotten is noticed while nothing is asked. */
const keepAliveMs = 10_000

/**
 * A server that restarts, or its standby that takes over, is back within 5 to 30 s; a deployment waits for that. What
 * comes later while the server is still away fails after one attempt, and of those there is one in `retryPauseMs`.
 */
const patienceMs = 30_000
const retryPauseMs = 5_000

const firstPauseMs = 100
const longestPauseMs = 2_000

/** Of the polite good-bye to a server that does not answer. */
const goodbyeMs = 1_000

type Outage = { readonly sinceMs: number; readonly error: PlimsollError; readonly triedMs: number }

export class PostgresConnection implements AsyncDisposable {
  readonly #target: DatabaseTarget
  readonly #clock: Clock
  #client: Client | null = null
  #outage: Outage | null = null
  #closed = false
  /** Settles, and never rejects, when what was asked for so far is done. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(target: DatabaseTarget, clock: Clock) {
    this.#target = target
    this.#clock = clock
  }

  get name(): string {
    return this.#target.name
  }

  /**
   * Runs `work` on the connection, and again from the start on a new one when it broke: `work` must see by itself what
   * its earlier attempts have done. One `work` at a time, in the order of the calls.
   * @throws DATABASE_LOST when the server stays away, DATABASE_REFUSED, STATE_BUSY
   */
  run<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(() => this.#patiently(work))
    this.#turn = result.catch(() => undefined)
    return result
  }

  async #patiently<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    this.#failFast()
    return await retry(() => this.#knowinglyAttempt(work), {
      strategy: 'exponential',
      minDelayMs: firstPauseMs,
      maxDelayMs: longestPauseMs,
      // Patience ends it, which goes on from one work to the next.
      maxAttempts: Number.MAX_SAFE_INTEGER,
      shouldRetry: (end) => 'error' in end && end.error === this.#outage?.error && !this.#isLost,
      // A connection that is cut has to be seen to; what the work holds is the journal's to bound.
      waitForAttempt: true,
      memory: null,
      memoryLimitMb: Number.POSITIVE_INFINITY,
      clock: this.#clock,
    })
  }

  /** Throws what is known of the outage, or what will not pass. */
  async #knowinglyAttempt<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    try {
      const result = await this.#attempt(work)
      this.#outage = null
      return result
    } catch (thrown) {
      throw this.#outageAfter(thrown).error
    }
  }

  /** The first work: a server that is not there is told at once; one that is just starting is waited for. */
  async begin<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    try {
      return await this.#attempt(work)
    } catch (thrown) {
      const isBusy = mayPass(thrown) && sqlStateOf(thrown) !== undefined
      if (!isBusy) throw postgresError(this.name, thrown)
      return await this.run(work)
    }
  }

  /** One attempt, in its turn: for what is not worth waiting for. */
  once<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    return this.#turn.then(() => this.#attempt(work))
  }

  async #attempt<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new PlimsollError('STORE_FAILED', `${this.name} is closed`)
    this.#client ??= await this.#connect()
    const client = this.#client
    // An idle store keeps no process alive; work under way does.
    socketOf(client).ref()
    try {
      return await work(client)
    } catch (thrown) {
      if (mayPass(thrown)) this.#drop(client)
      throw thrown
    } finally {
      socketOf(client).unref()
    }
  }

  async #connect(): Promise<Client> {
    const { Client } = await import('pg')
    const client = new Client({
      ...this.#target.config,
      types: postgresTypes,
      // What is asked is sent at once; the answers come in its order.
      pipeline: true,
      fallback_application_name: 'plimsoll',
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: answerTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveMs,
    })
    // It broke while nobody waited for it: the next to ask makes a new one.
    client.on('error', () => this.#drop(client))
    await client.connect()
    return client
  }

  /** Throws what will not pass. */
  #outageAfter(thrown: unknown): Outage {
    if (!mayPass(thrown)) throw postgresError(this.name, thrown)
    const nowMs = this.#clock.monotonic()
    const sinceMs = this.#outage?.sinceMs ?? nowMs
    this.#outage = { sinceMs, triedMs: nowMs, error: lostError(this.name, thrown, nowMs - sinceMs) }
    return this.#outage
  }

  /** The server has been away for longer than anybody waits. */
  get #isLost(): boolean {
    return this.#outage !== null && this.#outage.triedMs - this.#outage.sinceMs >= patienceMs
  }

  #failFast(): void {
    if (this.#outage === null || !this.#isLost) return
    const { triedMs, error } = this.#outage
    if (this.#clock.monotonic() - triedMs < retryPauseMs) throw error
  }

  #drop(client: Client): void {
    if (this.#client === client) this.#client = null
    socketOf(client).destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    const client = this.#client
    this.#client = null
    if (client === null) return
    socketOf(client).ref()
    const wait = new AbortController()
    await Promise.race([
      client.end().catch(() => undefined),
      this.#clock.sleep(goodbyeMs, wait.signal).catch(() => undefined),
    ])
    wait.abort()
    socketOf(client).destroy()
  }
}

/** A TLS socket is one, too. */
const socketOf = (client: Client): Socket => client.connection.stream as Socket
