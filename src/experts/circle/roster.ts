import { PlimsollError } from '../../errors.ts'
import { didYouMean } from '../../nearest.ts'
import type { ExpertSource } from '../../plan/plan.ts'
import type { Chosen } from './consult.ts'
import { offlineName } from './offline.ts'
import type { ConsultOptions } from './words.ts'

/** Who is in the circle, and who of them is asked. */
export class Roster {
  readonly #models: ReadonlyMap<string, ExpertSource>

  constructor(models: readonly ExpertSource[]) {
    this.#models = new Map(models.map((model) => [model.name, model]))
  }

  get models(): readonly ExpertSource[] {
    return [...this.#models.values()]
  }

  /** Of the circle, `offline` last. */
  get names(): readonly string[] {
    return [...this.#models.keys(), offlineName]
  }

  /** For a question of this type. @throws EXPERT_UNKNOWN */
  chosenFor(type: string, options: Pick<ConsultOptions, 'experts' | 'requiredExperts'>): Chosen {
    this.#refuseUnknown(options.requiredExperts ?? [])
    const names = options.experts ?? this.names
    this.#refuseUnknown(names)
    const models = [...new Set(names)].flatMap((name) => this.#models.get(name) ?? [])
    const hasOffline = type === 'diagnosis' && names.includes(offlineName)
    if (models.length > 0 || hasOffline) return { models, hasOffline }
    throw new PlimsollError(
      'EXPERT_UNKNOWN',
      names.includes(offlineName)
        ? 'no model is configured, and the offline expert only knows why deployments fail'
        : 'no expert was named',
    )
  }

  /** @throws EXPERT_UNKNOWN, also of the offline expert */
  model(name: string): ExpertSource {
    this.#refuseUnknown([name])
    const model = this.#models.get(name)
    if (model === undefined) throw new PlimsollError('EXPERT_UNKNOWN', 'the offline expert is sent no prompt')
    return model
  }

  #refuseUnknown(names: readonly string[]): void {
    const unknown = names.find((name) => !this.names.includes(name))
    if (unknown === undefined) return
    const list = `there are ${this.names.join(', ')}`
    throw new PlimsollError(
      'EXPERT_UNKNOWN',
      `there is no expert ${JSON.stringify(unknown)}, ${list}${didYouMean(unknown, this.names)}`,
    )
  }
}
