/** Where the servers of models are, and which variable usually holds the key. Their own documentation names both. */
export type Protocol = 'anthropic' | 'openai' | 'google' | 'compatible'

export type Preset = {
  readonly protocol: Protocol
  /** Null: it must be given. */
  readonly baseUrl: string | null
  /** Null: the server asks for no key unless one is named. */
  readonly keyVariable: string | null
}

const compatible = (baseUrl: string | null, keyVariable: string | null): Preset => ({
  protocol: 'compatible',
  baseUrl,
  keyVariable,
})

export const presets = {
  anthropic: {
    protocol: 'anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
    keyVariable: 'ANTHROPIC_API_KEY',
  },
  openai: { protocol: 'openai', baseUrl: 'https://api.openai.com/v1', keyVariable: 'OPENAI_API_KEY' },
  google: {
    protocol: 'google',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    keyVariable: 'GOOGLE_GENERATIVE_AI_API_KEY',
  },
  deepseek: compatible('https://api.deepseek.com', 'DEEPSEEK_API_KEY'),
  openrouter: compatible('https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY'),
  groq: compatible('https://api.groq.com/openai/v1', 'GROQ_API_KEY'),
  huggingface: compatible('https://router.huggingface.co/v1', 'HF_TOKEN'),
  ollama: compatible('http://127.0.0.1:11434/v1', null),
  lmstudio: compatible('http://127.0.0.1:1234/v1', null),
  compatible: compatible(null, null),
} as const satisfies Record<string, Preset>

export type ProviderName = keyof typeof presets
export const providerNames = Object.keys(presets) as ProviderName[]
