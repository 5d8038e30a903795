import { PlimsollError } from '../errors.ts'
import { isAnswer, isOf, its, look, statusOf } from './answers.ts'
import type { AttemptEnd } from './words.ts'

/** May pass by itself: RFC 9110 and RFC 6585 (429), RFC 8470 (425). No other 4xx: the request is what is wrong. */
const transientStatuses: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/** Of the system, of node:dns, and of undici. All others of their kind mean that the request cannot succeed. */
const transientCodes: ReadonlySet<string> = new Set([
  'EADDRINUSE',
  'EAGAIN',
  'EAI_AGAIN',
  'EBUSY',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EINTR',
  'EMFILE',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'ENFILE',
  'ENOBUFS',
  'ENOTCONN',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'EWOULDBLOCK',
  'ERR_HTTP2_GOAWAY_SESSION',
  'ERR_HTTP2_SESSION_ERROR',
  'ERR_HTTP2_STREAM_ERROR',
  'ERR_SOCKET_CONNECTION_TIMEOUT',
  'ERR_STREAM_PREMATURE_CLOSE',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
])

/** Codes of Node.js and its kin: what is not listed above will not pass by itself. */
const systemCode = /^(?:E[A-Z][A-Z0-9_]+|ERR_\w+|UND_ERR_\w+)$/

/**
 * SQLSTATEs (PostgreSQL, Appendix A): connection lost, serialization failure, deadlock, out of resources, lock not
 * available, and a server that stops, has crashed or cannot take connections yet.
 */
const transientState = /^(?:08...|40001|40P01|53...|55P03|57P01|57P02|57P03|57P05)$/

/** Status codes of gRPC: RESOURCE_EXHAUSTED and UNAVAILABLE. */
const transientGrpcCodes: ReadonlySet<unknown> = new Set([8, 14])

/** So far is a chain of causes followed: it may be a ring. */
const mostCauses = 5

const programmingErrors = [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]

/**
 * Whether another attempt might end better. Yes for: an http status of 408, 425, 429, 500, 502, 503 or 504, of an
 * answer or of an error; errors of connections, DNS, timeouts and want of resources (Node.js, undici, gRPC, PostgreSQL);
 * and for every error of which nothing is known. No for: every other value and status, an abort, programming
 * errors (a `TypeError` and the like, failed assertions), system errors such as ENOENT, and what this engine says is
 * final. Never throws.
 */
export function isTransient(end: AttemptEnd): boolean {
  if (!('error' in end)) {
    return isAnswer(end.value) && transientStatuses.has(statusOf(end.value) ?? 0)
  }
  const { error } = end
  if (isAbort(error)) return false
  const status = statusOf(error)
  if (status !== undefined) return transientStatuses.has(status)
  let cause = error
  for (let depth = 0; depth < mostCauses && cause !== undefined; depth += 1) {
    const known = knownOf(cause)
    if (known !== undefined) return known
    cause = look(cause, its.cause)
  }
  return !isProgrammingError(error)
}

/** `AbortSignal.timeout` says TimeoutError, and that may pass. */
export function isAbort(error: unknown): boolean {
  return look(error, its.name) === 'AbortError' || look(error, its.code) === 'ABORT_ERR'
}

/** What its code says; undefined when it says nothing. */
function knownOf(error: unknown): boolean | undefined {
  if (isOf(error, PlimsollError)) return error.code === 'RETRY_TIMEOUT'
  const code = look(error, its.code)
  if (typeof code === 'number' && look(error, its.metadata) !== undefined) return transientGrpcCodes.has(code)
  if (typeof code !== 'string') return undefined
  // Several addresses were tried: AggregateError of node:net has the code of the first.
  if (systemCode.test(code)) return transientCodes.has(code)
  return /^[0-9A-Z]{5}$/.test(code) && look(error, its.severity) !== undefined
    ? transientState.test(code)
    : undefined
}

function isProgrammingError(error: unknown): boolean {
  // Most are plain.
  if (look(error, its.constructor) === Error) return look(error, its.name) === 'AssertionError'
  for (const type of programmingErrors) if (isOf(error, type)) return true
  return look(error, its.name) === 'AssertionError'
}
