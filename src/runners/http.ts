import type { ClientRequest, IncomingMessage } from 'node:http'
import { messageOf, PlimsollError } from '../errors.ts'
import { fillTemplate } from '../plan/plan.ts'
import { retry } from '../retry/retry.ts'
import { formatDuration } from '../units.ts'
import { AttemptLog } from './attempt-log.ts'
import { type Attempt, AttemptFailure, type Runner } from './words.ts'

/** So much of an answer is looked at, in bytes. */
const mostBodyBytes = 1024 * 1024
/** A probe that may ask again does not wait longer than this for one answer, in milliseconds. */
const patienceMs = 5_000

type Answer = { readonly status: number; readonly body: string }

/**
 * Asks a URL until the answer is as expected or `within` is over. Redirects are not followed: they are an answer,
 * too. Each request has a connection of its own, so that a load balancer does not hide a dead server behind an
 * old one.
 */
export const runHttp: Runner<'http'> = async (attempt) => {
  const { withinMs, everyMs } = attempt.work
  await using log = await AttemptLog.open(attempt.files.log, attempt.masker)
  const { clock } = attempt.instruments
  const endMs = clock.monotonic() + withinMs
  const patience = (): number => Math.max(1, Math.min(patienceMs, endMs - clock.monotonic()))
  let tries = 0
  try {
    await retry(() => probe(attempt, withinMs > 0 ? patience() : null), {
      maxAttempts: withinMs > 0 ? Number.POSITIVE_INFINITY : 1,
      strategy: (_tries, _error, elapsedMs) => (elapsedMs + everyMs < withinMs ? everyMs : null),
      maxDelayMs: everyMs,
      shouldRetry: (end) => 'error' in end,
      signal: attempt.ending.signal,
      // A request of its own has a time limit; no more than `mostBodyBytes` of an answer are kept.
      waitForAttempt: true,
      memory: null,
      memoryLimitMb: Number.POSITIVE_INFINITY,
      clock,
      onEvent: async (event) => {
        if (event.type !== 'attempt-ended') return
        const { end } = event
        tries += 1
        await log.write(Buffer.from('error' in end ? `${messageOf(end.error)}\n` : `${end.value}\n`))
      },
    })
  } catch (error) {
    await log.finish()
    const spent = tries > 1 ? ` (asked ${tries} times within ${formatDuration(withinMs)})` : ''
    const message = attempt.masker.text(`${messageOf(error)}${spent}`)
    const failure = attempt.ending.reason ?? new PlimsollError('PROBE_FAILED', message, { cause: error })
    throw new AttemptFailure({ lastOutput: log.lastOutput }, failure)
  }
  await log.finish()
  return { lastOutput: log.lastOutput }
}

/** One request; the sentence it resolves or rejects with says what was asked and answered. */
async function probe(attempt: Attempt<'http'>, mostMs: number | null): Promise<string> {
  const { expect, method } = attempt.work
  const url = urlOf(fillTemplate(attempt.work.url, attempt.values))
  const asked = `${method} ${url.origin}${url.pathname}${url.search}`
  const answer = await ask(attempt, url, mostMs).catch((error: unknown) => {
    throw new PlimsollError('PROBE_FAILED', `${asked} got no answer: ${messageOf(error)}`, { cause: error })
  })
  if (!expect.status.includes(answer.status)) {
    throw new PlimsollError(
      'PROBE_FAILED',
      `${asked} answered ${answer.status}, expected ${expect.status.join(' or ')}${excerptOf(attempt.masker.text(answer.body.slice(0, 4_096)))}`,
    )
  }
  if (expect.body !== null && !answer.body.includes(expect.body)) {
    throw new PlimsollError(
      'PROBE_FAILED',
      `${asked} answered without ${JSON.stringify(expect.body)} in its body${excerptOf(attempt.masker.text(answer.body.slice(0, 4_096)))}`,
    )
  }
  return `${asked} answered ${answer.status}`
}

/** What the service itself says is often the reason; one line of at most 300 characters. */
function excerptOf(body: string): string {
  const line = body.replaceAll(/\s+/g, ' ').trim().slice(0, 300)
  return line === '' ? '' : `; it said: ${line}`
}

function urlOf(text: string): URL {
  const url = URL.parse(text)
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url
  throw new PlimsollError('PROBE_FAILED', `${JSON.stringify(text)} is not an http or https URL`)
}

async function ask(attempt: Attempt<'http'>, url: URL, mostMs: number | null): Promise<Answer> {
  const { method, headers, body } = attempt.work
  const filled = Object.entries(headers).map(([name, value]) => [name, fillTemplate(value, attempt.values)])
  const enough = new AbortController()
  const signal = AbortSignal.any([attempt.ending.signal, enough.signal])
  if (mostMs !== null) {
    const late = (): void => enough.abort(new Error(`no answer within ${formatDuration(mostMs)}`))
    attempt.instruments.clock.sleep(mostMs, enough.signal).then(late, () => undefined)
  }
  try {
    // Loaded when the first probe asks: it costs 17 MB, and most plans have none.
    const { request: send } =
      url.protocol === 'https:' ? await import('node:https') : await import('node:http')
    const request = send(url, { method, headers: Object.fromEntries(filled), agent: false, signal })
    return await answerOf(request, body === null ? undefined : fillTemplate(body, attempt.values))
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    enough.abort()
  }
}

function answerOf(request: ClientRequest, body: string | undefined): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  request.once('error', reject)
  request.once('close', () => reject(new Error('the connection was closed without an answer')))
  request.once('upgrade', (response, socket) => {
    socket.destroy()
    resolve({ status: response.statusCode ?? 0, body: '' })
  })
  request.once('response', (response) => {
    readBody(response).then((text) => resolve({ status: response.statusCode ?? 0, body: text }), reject)
  })
  request.end(body)
  return promise
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response) {
    chunks.push(chunk as Uint8Array)
    size += (chunk as Uint8Array).length
    if (size >= mostBodyBytes) break
  }
  return Buffer.concat(chunks).toString('utf8')
}
