/** One model is asked once, with its retries: an answer in any case, never a throw. */
import type { Clock } from '../../clock.ts'
import { type ErrorFacts, messageOf, PlimsollError } from '../../errors.ts'
import type { ExpertSource } from '../../plan/plan.ts'
import { maskedFacts, type Redactor } from '../../redact/redact.ts'
import { retry } from '../../retry/retry.ts'
import { AnswerText, type SpillPlace } from './answer-text.ts'
import { claimOf } from './claim.ts'
import type { ShownLine } from './exhibit.ts'
import { factsOfFailure, failureOf, mayPass } from './failure.ts'
import { keyOf } from './keys.ts'
import type { ModelReader } from './model-reader.ts'
import { costOf, type Purse, tokensOf } from './purse.ts'
import type { ModelEnd } from './reader-words.ts'
import type { FairShare } from './share.ts'
import { within } from './time-limit.ts'
import type { AnswerStatus, Claim, ExpertAnswer, ExpertEvent, Prompt, SpilledText, Usage } from './words.ts'

/** What one stream may hold: buffers of the socket and of the library, and the text until it is read. */
export const streamBytes = 4 * 1024 ** 2
const attempts = 3
/** A server that asks for more patience is not asked again. */
const longestWaitMs = 30_000

export type ModelParts = {
  readonly clock: Clock
  readonly redactor: Redactor
  readonly variables: NodeJS.ProcessEnv
  readonly memory: FairShare
  readonly purse: Purse
  readonly reader: ModelReader
  readonly spills: SpillPlace
  /** Told of the most that a stream held, in bytes. */
  readonly noteHeld: (bytes: number) => void
}

export type Asked = {
  readonly questionId: string
  readonly prompt: Prompt
  readonly shown: readonly ShownLine[]
  /** Resolves when it was read. */
  readonly emit: (event: ExpertEvent, signal: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
}

/** What is known of a call until now. */
type Progress = {
  attempts: number
  sentCharacters: number
  inputTokens: number
  outputTokens: number
  isEstimated: boolean
  firstTextMs: number | null
  text: AnswerText | undefined
}

type End = { readonly status: AnswerStatus; readonly claim: Claim | null; readonly error: ErrorFacts | null }

export async function askModel(parts: ModelParts, source: ExpertSource, asked: Asked): Promise<ExpertAnswer> {
  const { clock } = parts
  const startedAtMs = clock.now()
  const startMs = clock.monotonic()
  const progress: Progress = {
    ...{ attempts: 0, sentCharacters: 0, inputTokens: 0, outputTokens: 0 },
    ...{ isEstimated: false, firstTextMs: null, text: undefined },
  }
  let spilled: SpilledText | null = null
  let end: End
  // What is wrong with it is told where it is needed.
  await parts.reader.open().catch(() => undefined)
  using limit = within(clock, source.timeoutMs, asked.signal, () => late(source))
  try {
    end = await converse(parts, source, { ...asked, signal: limit.signal }, progress)
  } catch (thrown) {
    end = endOf(parts, source, asked, limit.signal.aborted ? limit.signal.reason : thrown)
  }
  const text = progress.text?.head ?? ''
  try {
    if (end.status !== 'cancelled') spilled = (await progress.text?.end()) ?? null
  } catch (thrown) {
    end = { status: 'failed', claim: null, error: maskedFacts(parts.redactor, thrown) }
  } finally {
    await progress.text?.[Symbol.asyncDispose]()
  }
  const { inputTokens, outputTokens, isEstimated, firstTextMs } = progress
  const usage: Usage = { inputTokens, outputTokens, isEstimated, costUsd: costOf(progress, source.price) }
  return {
    ...{
      questionId: asked.questionId,
      expert: source.name,
      model: source.model,
      ...end,
      text,
      spilled,
      usage,
    },
    ...{ prompt: progress.attempts > 0 ? asked.prompt : null, attempts: progress.attempts },
    ...{ startedAtMs, firstTextMs, durationMs: clock.monotonic() - startMs },
  }
}

const late = ({ name, timeoutMs }: ExpertSource): PlimsollError =>
  new PlimsollError('EXPERT_TIMEOUT', `${name} gave no complete answer within ${timeoutMs} ms`)

function endOf({ redactor }: ModelParts, { name }: ExpertSource, { signal }: Asked, thrown: unknown): End {
  const isCancelled = signal.aborted && !(thrown instanceof PlimsollError && thrown.code === 'EXPERT_TIMEOUT')
  if (isCancelled) {
    const error = maskedFacts(
      redactor,
      new PlimsollError('INTERRUPTED', `${name} was told to stop: ${messageOf(thrown)}`),
    )
    return { status: 'cancelled', claim: null, error }
  }
  const failure = factsOfFailure(name, thrown)
  const status =
    failure.code === 'EXPERT_ANSWER_MALFORMED'
      ? 'malformed'
      : failure.code === 'EXPERT_ANSWER_CUT'
        ? 'cut'
        : 'failed'
  return { status, claim: null, error: maskedFacts(redactor, failure) }
}

async function converse(
  parts: ModelParts,
  source: ExpertSource,
  asked: Asked,
  progress: Progress,
): Promise<End> {
  const key = await keyOf(source, parts.variables)
  const sent = asked.prompt.system.length + asked.prompt.user.length
  const most = { inputTokens: tokensOf(sent) * attempts, outputTokens: source.maxOutputTokens * attempts }
  const money = parts.purse.setAside(source.name, most, source.price)
  try {
    using _room = await parts.memory.take(streamBytes, asked.signal)
    await asked.emit(
      { type: 'asked', questionId: asked.questionId, expert: source.name, model: source.model },
      asked.signal,
    )
    const finish = await retry(
      ({ signal }) => oneAttempt({ ...parts, key }, source, { ...asked, signal }, progress),
      {
        maxAttempts: attempts,
        maxDelayMs: longestWaitMs,
        signal: asked.signal,
        shouldRetry: mayPass,
        waitForAttempt: true,
        // Held bytes are bounded by the share above, and pressure is waited for before a query begins.
        memoryLimitMb: Number.POSITIVE_INFINITY,
        memory: null,
        payload: asked.prompt,
        clock: parts.clock,
        onEvent: async (event) => {
          if (event.type !== 'attempt-ended' || event.nextInMs === null || !('error' in event.end)) return
          const why = parts.redactor.text(factsOfFailure(source.name, event.end.error).message)
          const { questionId } = asked
          await asked.emit(
            { type: 'asked-again', questionId, expert: source.name, attempt: event.attempt + 1, why },
            asked.signal,
          )
        },
      },
    )
    return judged(source, asked, { finish, progress })
  } finally {
    money.settle(costOf(progress, source.price))
  }
}

type Keyed = ModelParts & { readonly key: string | null }

/** @throws what the server or the network does; what it sent until then is in `progress`. */
async function oneAttempt(
  parts: Keyed,
  source: ExpertSource,
  { prompt, emit, questionId, signal }: Asked,
  progress: Progress,
): Promise<ModelEnd['finish']> {
  const startMs = parts.clock.monotonic()
  progress.attempts += 1
  await progress.text?.[Symbol.asyncDispose]()
  const text = new AnswerText(parts.spills)
  progress.text = text
  let unkept: { readonly error: unknown } | undefined
  const onText = async (bytes: Uint8Array, heldBytes: number): Promise<void> => {
    const piece = decoder.decode(bytes)
    progress.firstTextMs ??= parts.clock.monotonic() - startMs
    parts.noteHeld(heldBytes + bytes.length + text.heldBytes)
    try {
      await text.add(bytes, piece)
      await emit({ type: 'text', questionId, expert: source.name, text: piece }, signal)
    } catch (error) {
      unkept ??= { error }
      throw error
    }
  }
  const end = await parts.reader.read({ source, key: parts.key, prompt }, { onText, signal })
  // Nobody pays for an error; a call that was cut may have been begun on the other side.
  if (end.isStreaming || signal.aborted) count(progress, end, prompt)
  signal.throwIfAborted()
  if (unkept !== undefined) throw unkept.error
  if (end.failure !== null) throw failureOf(end.failure)
  return end.finish
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Also of an attempt that failed in its midst: it is paid. */
function count(progress: Progress, { finish, characters }: ModelEnd, prompt: Prompt): void {
  const { inputTokens, outputTokens } = finish ?? {}
  progress.isEstimated ||= inputTokens === undefined || outputTokens === undefined
  progress.inputTokens += inputTokens ?? tokensOf(prompt.system.length + prompt.user.length)
  progress.outputTokens += outputTokens ?? tokensOf(characters)
}

type Told = { readonly finish: ModelEnd['finish']; readonly progress: Progress }

/** Only what the model itself ended is complete: libraries say "other" where the connection ended. */
function judged(source: ExpertSource, { prompt, shown }: Asked, { finish, progress }: Told): End {
  const reason = finish?.reason
  if (reason !== 'stop') throw cut(source, reason)
  const { text } = progress
  if (text === undefined || text.head.trim() === '')
    throw new PlimsollError('EXPERT_ANSWER_MALFORMED', `${source.name} gave an empty answer`)
  const claim = prompt.isDiagnosis ? claimOf(text.head, source.name, shown) : null
  return { status: 'complete', claim, error: null }
}

function cut({ name, maxOutputTokens }: ExpertSource, reason: string | undefined): PlimsollError {
  const why =
    reason === 'length'
      ? `the limit of ${maxOutputTokens} tokens was reached`
      : reason === 'content-filter'
        ? 'a filter of the provider stopped it'
        : 'the connection ended before the model said that it was done'
  return new PlimsollError('EXPERT_ANSWER_CUT', `the answer of ${name} is cut: ${why}`)
}
