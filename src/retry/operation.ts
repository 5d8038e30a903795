import { randomUUID } from 'node:crypto'
import { messageOf, PlimsollError } from '../errors.ts'
import { formatDuration, formatSize } from '../units.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import { counters } from './counters.ts'
import { Delays } from './delays.ts'
import { meterOf, type Watched } from './growth.ts'
import { hintOf } from './hints.ts'
import { History, keepHistory, noHistory } from './history.ts'
import { payloadBytes } from './payload.ts'
import { cleanupRetryState } from './release.ts'
import { isTight, waitForRoom } from './room.ts'
import type { Rules } from './rules.ts'
import { isTransient } from './transient.ts'
import type { AttemptContext, AttemptEnd, RetryEvent, RetryHistory, RetryStop } from './words.ts'

export type RetriedFunction<T> = (context: AttemptContext) => T | PromiseLike<T>

/** After so many attempts without a wait the event loop gets a turn: an abort could not be heard otherwise. */
const mostWithoutTurn = 1_000

type Verdict =
  | { readonly delayMs: number; readonly stop: null }
  | { readonly delayMs: null; readonly stop: RetryStop }

const stopped = (stop: RetryStop): Verdict => ({ delayMs: null, stop })

/**
 * One operation: attempts and the waits between them. It is written with callbacks where an attempt ends, so that no
 * frame of a suspended function keeps what attempt n left alive while attempt n+1 runs.
 */
export class Operation<T> implements AttemptOwner, Watched {
  readonly limitBytes: number
  baselineBytes: number | null = null
  older: Watched | null = null
  newer: Watched | null = null
  previous: AttemptEnd | undefined = undefined
  readonly #fn: RetriedFunction<T>
  readonly #rules: Rules<T>
  #resolve: (value: T) => void = ignore
  #reject: (error: unknown) => void = ignore
  #current: Attempt | null = null
  #attempts = 0
  #startMs = 0
  /** The wait before the attempt that runs. */
  #waitedMs = 0
  #withoutTurn = 0
  #delays: Delays | null = null
  #history: History | null = null
  #budgetCost = 0
  #key: string | undefined

  constructor(fn: RetriedFunction<T>, rules: Rules<T>) {
    this.#fn = fn
    this.#rules = rules
    this.limitBytes = rules.memoryLimitBytes
  }

  /** Few frames are between the caller and the function: each of them is a part of the stack of every error. */
  run(): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#resolve = resolve
    this.#reject = reject
    counters.operations += 1
    try {
      const nowMs = this.#open()
      if (this.#hasRoom(nowMs)) this.#begin(nowMs)
    } catch (error) {
      this.#fail(error)
    }
    return promise
  }

  get idempotencyKey(): string {
    this.#key ??= this.#rules.config.idempotencyKey ?? randomUUID()
    return this.#key
  }

  get history(): RetryHistory {
    return this.#history?.facts ?? noHistory
  }

  /** The growth of memory has been found to be too much. */
  exceed(grownBytes: number): void {
    this.#interrupt(this.#memoryExceeded(grownBytes), 'memory')
  }

  #open(): number {
    const { config, clock } = this.#rules
    config.signal?.throwIfAborted()
    if (config.payload !== undefined) this.#checkPayload(config.payload)
    const nowMs = clock.monotonic()
    this.#startMs = nowMs
    if (this.limitBytes !== Number.POSITIVE_INFINITY) meterOf(clock).enter(this, nowMs)
    return nowMs
  }

  #checkPayload(payload: unknown): void {
    const { maxPayloadBytes } = this.#rules
    if (maxPayloadBytes === Number.POSITIVE_INFINITY) return
    const bytes = payloadBytes(payload)
    if (bytes === null || bytes <= maxPayloadBytes) return
    counters.refusedPayloads += 1
    throw new PlimsollError(
      'RETRY_PAYLOAD_TOO_LARGE',
      `the payload has ${formatSize(bytes)}, more than maxPayloadSizeMb allows, ${formatSize(maxPayloadBytes)}; nothing was sent`,
    )
  }

  /** Where there is none, the attempt begins later. */
  #hasRoom(nowMs: number): boolean {
    const { memory, clock } = this.#rules
    if (memory === null || !isTight(memory, nowMs)) return true
    this.#waitForRoom()
      .then(() => this.#begin(clock.monotonic()))
      .catch(this.#fail)
    return false
  }

  /** Never so long that the attempt itself would have no time left. */
  async #waitForRoom(): Promise<void> {
    const { memory: gauge, clock, delay, totalTimeoutMs, config } = this.#rules
    if (gauge === null) return
    const leftMs = this.#startMs + totalTimeoutMs - clock.monotonic()
    const mostMs = Math.min(delay.maxDelayMs, leftMs / 2)
    const attempt = this.#attempts + 1
    const onWait = (message: string) => this.#tell({ type: 'waiting-for-memory', attempt, message })
    await waitForRoom({ gauge, clock, mostMs, signal: config.signal, onWait })
  }

  #begin(nowMs: number): void {
    const { clock, config, attemptTimeoutMs, totalTimeoutMs } = this.#rules
    this.#attempts += 1
    counters.attempts += 1
    const attempt = new Attempt(this.#attempts, nowMs, this)
    this.#current = attempt
    config.signal?.addEventListener('abort', this.#onAbort)
    const leftMs = this.#startMs + totalTimeoutMs - nowMs
    const limitMs = Math.min(attemptTimeoutMs, leftMs)
    if (limitMs !== Number.POSITIVE_INFINITY) {
      attempt.limit(limitMs, clock, () => this.#onLate(attempt, leftMs <= attemptTimeoutMs))
    }
    let result: T | PromiseLike<T>
    try {
      result = this.#fn(attempt)
    } catch (error) {
      this.#onEnd(attempt, { error })
      return
    }
    if (isPromise(result)) {
      result.then(
        (value) => this.#onEnd(attempt, { value }),
        (error: unknown) => this.#onEnd(attempt, { error }),
      )
    } else this.#onEnd(attempt, { value: result })
  }

  readonly #onAbort = (): void => this.#interrupt(this.#rules.config.signal?.reason, 'aborted')

  #onLate(attempt: Attempt, isTotal: boolean): void {
    if (this.#current !== attempt) return
    counters.timeouts += 1
    const { attemptTimeoutMs, totalTimeoutMs } = this.#rules
    const before = this.#history?.latest
    const told = before ? `; attempt ${before.attempt} had ended with: ${before.message}` : ''
    const message = isTotal
      ? `no end within ${formatDuration(totalTimeoutMs)}: attempt ${attempt.attempt} was under way${told}`
      : `attempt ${attempt.attempt} had no end within ${formatDuration(attemptTimeoutMs)}`
    this.#interrupt(new PlimsollError('RETRY_TIMEOUT', message), isTotal ? 'time' : null)
  }

  /** A patient operation waits for the end of the attempt; else it is left behind. */
  #interrupt(reason: unknown, stop: RetryStop | null): void {
    const attempt = this.#current
    if (attempt === null) return
    attempt.interrupt({ reason, stop })
    if (!this.#rules.isPatient) this.#onEnd(attempt, { error: reason })
  }

  #onEnd(attempt: Attempt, end: AttemptEnd<T>): void {
    if (this.#current !== attempt) return
    this.#current = null
    attempt.close()
    const { config, clock } = this.#rules
    config.signal?.removeEventListener('abort', this.#onAbort)
    const grownBytes = this.baselineBytes === null ? null : meterOf(clock).growthOf(this)
    const isGood = 'value' in end && grownBytes === null
    if (isGood && config.onEvent === undefined && config.shouldRetry === undefined && !isTransient(end)) {
      this.#succeed(end.value)
      return
    }
    this.#decide(attempt, end, grownBytes)
  }

  /** What comes next begins in a turn of its own, when no frame on the stack knows this end any more. */
  #decide(attempt: Attempt, ended: AttemptEnd<T>, grownBytes: number | null): void {
    const { config, clock } = this.#rules
    const durationMs = clock.monotonic() - attempt.startMs
    try {
      const [end, { delayMs, stop }] = this.#judge(attempt, ended, grownBytes)
      if (stop !== 'succeeded') this.#record(attempt.attempt, end, durationMs)
      const hasHooks = config.onEvent !== undefined || (delayMs !== null && config.cleanup !== undefined)
      if (hasHooks) {
        const event = { attempt: attempt.attempt, end, durationMs, nextInMs: delayMs, stop }
        this.#settle({ type: 'attempt-ended', ...event })
          .then(this.#pause)
          .catch(this.#fail)
      } else if (delayMs === null) this.#finish(end)
      else {
        this.#letGo(end)
        settled.then(() => this.#pause(delayMs)).catch(this.#fail)
      }
    } catch (error) {
      this.#record(attempt.attempt, ended, durationMs)
      this.#fail(error)
    }
  }

  #record(attempt: number, end: AttemptEnd<T>, durationMs: number): void {
    this.#history ??= new History()
    if (this.#history.attempts < attempt)
      this.#history.add(attempt, end, { durationMs, waitedMs: this.#waitedMs })
  }

  /** Tells and cleans up; then how long to wait for the next attempt, or null when all is said. */
  async #settle(event: Extract<RetryEvent<T>, { type: 'attempt-ended' }>): Promise<number | null> {
    const { end, nextInMs, attempt } = event
    await this.#tell(event, end)
    if (nextInMs === null) this.#finish(end)
    else {
      this.#letGo(end)
      await this.#cleanUp(attempt, end)
    }
    return nextInMs
  }

  #judge(attempt: Attempt, ended: AttemptEnd<T>, grownBytes: number | null): [AttemptEnd<T>, Verdict] {
    if (grownBytes !== null) {
      const cause = 'error' in ended ? { cause: ended.error } : {}
      if ('value' in ended) cleanupRetryState(ended)
      return [{ error: this.#memoryExceeded(grownBytes, cause) }, stopped('memory')]
    }
    const { interruption } = attempt
    if (interruption === null || 'value' in ended) {
      const isOver = interruption !== null && interruption.stop !== null
      return [ended, isOver ? stopped(interruption.stop) : this.#verdict(attempt.attempt, ended)]
    }
    const end = { error: interruption.reason }
    return [
      end,
      interruption.stop === null ? this.#verdict(attempt.attempt, end) : stopped(interruption.stop),
    ]
  }

  #verdict(attempt: number, end: AttemptEnd<T>): Verdict {
    const { config, maxAttempts, totalTimeoutMs, delay, clock } = this.#rules
    const isWanted = this.#isWanted(attempt, end)
    if (!isWanted) return stopped('value' in end ? 'succeeded' : 'unwanted')
    if (attempt >= maxAttempts) return stopped('attempts')
    const elapsedMs = clock.monotonic() - this.#startMs
    const ownMs = this.#ownDelay(end, elapsedMs)
    if (ownMs === null) return stopped('delays')
    const hint = hintOf(end, clock.now())
    if (hint === 'never' || (hint !== null && hint > delay.maxDelayMs)) return stopped('server')
    const delayMs = Math.max(ownMs, hint ?? 0)
    if (elapsedMs + delayMs >= totalTimeoutMs) return stopped('time')
    if (config.budget !== undefined) {
      const cost = config.budget.take(end)
      if (cost === null) {
        counters.refusedByBudget += 1
        return stopped('budget')
      }
      this.#budgetCost = cost
    }
    return { delayMs, stop: null }
  }

  #isWanted(attempt: number, end: AttemptEnd<T>): boolean {
    const { shouldRetry } = this.#rules.config
    if (shouldRetry === undefined) return isTransient(end)
    try {
      return shouldRetry(end, attempt)
    } catch (error) {
      throw hookFault('shouldRetry', error, end)
    }
  }

  #ownDelay(end: AttemptEnd<T>, elapsedMs: number): number | null {
    this.#delays ??= new Delays(this.#rules.delay, this.#rules.random)
    try {
      return this.#delays.next('error' in end ? end.error : undefined, elapsedMs)
    } catch (error) {
      throw hookFault('the strategy', error, end)
    }
  }

  /** What a listener throws ends the operation; an error that it was told of is not lost by that. */
  async #tell(event: RetryEvent<T>, end?: AttemptEnd<T>): Promise<void> {
    const { onEvent } = this.#rules.config
    if (onEvent === undefined) return
    try {
      await onEvent(event)
    } catch (error) {
      throw end !== undefined && 'error' in end ? hookFault('onEvent', error, end) : error
    }
  }

  #letGo(end: AttemptEnd<T>): void {
    if (this.#rules.isCleaned) cleanupRetryState(end)
    else this.previous = end
  }

  async #cleanUp(attempt: number, end: AttemptEnd<T>): Promise<void> {
    const { isCleaned, config } = this.#rules
    if (!isCleaned) return
    try {
      await config.cleanup?.({ attempt, end, idempotencyKey: this.idempotencyKey })
    } catch (error) {
      throw hookFault('cleanup', error, end)
    }
    await this.#tell({ type: 'cleaned', attempt })
  }

  readonly #pause = (delayMs: number | null): void => {
    if (delayMs === null) return
    const { clock, config } = this.#rules
    config.signal?.throwIfAborted()
    this.#waitedMs = delayMs
    counters.retries += 1
    counters.waitedMs += delayMs
    this.#withoutTurn = delayMs > 0 ? 0 : this.#withoutTurn + 1
    if (delayMs === 0 && this.#withoutTurn < mostWithoutTurn) {
      const nowMs = clock.monotonic()
      if (this.#hasRoom(nowMs)) this.#begin(nowMs)
      return
    }
    this.#withoutTurn = 0
    clock
      .sleep(Math.max(delayMs, 1), config.signal)
      .then(() => {
        const nowMs = clock.monotonic()
        if (this.#hasRoom(nowMs)) this.#begin(nowMs)
      })
      .catch(this.#fail)
  }

  #finish(end: AttemptEnd<T>): void {
    if ('value' in end) this.#succeed(end.value)
    else this.#fail(end.error)
  }

  #succeed(value: T): void {
    this.#close()
    counters.succeeded += 1
    this.#rules.config.budget?.give(this.#budgetCost)
    this.#resolve(value)
  }

  readonly #fail = (error: unknown): void => {
    this.#close()
    counters.failed += 1
    if (this.#history !== null) keepHistory(error, this.#history.facts)
    this.#reject(error)
  }

  #close(): void {
    if (this.limitBytes !== Number.POSITIVE_INFINITY) meterOf(this.#rules.clock).leave(this)
    this.previous = undefined
    try {
      this.#delays?.close()
    } catch {
      // The waits are not needed any more; the end of the operation counts.
    }
  }

  #memoryExceeded(grownBytes: number, options: ErrorOptions = {}): PlimsollError {
    counters.memoryExceeded += 1
    return new PlimsollError(
      'RETRY_MEMORY_EXCEEDED',
      `memory grew by ${formatSize(grownBytes)} in attempt ${this.#attempts}, memoryLimitMb allows ${formatSize(this.limitBytes)}`,
      options,
    )
  }
}

function ignore(): void {}

const settled: Promise<void> = Promise.resolve()

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}

/** Both errors are kept: the hook's, and as `suppressed` the one of the attempt, where it had one. */
function hookFault(hook: string, error: unknown, end: AttemptEnd): PlimsollError {
  const cause = 'error' in end ? new SuppressedError(error, end.error, messageOf(error)) : error
  const told = 'error' in end ? `, after the attempt had failed with: ${messageOf(end.error)}` : ''
  return new PlimsollError('RETRY_HOOK_FAILED', `${hook} threw: ${messageOf(error)}${told}`, { cause })
}
