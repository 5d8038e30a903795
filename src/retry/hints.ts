import type { Clock } from '../clock.ts'
import { hasHeaders, headerOf, its, look, lookUp } from './answers.ts'
import type { AttemptEnd } from './words.ts'

/** What the other side says of the next attempt: not before so many milliseconds, or never; null: nothing. */
export type Hint = number | 'never' | null

/**
 * `retry-after-ms`, `x-amz-retry-after` (both in milliseconds), `retry-after` (seconds or a date) of an answer or of an
 * error; the pushback of gRPC, which says "never" with a negative or unreadable number. What cannot be read says
 * nothing; a date that has passed says 0.
 */
export function hintOf(end: AttemptEnd, clock: Clock): Hint {
  const said = 'error' in end ? end.error : end.value
  if (!hasHeaders(said) && look(said, its.metadata) === undefined) return null
  const pushback = pushbackOf(said)
  if (pushback !== undefined) return /^\d{1,15}$/.test(pushback) ? Number(pushback) : 'never'
  return (
    millisecondsOf(headerOf(said, 'retry-after-ms')) ??
    millisecondsOf(headerOf(said, 'x-amz-retry-after')) ??
    retryAfterOf(headerOf(said, 'retry-after'), clock)
  )
}

function millisecondsOf(text: string | undefined): number | null {
  return text !== undefined && /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : null
}

/** RFC 9110, 10.2.3: a whole number of seconds, or a date. Some servers send fractions. */
function retryAfterOf(text: string | undefined, clock: Clock): number | null {
  const seconds = millisecondsOf(text)
  if (seconds !== null) return seconds * 1_000
  // Date.parse would also take "-5" or "2".
  if (text === undefined || !/^[A-Za-z]{3,9},? /.test(text)) return null
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - clock.now())
}

/** `grpc-retry-pushback-ms` of the trailing metadata: a `Metadata` object of @grpc/grpc-js, or a plain one. */
function pushbackOf(error: unknown): string | undefined {
  const metadata = look(error, its.metadata)
  if (metadata === undefined) return undefined
  const name = 'grpc-retry-pushback-ms'
  const get = lookUp(metadata, 'get')
  let found: unknown
  try {
    found = typeof get === 'function' ? get.call(metadata, name) : lookUp(metadata, name)
  } catch {
    return undefined
  }
  const first: unknown = Array.isArray(found) ? found[0] : found
  return typeof first === 'string' || typeof first === 'number' ? String(first) : undefined
}
