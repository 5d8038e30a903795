/** What reading takes, in bytes that are only scanned: counted and not timed, so that the same logs give the same answer. */
export class Effort {
  /** More than this is not spent, by far: who reads asks now and then. */
  readonly #most: number
  #spent = 0

  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most
  }

  get spent(): number {
    return this.#spent
  }

  get isOver(): boolean {
    return this.#spent > this.#most
  }

  scan(bytes: number): void {
    this.#spent += bytes
  }

  /** Bytes of a line with words of rules. */
  find(bytes: number): void {
    this.#spent += found * bytes
  }

  /** Bytes of such a line that is like none before. */
  read(bytes: number): void {
    this.#spent += read * bytes
  }
}

/** In the time that this takes of a byte, so many are scanned, at most: by a process that has just begun. */
const found = 20
const read = 40
