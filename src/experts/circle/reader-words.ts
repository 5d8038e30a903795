/** What the engine and the thread that reads the models' answers tell each other. */
import type { ExpertSource } from '../../plan/plan.ts'
import type { FailureFacts } from './failure.ts'
import type { Prompt } from './words.ts'

export type ReaderData = {
  /** Are masked in what a model says. */
  readonly secrets: readonly string[]
}

export type ModelCall = {
  readonly source: ExpertSource
  readonly key: string | null
  readonly prompt: Prompt
}

export type ReaderRequest =
  | { readonly type: 'ask'; readonly id: number; readonly call: ModelCall }
  /** It was read, and its memory is the thread's again. */
  | { readonly type: 'more'; readonly id: number; readonly buffer: ArrayBuffer }
  | { readonly type: 'stop'; readonly id: number }

/** What is known of an answer until now. */
export type Seen = {
  /** Characters of the answer, and of thoughts that are paid and not shown. */
  readonly characters: number
  /** Whether the server has begun to answer. */
  readonly isStreaming: boolean
  /** Bytes of it that are in memory, on their way to who reads. */
  readonly heldBytes: number
}

export type ModelEnd = Seen & {
  /** Null: the answer ended without a last word. */
  readonly finish: {
    readonly reason: string
    readonly inputTokens: number | undefined
    readonly outputTokens: number | undefined
  } | null
  readonly failure: FailureFacts | null
}

export type ReaderAnswer =
  /** Masked, in UTF-8, of whole characters. The next comes when this one was given back. */
  | {
      readonly type: 'text'
      readonly id: number
      readonly bytes: Uint8Array<ArrayBuffer>
      readonly heldBytes: number
    }
  | { readonly type: 'ended'; readonly id: number; readonly end: ModelEnd }
