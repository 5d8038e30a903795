/** Indexes in the order in which they were added: a range as long as each is the next, which takes no memory. */
export class IndexList {
  #first = 0
  #count = 0
  #others: number[] | null = null

  get length(): number {
    return this.#others?.length ?? this.#count
  }

  at(place: number): number {
    return this.#others === null ? this.#first + place : (this.#others[place] as number)
  }

  add(index: number): void {
    if (this.#others !== null) this.#others.push(index)
    else if (this.#count === 0) {
      this.#first = index
      this.#count = 1
    } else if (index === this.#first + this.#count) this.#count += 1
    else this.#others = [...this, index]
  }

  *[Symbol.iterator](): IterableIterator<number> {
    for (let place = 0; place < this.length; place += 1) yield this.at(place)
  }
}
