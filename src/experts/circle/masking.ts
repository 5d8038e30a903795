import type { ExpertSource } from '../../plan/plan.ts'
import { createRedactor, type Redactor } from '../../redact/redact.ts'
import { keyOf } from './keys.ts'

/** A shorter one would be found in every text. */
const shortestKey = 8

type Known = {
  readonly secrets: Iterable<string>
  readonly models: readonly ExpertSource[]
  readonly variables: NodeJS.ProcessEnv
}

/** What must leave the process nowhere: the secrets that were given, and the keys of the models. Looked up once. */
export class Masking {
  readonly #known: Known
  #secrets: Promise<readonly string[]> | undefined
  #redactor: Promise<Redactor> | undefined

  constructor(known: Known) {
    this.#known = { ...known, secrets: [...known.secrets] }
  }

  get redactor(): Promise<Redactor> {
    this.#redactor ??= this.secrets.then(createRedactor)
    return this.#redactor
  }

  get secrets(): Promise<readonly string[]> {
    this.#secrets ??= this.#lookUp()
    return this.#secrets
  }

  /** A key that cannot be read is told of where it is needed. */
  async #lookUp(): Promise<readonly string[]> {
    const { secrets, models, variables } = this.#known
    const keys = await Promise.all(models.map((source) => keyOf(source, variables).catch(() => null)))
    return [...secrets, ...keys.filter((key) => key !== null).filter((key) => key.length >= shortestKey)]
  }
}
