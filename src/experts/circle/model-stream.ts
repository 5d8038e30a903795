import type { LanguageModelV4, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { claimSchema } from './claim.ts'
import type { ModelEnd } from './reader-words.ts'
import type { Prompt } from './words.ts'

/** `unseen`: characters of thoughts that are paid and not shown. */
export type ModelPart =
  | { readonly text: string }
  | { readonly unseen: number }
  | { readonly finish: ModelEnd['finish'] }

type StreamOptions = {
  readonly prompt: Prompt
  readonly maxOutputTokens: number
  /** Whether the server holds the model to a schema that it is given. */
  readonly knowsSchemas: boolean
  readonly signal: AbortSignal
}

/** What a model says, as it comes; nothing is read ahead. Leaving the loop closes the connection. */
export async function* streamModel(
  model: LanguageModelV4,
  { prompt, maxOutputTokens, knowsSchemas, signal }: StreamOptions,
): AsyncGenerator<ModelPart> {
  const json = { type: 'json', ...(knowsSchemas && { schema: claimSchema, name: 'claim' }) } as const
  let reader: ReadableStreamDefaultReader<LanguageModelV4StreamPart> | undefined
  try {
    const { stream } = await model.doStream({
      prompt: [
        { role: 'system', content: prompt.system },
        { role: 'user', content: [{ type: 'text', text: prompt.user }] },
      ],
      maxOutputTokens,
      abortSignal: signal,
      ...(prompt.isDiagnosis && { responseFormat: json }),
    })
    reader = stream.getReader()
    for (;;) {
      const { value: part, done } = await reader.read()
      if (done) return
      if (part.type === 'text-delta') yield { text: part.delta }
      else if (part.type === 'reasoning-delta') yield { unseen: part.delta.length }
      else if (part.type === 'finish') yield { finish: finishOf(part) }
      else if (part.type === 'error') throw part.error
    }
  } catch (error) {
    // The libraries lose the reason of an abort.
    signal.throwIfAborted()
    throw error
  } finally {
    reader?.cancel().catch(() => undefined)
  }
}

const finishOf = ({ finishReason, usage }: Extract<LanguageModelV4StreamPart, { type: 'finish' }>) => ({
  reason: finishReason.unified,
  inputTokens: usage.inputTokens.total,
  outputTokens: usage.outputTokens.total,
})
