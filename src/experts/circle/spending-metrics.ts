/** What answers of models take, as metrics; names and units as Prometheus advises. */
import type { Clock } from '../../clock.ts'
import type { MetricMeaning, NewSample } from '../../metrics/metrics.ts'
import type { Store } from '../../store/store.ts'
import type { ExpertAnswer } from './words.ts'

/** Every one has the labels `expert` and `model`. */
export const expertMetrics = {
  plimsoll_expert_answers_total: { type: 'counter', help: 'Answers of models, by status.' },
  plimsoll_expert_attempts_total: { type: 'counter', help: 'Attempts that answers of models took.' },
  plimsoll_expert_answer_seconds_total: { type: 'counter', help: 'Time that answers of models took.' },
  plimsoll_expert_tokens_total: {
    type: 'counter',
    help: 'Tokens that were sent to models and came from them, by direction.',
  },
  plimsoll_expert_cost_usd_total: { type: 'counter', help: 'US dollars, where a price is configured.' },
} as const satisfies Readonly<Record<string, MetricMeaning>>

/** What answers of models took, added up: a few numbers for each expert, however many answers there are. */
export class ExpertTally {
  readonly #counters = new Map<string, NewSample>()

  /** What the offline expert says costs nothing, and is not counted. */
  note({ expert, model, status, usage, attempts, durationMs }: ExpertAnswer): void {
    if (model === null) return
    const labels = { expert, model }
    this.#count('plimsoll_expert_answers_total', { ...labels, status }, 1)
    this.#count('plimsoll_expert_attempts_total', labels, attempts)
    this.#count('plimsoll_expert_answer_seconds_total', labels, durationMs / 1_000)
    this.#count('plimsoll_expert_tokens_total', { ...labels, direction: 'input' }, usage.inputTokens)
    this.#count('plimsoll_expert_tokens_total', { ...labels, direction: 'output' }, usage.outputTokens)
    if (usage.costUsd !== null) this.#count('plimsoll_expert_cost_usd_total', labels, usage.costUsd)
  }

  /** What was noted since the last time. @throws what a store throws */
  async record(store: Store, clock: Clock): Promise<void> {
    const counters = [...this.#counters.values()]
    this.#counters.clear()
    if (counters.length === 0) return
    const { MetricsRepository } = await import('../../metrics/metrics.ts')
    await using metrics = await MetricsRepository.open({ store }, { clock })
    await metrics.addToCounters(counters)
  }

  #count(name: keyof typeof expertMetrics, labels: Readonly<Record<string, string>>, more: number): void {
    const key = JSON.stringify([name, labels])
    const before = Number(this.#counters.get(key)?.value ?? 0)
    this.#counters.set(key, { name, labels, value: before + more })
  }
}
