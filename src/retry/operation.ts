import { randomUUID } from 'node:crypto'
import type { PlimsollError } from '../errors.ts'
import { isPromise } from './answers.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import { counters } from './counters.ts'
import { memoryExceeded, tooLate } from './faults.ts'
import { meterOf, type Watched } from './growth.ts'
import { History, keepHistory, noHistory } from './history.ts'
import { type HookOwner, settle, tell } from './hooks.ts'
import { Judge } from './judge.ts'
import { checkPayload } from './payload-limit.ts'
import { cleanupRetryState } from './release.ts'
import { isTight, waitForRoom } from './room.ts'
import type { Rules } from './rules.ts'
import { isTransient } from './transient.ts'
import type { AttemptEnd, MemoryGauge, RetriedFunction, RetryHistory, RetryStop } from './words.ts'

/** After so many attempts without a wait the event loop gets a turn: an abort could not be heard otherwise. */
const mostWithoutTurn = 1_000

type Sight = { readonly grownBytes: number | null; readonly nowMs: number }

/**
 * One operation: attempts and the waits between them. It is written with callbacks where an attempt ends, so that no
 * frame of a suspended function keeps what attempt n left alive while attempt n+1 runs.
 */
export class Operation<T> implements AttemptOwner, HookOwner, Watched {
  readonly limitBytes: number
  /** How it ends. */
  readonly ended: Promise<T>
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
  #judge: Judge<T> | null = null
  #history: History | null = null
  #key: string | undefined

  constructor(fn: RetriedFunction<T>, rules: Rules<T>) {
    this.#fn = fn
    this.#rules = rules
    this.limitBytes = rules.memoryLimitBytes
    this.ended = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Checks what can be checked before the first attempt. @returns when it began; null when that was the end. */
  open(): number | null {
    const { config, clock, maxPayloadBytes } = this.#rules
    counters.operations += 1
    try {
      config.signal?.throwIfAborted()
      if (config.payload !== undefined) checkPayload(config.payload, maxPayloadBytes)
      this.#startMs = clock.monotonic()
    } catch (error) {
      this.#fail(error)
      return null
    }
    if (this.limitBytes !== Number.POSITIVE_INFINITY) meterOf(clock).enter(this, this.#startMs)
    return this.#startMs
  }

  get idempotencyKey(): string {
    this.#key ??= this.#rules.config.idempotencyKey ?? randomUUID()
    return this.#key
  }

  get history(): RetryHistory {
    return this.#history?.facts ?? noHistory
  }

  /** Until it is out of time as a whole. */
  leftMs(nowMs: number): number {
    return this.#startMs + this.#rules.totalTimeoutMs - nowMs
  }

  outOfTime(): PlimsollError {
    counters.timeouts += 1
    return tooLate(this.#rules, this.#attempts, { before: this.#history?.latest })
  }

  /** The growth of memory has been found to be too much. */
  exceed(grownBytes: number): void {
    this.#interrupt(memoryExceeded(grownBytes, this.limitBytes, this.#attempts), 'memory')
  }

  /**
   * Begins the next attempt, when there is room for it. As few frames as possible are between the caller and the function:
   * each of them is a part of the stack of every error, and that is most of what an error costs.
   */
  begin(nowMs = this.#rules.clock.monotonic(), hasWaited = false): void {
    const attempt = this.#prepare(nowMs, hasWaited)
    if (attempt === null) return
    let value: T
    try {
      const result = this.#fn(attempt)
      if (isPromise(result)) {
        result.then(
          (resolved) => this.#onEnd(attempt, { value: resolved }),
          (error: unknown) => this.#onEnd(attempt, { error }),
        )
        return
      }
      value = result
    } catch (error) {
      this.#onEnd(attempt, { error })
      return
    }
    this.#onEnd(attempt, { value })
  }

  /** Null when it begins later, or the operation has failed instead. */
  #prepare(nowMs: number, hasWaited: boolean): Attempt | null {
    const { memory, config } = this.#rules
    try {
      config.signal?.throwIfAborted()
      if (this.#attempts > 0 && this.leftMs(nowMs) <= 0) throw this.outOfTime()
      if (hasWaited || memory === null || !isTight(memory, nowMs)) return this.#attemptAt(nowMs)
      this.#waitForRoom(memory).then(
        () => this.begin(undefined, true),
        (error: unknown) => this.#fail(error),
      )
    } catch (error) {
      this.#fail(error)
    }
    return null
  }

  /** Never so long that the attempt itself would have no time left. */
  async #waitForRoom(gauge: MemoryGauge): Promise<void> {
    const { clock, delay, config } = this.#rules
    const mostMs = Math.min(delay.maxDelayMs, this.leftMs(clock.monotonic()) / 2)
    const attempt = this.#attempts + 1
    const onWait = (message: string) => tell(this.#rules, { type: 'waiting-for-memory', attempt, message })
    await waitForRoom({ gauge, clock, mostMs, signal: config.signal, onWait })
  }

  #attemptAt(nowMs: number): Attempt {
    const { clock, config, attemptTimeoutMs } = this.#rules
    this.#attempts += 1
    counters.attempts += 1
    if (this.#attempts > 1) counters.retries += 1
    const attempt = new Attempt(this.#attempts, nowMs, this)
    this.#current = attempt
    const { signal } = config
    if (signal !== undefined) attempt.listen(signal, () => this.#interrupt(signal.reason, 'aborted'))
    const leftMs = this.leftMs(nowMs)
    const limitMs = Math.min(attemptTimeoutMs, leftMs)
    if (limitMs !== Number.POSITIVE_INFINITY) {
      attempt.limit(limitMs, clock, () => this.#onLate(attempt, leftMs <= attemptTimeoutMs))
    }
    return attempt
  }

  #onLate(attempt: Attempt, isTotal: boolean): void {
    if (this.#current !== attempt) return
    counters.timeouts += 1
    const late = tooLate(this.#rules, attempt.attempt, isTotal ? { before: this.#history?.latest } : null)
    this.#interrupt(late, isTotal ? 'time' : null)
  }

  /** A patient operation waits for the end of the attempt; else it is left behind. */
  #interrupt(reason: unknown, stop: RetryStop | null): void {
    const attempt = this.#current
    if (attempt === null) return
    attempt.interrupt({ reason, stop })
    if (!this.#rules.isPatient) this.#onEnd(attempt, { error: reason })
  }

  #onEnd(attempt: Attempt, ended: AttemptEnd<T>): void {
    if (this.#current !== attempt) return
    this.#current = null
    attempt.close()
    const { clock } = this.#rules
    if (this.baselineBytes === null && this.#isPlainSuccess(ended)) {
      this.#succeed(ended.value)
      return
    }
    const nowMs = clock.monotonic()
    const grownBytes = meterOf(clock).growthOf(this, nowMs)
    if (grownBytes === null && this.#isPlainSuccess(ended)) this.#succeed(ended.value)
    else this.#decide(attempt, ended, { grownBytes, nowMs })
  }

  #isPlainSuccess(ended: AttemptEnd<T>): ended is { readonly value: T } {
    const { onEvent, shouldRetry } = this.#rules.config
    return 'value' in ended && onEvent === undefined && shouldRetry === undefined && !isTransient(ended)
  }

  /** What comes next begins in a turn of its own, when no frame on the stack knows this end any more. */
  #decide(attempt: Attempt, ended: AttemptEnd<T>, { grownBytes, nowMs }: Sight): void {
    const { config } = this.#rules
    const durationMs = nowMs - attempt.startMs
    try {
      const isOvergrown = grownBytes !== null
      const end = isOvergrown ? this.#overgrown(attempt.attempt, ended, grownBytes) : attempt.endOf(ended)
      const stop = isOvergrown ? 'memory' : attempt.interruption?.stop
      this.#judge ??= new Judge(this.#rules)
      const verdict = stop ?? this.#judge.verdict(attempt.attempt, end, nowMs - this.#startMs)
      const delayMs = typeof verdict === 'number' ? verdict : null
      if (verdict !== 'succeeded') this.#record(attempt.attempt, end, durationMs)
      if (config.onEvent !== undefined || (delayMs !== null && config.cleanup !== undefined)) {
        const stopped = typeof verdict === 'number' ? null : verdict
        const told = { attempt: attempt.attempt, end, durationMs, nextInMs: delayMs, stop: stopped }
        settle(this.#rules, { type: 'attempt-ended', ...told }, this)
          .then(() => this.#goOn(end, delayMs))
          .catch((error: unknown) => this.#fail(error))
      } else this.#goOn(end, delayMs, nowMs)
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

  /** Grown too much, whatever else it was. */
  #overgrown(attempt: number, ended: AttemptEnd<T>, grownBytes: number): AttemptEnd<T> {
    if ('value' in ended) cleanupRetryState(ended)
    const cause = 'error' in ended ? { cause: ended.error } : {}
    return { error: memoryExceeded(grownBytes, this.limitBytes, attempt, cause) }
  }

  #goOn(end: AttemptEnd<T>, delayMs: number | null, nowMs?: number): void {
    if (delayMs === null) {
      this.#finish(end)
      return
    }
    if (this.#rules.isCleaned) cleanupRetryState(end)
    else this.previous = end
    this.#pause(delayMs, nowMs)
  }

  /** Then the next attempt; from a frame that knows nothing of the one before. */
  #pause(delayMs: number, nowMs?: number): void {
    const { clock, config } = this.#rules
    this.#waitedMs = delayMs
    counters.waitedMs += delayMs
    this.#withoutTurn = delayMs > 0 ? 0 : this.#withoutTurn + 1
    if (delayMs === 0 && this.#withoutTurn < mostWithoutTurn) {
      void settled.then(this.begin.bind(this, nowMs, false))
      return
    }
    this.#withoutTurn = 0
    clock.sleep(Math.max(delayMs, 1), config.signal).then(
      () => this.begin(),
      (error: unknown) => this.#fail(error),
    )
  }

  #finish(end: AttemptEnd<T>): void {
    if ('value' in end) this.#succeed(end.value)
    else this.#fail(end.error)
  }

  #succeed(value: T): void {
    this.#close()
    counters.succeeded += 1
    this.#rules.config.budget?.give(this.#judge?.cost ?? 0)
    this.#resolve(value)
  }

  #fail(error: unknown): void {
    this.#close()
    counters.failed += 1
    if (this.#history !== null) keepHistory(error, this.#history.facts)
    this.#reject(error)
  }

  #close(): void {
    if (this.limitBytes !== Number.POSITIVE_INFINITY) meterOf(this.#rules.clock).leave(this)
    this.previous = undefined
    this.#judge?.close()
  }
}

function ignore(): void {}

const settled: Promise<void> = Promise.resolve()
