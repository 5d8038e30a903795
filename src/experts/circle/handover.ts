/** From many that write to one that reads, without a queue between them: who writes waits until it is read. */
export class Handover<Item> {
  readonly #offers = new Set<{ readonly item: Item; readonly taken: () => void }>()
  #wake: (() => void) | undefined
  #end: { readonly error?: unknown } | undefined

  /** At most as many offers wait as there are writers. @throws the reason of the signal */
  put(item: Item, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const withdraw = (): void => {
      this.#offers.delete(offer)
      reject(signal.reason)
    }
    const taken = (): void => {
      signal.removeEventListener('abort', withdraw)
      resolve()
    }
    const offer = { item, taken }
    this.#offers.add(offer)
    signal.addEventListener('abort', withdraw, { once: true })
    this.#wake?.()
    return promise
  }

  end(): void {
    this.#end ??= {}
    this.#wake?.()
  }

  fail(error: unknown): void {
    this.#end ??= { error }
    this.#wake?.()
  }

  async *items(): AsyncGenerator<Item> {
    for (;;) {
      for (const offer of this.#offers) {
        this.#offers.delete(offer)
        // It goes on only when the reader has come back for more.
        yield offer.item
        offer.taken()
      }
      if (this.#end !== undefined && this.#offers.size === 0) break
      if (this.#offers.size > 0) continue
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
    if (this.#end !== undefined && 'error' in this.#end) throw this.#end.error
  }
}
