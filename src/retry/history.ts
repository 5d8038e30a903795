import { messageOf } from '../errors.ts'
import { its, look, statusOf } from './answers.ts'
import type { AttemptEnd, AttemptRecord, RetryHistory } from './words.ts'

/** Kept besides the first one. */
const lastKept = 9

/** Words and numbers of failed attempts, at most ten of them: about 6 KB, whatever was thrown and how often. */
export class History {
  #attempts = 0
  #first: AttemptRecord | null = null
  readonly #last: AttemptRecord[] = []

  add(
    attempt: number,
    end: AttemptEnd,
    times: { readonly durationMs: number; readonly waitedMs: number },
  ): void {
    this.#attempts = attempt
    const { durationMs, waitedMs } = times
    const record = { attempt, durationMs, waitedMs, code: codeOf(end), message: textOf(end) }
    if (this.#first === null) this.#first = record
    else this.#last.push(record)
    if (this.#last.length > lastKept) this.#last.shift()
  }

  get attempts(): number {
    return this.#attempts
  }

  get latest(): AttemptRecord | null {
    return this.#last.at(-1) ?? this.#first
  }

  get facts(): RetryHistory {
    return {
      attempts: this.#attempts,
      records: this.#first === null ? [] : [this.#first, ...this.#last],
    }
  }
}

export const noHistory: RetryHistory = Object.freeze({ attempts: 0, records: Object.freeze([]) })

function codeOf(end: AttemptEnd): string {
  const said = 'error' in end ? end.error : end.value
  const status = statusOf(said)
  if (status !== undefined) return `HTTP ${status}`
  const code = look(said, its.code) ?? look(said, its.name)
  return typeof code === 'string' || typeof code === 'number' ? String(code).slice(0, 100) : typeof said
}

function textOf(end: AttemptEnd): string {
  return 'error' in end ? messageOf(end.error).slice(0, 500) : 'the answer was not good enough'
}

/** Weak: the history lives as long as the error that it belongs to. */
const histories = new WeakMap<object, RetryHistory>()

/** Errors may be frozen, so that nothing is written on them. What is no object has no history. */
export function keepHistory(error: unknown, history: RetryHistory): void {
  if ((typeof error === 'object' && error !== null) || typeof error === 'function')
    histories.set(error, history)
}

/**
 * The attempts behind an error that `retry` has thrown: the first and the last nine, with their times, codes and
 * messages. Undefined for every other error. An error object that several operations have thrown has the history of
 * the last one.
 */
export function attemptsOf(error: unknown): RetryHistory | undefined {
  return (typeof error === 'object' && error !== null) || typeof error === 'function'
    ? histories.get(error)
    : undefined
}
