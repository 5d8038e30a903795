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
      const lost = Math.abs(plain) >= Math.abs(value) ? plain - next + value : value - next + plain
      if (Number.isFinite(lost)) rest += lost
      plain = next
    }
    this.plain = plain
    this.rest = rest
  }

  get sum(): number {
    return this.plain + this.rest
  }
}
