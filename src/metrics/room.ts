/**
 * Where columns lie. Of their own by default; `LentRoom` gives the same memory again for the next block, which is for
 * whoever is done with one before he asks for another.
 */
export type Room = { numbers(of: 'times' | 'values', count: number): Float64Array }

export const ownRoom: Room = { numbers: (_, count) => new Float64Array(count) }

/** As large as the longest block. */
export class LentRoom implements Room {
  readonly #lent = { times: new Float64Array(1_024), values: new Float64Array(1_024) }

  numbers(of: 'times' | 'values', count: number): Float64Array {
    if (count > this.#lent[of].length) this.#lent[of] = new Float64Array(count)
    return this.#lent[of].subarray(0, count)
  }
}
