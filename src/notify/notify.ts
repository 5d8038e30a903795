/**
 * Tells other machines how a run ended: one signed JSON text to each receiver that the plan names. It promises: no secret
 * is in it; a receiver that fails or does not answer costs at most its own time and fails nothing; all attempts carry the
 * same key, so that a receiver can tell a repetition. It does not promise that a receiver gets it.
 */
import type { Clock } from '../clock.ts'
import { type ErrorFacts, messageOf, PlimsollError } from '../errors.ts'
import { fillTemplate } from '../plan/plan.ts'
import { createRedactor, maskedFacts } from '../redact/redact.ts'
import { type AttemptContext, retry } from '../retry/retry.ts'
import type { Notification, Plan, Report } from '../spine.ts'
import { formatDuration } from '../units.ts'
import { bodyOf } from './body.ts'
import { type Answer, post } from './post.ts'
import { signatureOf } from './signature.ts'

/** No answer is waited for longer than this, in milliseconds. */
const patienceMs = 5_000
const mostAttempts = 5

export type NotifyParts = {
  readonly plan: Plan
  readonly report: Report
  readonly secrets: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly random: () => number
  /** Nothing is waited for any more. */
  readonly signal: AbortSignal
}

/** Tells all receivers at once. @returns why some could not be told; never rejects. */
export async function notify(parts: NotifyParts): Promise<readonly ErrorFacts[]> {
  const { plan, report, secrets } = parts
  const wanted = (plan.notify ?? []).filter(({ on }) => on.includes(report.status))
  if (wanted.length === 0) return []
  const redactor = createRedactor(Object.values(secrets))
  const body = JSON.stringify(bodyOf(await redactor.kept(report)))
  const faults = await Promise.all(
    wanted.map((notification) =>
      tell(notification, body, parts).then(
        () => [],
        (error: unknown) => [maskedFacts(redactor, notTold(notification, error))],
      ),
    ),
  )
  return faults.flat()
}

async function tell(notification: Notification, body: string, parts: NotifyParts): Promise<void> {
  const { report, secrets, clock, random, signal } = parts
  const { name, withinMs } = notification
  const values = { secrets, outputOf: () => undefined }
  const url = urlOf(fillTemplate(notification.url, values))
  const filled = Object.entries(notification.headers).map(([key, value]) => [
    key,
    fillTemplate(value, values),
  ])
  const key = notification.secret === null ? undefined : secrets[notification.secret]
  const send = (context: AttemptContext): Promise<Answer> =>
    post(url, {
      body,
      headers: {
        ...Object.fromEntries(filled),
        'content-type': 'application/json',
        'user-agent': 'plimsoll',
        'idempotency-key': context.idempotencyKey,
        ...(key !== undefined && { 'x-plimsoll-signature': signatureOf(key, clock.now(), body) }),
      },
      signal: context.signal,
    })
  const { status } = await retry(send, {
    ...{
      maxAttempts: mostAttempts,
      totalTimeoutMs: withinMs,
      attemptTimeoutMs: Math.min(patienceMs, withinMs),
    },
    ...{ strategy: 'exponential', minDelayMs: 500, maxDelayMs: 4_000, signal, clock, random },
    ...{ memory: null, memoryLimitMb: Number.POSITIVE_INFINITY },
    // A run that goes on later ends again, with a message of its own. A name may be any text, a header holds no line end.
    idempotencyKey: encodeURIComponent(`${report.runId}:${report.atMs}:${name.toWellFormed()}`),
    shouldRetry: (end) => 'error' in end || isPassing(end.value.status),
  })
  if (status >= 200 && status < 300) return
  const redirect = status >= 300 && status < 400 ? ', and redirects are not followed' : ''
  throw new Error(`it answered ${status}${redirect}`)
}

/** The receiver may take it later. */
const isPassing = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || status >= 500

function urlOf(text: string): URL {
  const url = URL.parse(text)
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url
  throw new Error('its URL does not begin with http:// or https://')
}

/** The URL may itself be a secret: it is not told. */
function notTold({ name, withinMs }: Notification, error: unknown): PlimsollError {
  const why = messageOf(error)
  const message = `"${name}" was not told how the run ended, within ${formatDuration(withinMs)}: ${why}`
  return new PlimsollError('NOTIFY_FAILED', message, { cause: error })
}
