/** Numbers by index, 8 bytes each; grows with the greatest index. Whoever gives the indexes bounds it. */
export class NumberList {
  readonly #initial: number
  #numbers: Float64Array

  constructor(initial: number) {
    this.#initial = initial
    this.#numbers = new Float64Array(256).fill(initial)
  }

  at(index: number): number {
    return this.#numbers[index] ?? this.#initial
  }

  set(index: number, value: number): void {
    if (index >= this.#numbers.length) {
      const larger = new Float64Array(Math.max(index + 1, this.#numbers.length * 2)).fill(this.#initial)
      larger.set(this.#numbers)
      this.#numbers = larger
    }
    this.#numbers[index] = value
  }
}
