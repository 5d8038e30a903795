import type { Ticket } from './ticket.ts'

/** Something else than a job that waits for its turn: a place among the workers for somebody outside. */
export type Waiting = Ticket | Place
export type Place = { isOver: boolean; readonly take: () => void; fail(error: unknown): void }

/** Jobs in the order in which they came; as many as their callers wait for. */
export class WaitingLine {
  #items: (Waiting | undefined)[] = []
  #head = 0
  /** Jobs that were sent ahead and came back, the oldest last. */
  readonly #returned: Ticket[] = []
  #over = 0

  /** Those that are over included. */
  get length(): number {
    return this.#items.length - this.#head + this.#returned.length
  }

  push(waiting: Waiting): void {
    this.#items.push(waiting)
  }

  /** Before all others: the one that is put back last comes first. */
  putBack(ticket: Ticket): void {
    ticket.hand = undefined
    this.#returned.push(ticket)
  }

  /** The next one that is not over. */
  peek(): Waiting | undefined {
    for (;;) {
      const next = this.#returned.at(-1) ?? this.#items[this.#head]
      if (next === undefined || !next.isOver) return next
      this.shift()
    }
  }

  shift(): void {
    if (this.#returned.pop() !== undefined) return
    this.#items[this.#head] = undefined
    this.#head += 1
    if (this.#head >= 1_024 && this.#head * 2 >= this.#items.length) this.#compact()
  }

  /** One that waits has ended; many that have are not kept until their turn. */
  forgetOne(): void {
    this.#over += 1
    if (this.#over >= 1_024 && this.#over * 2 >= this.length) this.#compact()
  }

  *drain(): Iterable<Waiting> {
    for (let next = this.peek(); next !== undefined; next = this.peek()) {
      this.shift()
      yield next
    }
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#head).filter((item) => item !== undefined && !item.isOver)
    this.#head = 0
    this.#over = 0
  }
}
