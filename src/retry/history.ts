import { messageOf } from '../errors.ts'
import { look, statusOf } from './answers.ts'
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
    const record = { attempt, ...times, ...wordsOf(end) }
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

function wordsOf(end: AttemptEnd): Pick<AttemptRecord, 'code' | 'message'> {
  const said = 'error' in end ? end.error : end.value
  const status = statusOf(said)
  const code = status === undefined ? (look(said, 'code') ?? look(said, 'name')) : `HTTP ${status}`
  const known = typeof code === 'string' || typeof code === 'number' ? String(code) : typeof said
  return {
    code: known.slice(0, 100),
    message: 'error' in end ? messageOf(said).slice(0, 500) : 'the answer was not good enough',
  }
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
