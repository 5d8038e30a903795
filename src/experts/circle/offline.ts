/** The offline expert as one of the circle: it votes with the models, and needs neither a key nor a network. */
import type { Clock } from '../../clock.ts'
import { maskedFacts, type Redactor } from '../../redact/redact.ts'
import type { Diagnosis } from '../../spine.ts'
import type { CauseName } from '../causes.ts'
import type { ExpertAnswer } from './words.ts'

export const offlineName = 'offline'

type Work = {
  readonly clock: Clock
  readonly redactor: Redactor
  readonly questionId: string
  readonly diagnose: () => Promise<Diagnosis>
}

/** @throws nothing but what `diagnose` was told to stop for: an answer in any other case. */
export async function askOffline({ clock, redactor, questionId, diagnose }: Work): Promise<ExpertAnswer> {
  const startedAtMs = clock.now()
  const startMs = clock.monotonic()
  const common = {
    ...{
      questionId,
      expert: offlineName,
      model: null,
      spilled: null,
      prompt: null,
      attempts: 1,
      startedAtMs,
    },
    usage: { inputTokens: 0, outputTokens: 0, isEstimated: false, costUsd: 0 },
  }
  try {
    const diagnosis = await diagnose()
    const { cause, title, explanation, evidence, next } = diagnosis
    const claim = {
      cause: cause as CauseName | null,
      explanation,
      evidence: evidence.map((line) => ({ ...line, supported: true })),
      next,
      certainty: 'medium' as const,
      isUnsupported: cause !== null && evidence.length === 0,
    }
    const durationMs = clock.monotonic() - startMs
    const text = `${title}: ${explanation}`
    return { ...common, status: 'complete', claim, text, error: null, firstTextMs: durationMs, durationMs }
  } catch (thrown) {
    const error = maskedFacts(redactor, thrown)
    const durationMs = clock.monotonic() - startMs
    return { ...common, status: 'failed', claim: null, text: '', error, firstTextMs: null, durationMs }
  }
}
