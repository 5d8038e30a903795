/** Real models, one short question each: only where a key is in the environment, and it costs a fraction of a cent. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExpertManager } from '../../../src/experts/experts.ts'
import type { ExpertSource } from '../../../src/plan/plan.ts'

const models = [
  {
    provider: 'anthropic',
    protocol: 'anthropic',
    env: 'ANTHROPIC_API_KEY',
    baseUrl: 'https://api.anthropic.com/v1',
  },
  { provider: 'openai', protocol: 'openai', env: 'OPENAI_API_KEY', baseUrl: 'https://api.openai.com/v1' },
  {
    provider: 'google',
    protocol: 'google',
    env: 'GOOGLE_GENERATIVE_AI_API_KEY',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  },
] as const

for (const { env, provider, ...served } of models) {
  // Names of models change: the one to ask is given, such as PLIMSOLL_LIVE_ANTHROPIC=claude-haiku-4-5.
  const variable = `PLIMSOLL_LIVE_${provider.toUpperCase()}`
  const { [env]: key, [variable]: model } = process.env
  test(`${provider}: a real model answers, and tells its tokens`, {
    skip: key && model ? false : `needs ${env} and ${variable}`,
  }, async () => {
    const source: ExpertSource = {
      ...served,
      ...{
        provider,
        name: provider,
        model: model ?? '',
        key: { from: 'environment', variable: env },
        price: null,
      },
      ...{ maxOutputTokens: 1_024, timeoutMs: 60_000 },
    }
    await using manager = new ExpertManager({ experts: [source] })
    const text = 'Answer with the one word "plimsoll".'
    const { answers } = await manager.consult({
      id: 'live',
      type: 'technical',
      title: 'Are you there?',
      text,
    })
    const [answer] = answers
    assert.equal(answer?.error, null)
    assert.equal(answer?.status, 'complete')
    assert.match(answer?.text ?? '', /plimsoll/i)
    assert.ok((answer?.usage.inputTokens ?? 0) > 0)
  })
}
