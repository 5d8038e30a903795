/** Sums as Neumaier does, so that 0.1 + 0.2 - 0.3 is 2.8e-17 and small values are not lost beside great ones. */
export class ExactSum {
  plain = 0
  /** What `plain` has lost. */
  rest = 0

  add(values: Float64Array, begin = 0, end = values.length): void {
    let { plain, rest } = this
    for (let index = begin; index < end; index += 1) {
      const value = values[index] as number
      const next = plain + value
      // What is lost, without asking which of the two is greater (Knuth's TwoSum).
      const taken = next - plain
      rest += plain - (next - taken) + (value - taken)
      plain = next
    }
    if (!Number.isFinite(rest)) {
      this.#addEndless(values, begin, end)
      return
    }
    this.plain = plain
    this.rest = rest
  }

  /** Of infinities and NaN nothing is lost. */
  #addEndless(values: Float64Array, begin: number, end: number): void {
    for (let index = begin; index < end; index += 1) {
      const value = values[index] as number
      const next = this.plain + value
      const taken = next - this.plain
      const lost = this.plain - (next - taken) + (value - taken)
      if (Number.isFinite(lost)) this.rest += lost
      this.plain = next
    }
  }

  get sum(): number {
    return this.plain + this.rest
  }
}
