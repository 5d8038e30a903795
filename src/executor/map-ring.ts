export type Answer<Result> = IteratorResult<Result, undefined>

/** A place for each item that was started and whose result is not taken yet; they are taken in the order of the places. */
export class ResultRing<Result> {
  readonly #results: (Result | undefined)[]
  readonly #isDone: Uint8Array
  #taken = 0

  constructor(size: number) {
    this.#results = new Array<Result | undefined>(size)
    this.#isDone = new Uint8Array(size)
  }

  get taken(): number {
    return this.#taken
  }

  put(value: Result, number: number): void {
    const place = number % this.#isDone.length
    this.#results[place] = value
    this.#isDone[place] = 1
  }

  /** The next one; null while it has not come. */
  take(): Answer<Result> | null {
    const place = this.#taken % this.#isDone.length
    if (this.#isDone[place] !== 1) return null
    const value = this.#results[place] as Result
    this.#results[place] = undefined
    this.#isDone[place] = 0
    this.#taken += 1
    return { value, done: false }
  }
}
