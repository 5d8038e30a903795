/** What went wrong with a model, in words of ours. The libraries' errors are looked at from outside: each has its own. */
import { type ErrorCode, messageOf, PlimsollError, systemCodeOf } from '../../errors.ts'
import type { AttemptEnd } from '../../retry/retry.ts'
import { isTransient } from '../../retry/retry.ts'

const longestMessage = 500
/** Anthropic: it is overloaded. */
const overloaded = 529

/** What is known of a failure in the thread that reads, as plain data. */
export type FailureFacts = {
  /** Null: it is no error of ours. */
  readonly code: ErrorCode | null
  readonly message: string
  readonly status: number | undefined
  /** They may say when to come again. */
  readonly headers: Readonly<Record<string, string>> | undefined
  /** Of the network, such as ECONNRESET. */
  readonly networkCode: string | undefined
}

/** What `retry` looks at. */
class ModelFailure extends Error {
  readonly status: number | undefined
  readonly headers: FailureFacts['headers']
  readonly networkCode: string | undefined

  constructor({ message, status, headers, networkCode }: FailureFacts) {
    super(message)
    this.status = status
    this.headers = headers
    this.networkCode = networkCode
  }
}

/** An error that a stream tells of in its midst is a plain object. */
export function failureFacts(thrown: unknown): FailureFacts {
  const { statusCode: status, responseHeaders } = Object(thrown) as {
    readonly statusCode?: number
    readonly responseHeaders?: Record<string, string>
  }
  return {
    code: thrown instanceof PlimsollError ? thrown.code : null,
    message: thrown instanceof Error ? messageOf(thrown) : said(thrown),
    // What broke off later began well.
    status: status !== undefined && status >= 400 ? status : undefined,
    headers: responseHeaders && { ...responseHeaders },
    networkCode: networkCodeOf(thrown),
  }
}

export const failureOf = (facts: FailureFacts): Error =>
  facts.code === null ? new ModelFailure(facts) : new PlimsollError(facts.code, facts.message)

function said(thrown: unknown): string {
  const { message, error } = Object(thrown) as {
    readonly message?: unknown
    readonly error?: { message?: unknown }
  }
  const text = message ?? error?.message ?? thrown
  return typeof text === 'string' ? text : JSON.stringify(text)
}

export function mayPass(end: AttemptEnd): boolean {
  if (!('error' in end)) return false
  const { error } = end
  if (error instanceof ModelFailure) {
    // What is known of it is known of its cause; that a library could not read it is no programming error of ours.
    if (error.status === overloaded) return true
    return error.status === undefined
      ? error.networkCode !== undefined || isInTheMidst(error)
      : isTransient(end)
  }
  return isTransient(end)
}

const isInTheMidst = (error: ModelFailure): boolean =>
  /overloaded|rate.?limit|temporar|unavailable|internal server|try again/i.test(error.message)

export function factsOfFailure(expert: string, thrown: unknown): PlimsollError {
  if (thrown instanceof PlimsollError) return thrown
  const message = messageOf(thrown).slice(0, longestMessage)
  const status = thrown instanceof ModelFailure ? thrown.status : undefined
  if (/without a finish reason/.test(message))
    return new PlimsollError(
      'EXPERT_ANSWER_CUT',
      `the answer of ${expert} is cut: it ended without a last word`,
    )
  const options = { cause: thrown }
  if (status !== undefined && status >= 400 && status < 500 && status !== 429 && status !== 408)
    return new PlimsollError('EXPERT_REFUSED', `${expert} was refused (HTTP ${status}): ${message}`, options)
  if (status !== undefined && status >= 400)
    return new PlimsollError(
      'EXPERT_FAILED',
      `the server of ${expert} failed (HTTP ${status}): ${message}`,
      options,
    )
  const networkCode = thrown instanceof ModelFailure ? thrown.networkCode : networkCodeOf(thrown)
  if (networkCode !== undefined)
    return new PlimsollError(
      'EXPERT_UNREACHABLE',
      `the server of ${expert} cannot be reached, or went away (${networkCode})`,
      options,
    )
  return new PlimsollError('EXPERT_FAILED', `the answer of ${expert} broke off: ${message}`, options)
}

const mostCauses = 6

function networkCodeOf(thrown: unknown): string | undefined {
  let error = thrown
  for (let depth = 0; depth < mostCauses && error instanceof Error; depth += 1) {
    const code = systemCodeOf(error)
    if (code !== undefined && /^(?:E[A-Z]+|UND_ERR_\w+)$/.test(code)) return code
    error = error.cause
  }
  return undefined
}
