import type { LanguageModelV4 } from '@ai-sdk/provider'
import type { ExpertSource } from '../../plan/plan.ts'

type Fetch = typeof globalThis.fetch
type Open = (settings: {
  readonly source: ExpertSource
  readonly key: string | null
  readonly fetch: Fetch
}) => Promise<LanguageModelV4>

/**
 * Each library is loaded when it is needed. Address and key are always given: a library would otherwise take them from
 * variables that nobody named.
 */
const openers: Readonly<Record<ExpertSource['protocol'], Open>> = {
  anthropic: async ({ source, key, fetch }) => {
    const { createAnthropic } = await import('@ai-sdk/anthropic')
    return createAnthropic({ baseURL: source.baseUrl, apiKey: key ?? 'none', fetch }).languageModel(
      source.model,
    )
  },
  openai: async ({ source, key, fetch }) => {
    const { createOpenAI } = await import('@ai-sdk/openai')
    return createOpenAI({ baseURL: source.baseUrl, apiKey: key ?? 'none', fetch }).responses(source.model)
  },
  google: async ({ source, key, fetch }) => {
    const { createGoogle } = await import('@ai-sdk/google')
    return createGoogle({ baseURL: source.baseUrl, apiKey: key ?? 'none', fetch }).languageModel(source.model)
  },
  compatible: async ({ source, key, fetch }) => {
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
    const settings = { name: source.name, baseURL: source.baseUrl, includeUsage: true, fetch }
    return createOpenAICompatible({ ...settings, ...(key !== null && { apiKey: key }) }).chatModel(
      source.model,
    )
  },
}

export const openModel: Open = (settings) => openers[settings.source.protocol](settings)
