import type { ExecutorEvent } from './words.ts'

type Listen<Value> = (event: ExecutorEvent<Value>) => void | Promise<void>

/** Who is told what happens. What cannot be told must not happen: the first failure is kept, and nothing is told after it. */
export class Listener<Value> {
  readonly #listen: Listen<Value>
  readonly #onFault: (error: unknown) => void
  fault: { readonly error: unknown } | null = null

  constructor(listen: Listen<Value>, onFault: (error: unknown) => void) {
    this.#listen = listen
    this.#onFault = onFault
  }

  /** Undefined when there is nothing to wait for. */
  tell(event: ExecutorEvent<Value>): Promise<void> | undefined {
    if (this.fault) return undefined
    try {
      const told = this.#listen(event)
      return told instanceof Promise ? told.catch(this.#fail) : undefined
    } catch (error) {
      this.#fail(error)
      return undefined
    }
  }

  readonly #fail = (error: unknown): void => {
    this.fault ??= { error }
    this.#onFault(error)
  }
}
