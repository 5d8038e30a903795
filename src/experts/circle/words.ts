/** What goes into a consultation and what comes out of it. Times are milliseconds. */
import type { ErrorFacts } from '../../errors.ts'
import type { CauseName } from '../causes.ts'
import type { Evidence } from '../words.ts'

/** What is asked. A `Query` is one. */
export type Question = {
  readonly id: string
  /** `diagnosis` asks for a cause of the taxonomy and lines that show it; every other type for a text. */
  readonly type: string
  readonly title: string
  readonly text: string
  readonly context?: Readonly<Record<string, string>>
  readonly constraints?: readonly string[]
  /** Milliseconds since 1970. */
  readonly deadlineMs?: number
}

/** A text beside the question: shown to the experts line by line, its beginning and its end when it is long. */
export type Material = {
  readonly name: string
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

export type ConsultOptions = {
  /** Names of the circle; `offline` is the one that needs no model. Default: all. */
  readonly experts?: readonly string[]
  /** So many complete answers are enough, of a diagnosis so many that agree: the rest is cancelled. Default: all are waited for. */
  readonly minResponses?: number
  /** These are waited for in any case. */
  readonly requiredExperts?: readonly string[]
  /** For the whole, the wait for its turn included. Default: each expert has its own time only. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** What is known of a failure: read once, as a stream. For a diagnosis. */
  readonly evidence?: Evidence
  /** Read once, as streams. */
  readonly materials?: readonly Material[]
}

/** `cut`: it ended before it was complete; `malformed`: not in the form that was asked for. Only `complete` counts. */
export type AnswerStatus = 'complete' | 'cut' | 'malformed' | 'failed' | 'cancelled'

export type CitedLine = {
  readonly log: string
  /** The first is 1; null where it is not known. */
  readonly line: number | null
  readonly text: string
  /** Whether it is among the lines that were shown. */
  readonly supported: boolean
}

export type Certainty = 'low' | 'medium' | 'high'

/** What an expert says of a failure. */
export type Claim = {
  /** Null: it does not know. */
  readonly cause: CauseName | null
  readonly explanation: string
  readonly evidence: readonly CitedLine[]
  readonly next: readonly string[]
  /** Its own word for it: shown, and never counted. */
  readonly certainty: Certainty
  /** It names a cause, and no line that exists. */
  readonly isUnsupported: boolean
}

export type Usage = {
  readonly inputTokens: number
  readonly outputTokens: number
  /** The server did not say, because the call was cut: a token is taken for four characters. */
  readonly isEstimated: boolean
  /** US dollars; null where no price is configured. */
  readonly costUsd: number | null
}

/** All of a long text, masked, in a file that only its owner may read. */
export type SpilledText = { readonly file: string; readonly bytes: number }

export type ExpertAnswer = {
  readonly questionId: string
  readonly expert: string
  /** Null: the offline expert. */
  readonly model: string | null
  readonly status: AnswerStatus
  /** Of a complete answer to a diagnosis. */
  readonly claim: Claim | null
  /** As it came, masked; of a longer one the first 64 KiB. */
  readonly text: string
  /** All of a longer text; gone when the manager is disposed of. */
  readonly spilled: SpilledText | null
  /** The prompt as it was sent, masked; null when nothing was sent. */
  readonly prompt: Prompt | null
  /** All attempts together. */
  readonly usage: Usage
  readonly attempts: number
  /** Of every answer that is not complete. */
  readonly error: ErrorFacts | null
  readonly startedAtMs: number
  /** From the start to the first text; null when there was none. */
  readonly firstTextMs: number | null
  readonly durationMs: number
}

/** All that is sent: with it the same question can be asked again. */
export type Prompt = {
  readonly system: string
  readonly user: string
  /** Whether an answer in the schema of a claim is asked for. */
  readonly isDiagnosis: boolean
}

export type Dissent = {
  readonly cause: CauseName
  readonly experts: readonly string[]
  readonly votes: number
}

/**
 * - `agreed`: two or more independent votes, all for one cause; `majority`: more than half of them;
 * - `single`: only one independent vote; `split`: no cause has more than half; `none`: no vote.
 */
export type ConsensusStatus = 'agreed' | 'majority' | 'single' | 'split' | 'none'

export type Consensus = {
  readonly status: ConsensusStatus
  /** Null when split or without votes. */
  readonly cause: CauseName | null
  readonly agreeing: readonly string[]
  readonly dissent: readonly Dissent[]
  /** They say that they do not know. */
  readonly undecided: readonly string[]
  /** They named a cause without a line that exists: no vote. */
  readonly unsupported: readonly string[]
  /** Models of one maker share one vote: they err alike. */
  readonly effectiveVotes: number
  readonly votesForCause: number
  /** Supported lines of those who agree, those that most cite first. */
  readonly evidence: readonly (CitedLine & { readonly experts: readonly string[] })[]
  readonly next: readonly string[]
}

export type Consultation = {
  readonly questionId: string
  /** In the order in which they ended. */
  readonly answers: readonly ExpertAnswer[]
  /** Of a diagnosis. */
  readonly consensus: Consensus | null
  /** EXPERTS_TOO_FEW: fewer complete answers than were asked for, or a required one is missing. The answers stay. */
  readonly error: ErrorFacts | null
  /** Enough had agreed before all had answered. */
  readonly isEarly: boolean
  readonly waitedMs: number
  readonly durationMs: number
}

export type ExpertEvent =
  /** `turn`: others are asked at this moment; `memory`: the machine is at its load line. */
  | { readonly type: 'waiting'; readonly questionId: string; readonly reason: 'turn' | 'memory' }
  | {
      readonly type: 'asked'
      readonly questionId: string
      readonly expert: string
      readonly model: string | null
    }
  | { readonly type: 'text'; readonly questionId: string; readonly expert: string; readonly text: string }
  /** What came of it until now does not count. */
  | {
      readonly type: 'asked-again'
      readonly questionId: string
      readonly expert: string
      readonly attempt: number
      readonly why: string
    }
  | { readonly type: 'answered'; readonly questionId: string; readonly answer: ExpertAnswer }
  | { readonly type: 'consulted'; readonly questionId: string; readonly consultation: Consultation }
