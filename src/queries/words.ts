/** What a query and its answers are, wherever they are kept. */
import type { ErrorFacts } from '../errors.ts'

export const queryTypes = [
  'technical',
  'architectural',
  'optimization',
  'review',
  'research',
  'general',
  'diagnosis',
] as const
export type QueryType = (typeof queryTypes)[number]

/** From the least to the most urgent. */
export const queryPriorities = ['low', 'medium', 'high', 'critical'] as const
export type QueryPriority = (typeof queryPriorities)[number]

export const queryStatuses = ['waiting', 'running', 'answered', 'failed', 'cancelled', 'expired'] as const
/** `answered`: at least one expert gave a complete answer; `expired`: its deadline came first. */
export type QueryStatus = (typeof queryStatuses)[number]

/** By reference: nothing of it is held in memory with the query. */
export type Attachment =
  | { readonly kind: 'run-log'; readonly runId: string; readonly task: string }
  | { readonly kind: 'file'; readonly path: string }
  | StoredText

/** A text in the store, read with `readText`. */
export type StoredText = {
  readonly kind: 'stored-text'
  readonly textId: string
  readonly bytes: number
  /** For people. */
  readonly name?: string
}

export type Query = {
  readonly id: string
  readonly type: QueryType
  readonly priority: QueryPriority
  readonly title: string
  /** At most 64 KiB; of a longer text its beginning, and all of it is the first attachment. */
  readonly text: string
  readonly tags: readonly string[]
  /** Milliseconds since 1970. */
  readonly deadlineMs?: number
  /** What is known around the question, by name. */
  readonly context: Readonly<Record<string, string>>
  /** What an answer must keep to, a sentence each. */
  readonly constraints: readonly string[]
  readonly attachments: readonly Attachment[]
  readonly createdAtMs: number
  readonly status: QueryStatus
  /** Null until it has ended. */
  readonly endedAtMs: number | null
  /** Why it was not answered; null otherwise. */
  readonly error: ErrorFacts | null
}

/** A row of a list: without what may be long. */
export type QuerySummary = Pick<
  Query,
  'id' | 'type' | 'priority' | 'title' | 'tags' | 'createdAtMs' | 'status' | 'endedAtMs'
>

/** A text of any length as it comes in; strings and UTF-8. */
export type TextSource = string | AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>

export type NewAttachment =
  | Attachment
  /** Is stored, and becomes a `stored-text`. */
  | { readonly kind: 'text'; readonly name?: string; readonly content: TextSource }

export type NewQuery = {
  /** Default `general`. */
  readonly type?: QueryType
  /** Default `medium`. */
  readonly priority?: QueryPriority
  /** 1 to 200 characters. */
  readonly title: string
  /** Any length up to `maxTextMb`; not empty unless there are attachments. */
  readonly text: TextSource
  /** At most 20 of 50 characters; kept in lower case, each once. */
  readonly tags?: readonly string[]
  /** Milliseconds since 1970. */
  readonly deadlineMs?: number
  /** At most 64 KiB. */
  readonly context?: Readonly<Record<string, string>>
  /** At most 50 of 1,000 characters. */
  readonly constraints?: readonly string[]
  /** At most 32. */
  readonly attachments?: readonly NewAttachment[]
  /** At most 200 characters. With it, this query is created once, however often and by whatever process it is asked for. */
  readonly idempotencyKey?: string
}

/** `cut`: the answer ended before it was complete; `malformed`: it is no answer in the form that was asked for. */
export type AnswerStatus = 'complete' | 'cut' | 'malformed' | 'failed' | 'cancelled'

/** What a claim rests on. */
export type AnswerEvidence = {
  /** Name of the log or text. */
  readonly source: string
  /** First line is 1; null when only the text is known. */
  readonly line: number | null
  readonly text: string
  /** Whether the line is there. */
  readonly supported: boolean
}

export type Answer = {
  readonly queryId: string
  readonly expert: string
  readonly status: AnswerStatus
  /** A name of the taxonomy of causes; null when the question asked for none. */
  readonly cause: string | null
  readonly evidence: readonly AnswerEvidence[]
  /** At most 64 KiB; of a longer one its beginning. */
  readonly text: string
  /** All of a longer text. */
  readonly storedText: StoredText | null
  /** The prompt as it was sent. */
  readonly prompt: StoredText | null
  readonly model: string | null
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly costUsd: number | null
  readonly error: ErrorFacts | null
  readonly startedAtMs: number
  readonly endedAtMs: number
  /** Whatever else the expert says of its answer: plain data. */
  readonly details: Readonly<Record<string, unknown>>
}

export type ConsultCall = {
  /** Aborts when the query is cancelled, its deadline passes, or another engine has taken it over. */
  readonly signal: AbortSignal
  readonly readText: (textId: string) => AsyncIterable<string>
  /** Masks and stores a text of any length. */
  readonly keepText: (text: TextSource, name?: string) => Promise<StoredText>
  /** Stores an answer before the others are there; one of each expert counts, the last. */
  readonly keepAnswer: (answer: Answer) => Promise<void>
}

/** Asks the experts. Answers that were not kept yet are when it resolves; what was kept stays when it rejects. */
export type Consult = (query: Query, call: ConsultCall) => Promise<readonly Answer[]>

export type AnsweredQuery = { readonly query: Query; readonly answers: readonly Answer[] }
