/**
 * One query on its way through the experts: claimed in the store, so that no two processes consult about it, and ended
 * there with its answers. A claim that is not renewed for a minute belongs to a process that is gone: the next one to
 * submit the query takes it over.
 */
import type { Clock } from '../clock.ts'
import { type ErrorFacts, factsOf, PlimsollError } from '../errors.ts'
import type { Redactor } from '../redact/redact.ts'
import type { Store } from '../store/store.ts'
import { answering, claiming, ending, isConflict, readAnswers, readQuery, renewing } from './rows.ts'
import type { Answer, AnsweredQuery, Consult, ConsultCall, Query } from './words.ts'

const claimMs = 60_000
const renewMs = 15_000

export type SubmissionParts = {
  readonly store: Store
  readonly clock: Clock
  readonly redactor: Redactor
  /** Of this handler. */
  readonly owner: string
  readonly readText: ConsultCall['readText']
  readonly keepText: (
    queryId: string,
    ...text: Parameters<ConsultCall['keepText']>
  ) => ReturnType<ConsultCall['keepText']>
}

/** False when another process has it, or it has ended. */
export async function claim({ store, clock, owner }: SubmissionParts, id: string): Promise<boolean> {
  const nowMs = clock.now()
  try {
    await store.write([claiming({ id, owner }, nowMs, nowMs + claimMs)])
    return true
  } catch (error) {
    if (isConflict(error)) return false
    throw error
  }
}

/** Consults about a claimed query. @throws what `consult` does, or the reason of the signal; the query has ended then. */
export async function consultAbout(
  parts: SubmissionParts,
  query: Query,
  { consult, signal }: { readonly consult: Consult; readonly signal: AbortSignal },
): Promise<AnsweredQuery> {
  const lost = new AbortController()
  const either = AbortSignal.any([signal, lost.signal])
  using _renewal = renewed(parts, query.id, lost)
  try {
    const answers = await consult(query, callOf(parts, query, either))
    either.throwIfAborted()
    await keepAnswers(parts, answers)
    const all = await readAnswers(parts.store, query.id)
    const isAnswered = all.some(({ status }) => status === 'complete')
    const error = isAnswered ? null : unanswered(all)
    return { query: await end(parts, query, isAnswered ? 'answered' : 'failed', error), answers: all }
  } catch (error) {
    if (lost.signal.aborted) throw lost.signal.reason
    if (isLost(error)) throw error
    const reason = signal.aborted ? signal.reason : error
    await end(parts, query, signal.aborted ? abortedStatus(reason) : 'failed', factsOf(reason))
    throw reason
  }
}

function callOf(parts: SubmissionParts, query: Query, signal: AbortSignal): ConsultCall {
  return {
    signal,
    readText: parts.readText,
    keepText: (...text) => parts.keepText(query.id, ...text),
    keepAnswer: (answer) => keepAnswers(parts, [answer]),
  }
}

async function keepAnswers({ store, redactor }: SubmissionParts, answers: readonly Answer[]): Promise<void> {
  if (answers.length === 0) return
  const kept = await redactor.kept(answers)
  await store.write(kept.map(answering))
}

const abortedStatus = (reason: unknown): 'expired' | 'cancelled' =>
  reason instanceof PlimsollError && reason.code === 'QUERY_DEADLINE' ? 'expired' : 'cancelled'

/** What the first that failed says. */
function unanswered(answers: readonly Answer[]): ErrorFacts {
  const error = answers.find((answer) => answer.error !== null)?.error
  return error ?? factsOf(new PlimsollError('QUERY_ENDED', 'no expert gave a complete answer'))
}

/** @throws QUERY_LOST */
async function end(
  { store, clock, owner, redactor }: SubmissionParts,
  query: Query,
  status: 'answered' | 'failed' | 'cancelled' | 'expired',
  error: ErrorFacts | null,
): Promise<Query> {
  const endedAtMs = clock.now()
  const masked = await redactor.kept(error)
  try {
    await store.write(ending({ id: query.id, owner, status, atMs: endedAtMs, error: masked }))
  } catch (thrown) {
    throw isConflict(thrown) ? lostTo(query.id) : thrown
  }
  return { ...query, status, endedAtMs, error: masked }
}

/** As long as the process lives. An owner that may have lost the claim stops, so that no two consult for long. */
function renewed({ store, clock, owner }: SubmissionParts, id: string, lost: AbortController): Disposable {
  let renewedAtMs = clock.monotonic()
  return clock.every(renewMs, () => {
    const sentAtMs = clock.monotonic()
    if (sentAtMs - renewedAtMs >= claimMs) lost.abort(lostTo(id))
    store.write([renewing({ id, owner }, clock.now() + claimMs)]).then(
      () => {
        renewedAtMs = sentAtMs
      },
      (error: unknown) => {
        if (isConflict(error)) lost.abort(lostTo(id))
      },
    )
  })
}

const lostTo = (id: string): PlimsollError =>
  new PlimsollError('QUERY_LOST', `another engine has taken over the query ${id}`)

const isLost = (error: unknown): boolean => error instanceof PlimsollError && error.code === 'QUERY_LOST'

/** What is known of a query that has ended. @throws QUERY_ENDED when it was not answered. */
export async function answered(store: Store, query: Query): Promise<AnsweredQuery> {
  if (query.status === 'answered') return { query, answers: await readAnswers(store, query.id) }
  throw new PlimsollError(
    'QUERY_ENDED',
    `the query ${query.id} has ended before (${query.status})${query.error === null ? '' : `: ${query.error.message}`}`,
  )
}

/** Ends one that waits, unless somebody was faster. */
export async function endWaiting(
  { store, clock, redactor }: SubmissionParts,
  id: string,
  reason: unknown,
): Promise<boolean> {
  const error = await redactor.kept(factsOf(reason))
  try {
    await store.write(ending({ id, owner: null, status: abortedStatus(reason), atMs: clock.now(), error }))
    return true
  } catch (thrown) {
    if (isConflict(thrown)) return false
    throw thrown
  }
}

/** As it is now. @throws QUERY_UNKNOWN */
export async function presentQuery(store: Store, id: string): Promise<Query> {
  const query = await readQuery(store, id)
  if (query === null) throw new PlimsollError('QUERY_UNKNOWN', `no query "${id}" is kept`)
  return query
}
