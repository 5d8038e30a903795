/** How fast a counter grows: rate and increase of one series in one bucket, as Prometheus calculates them. */

/** Bounds in milliseconds. */
export type Window = { readonly fromMs: number; readonly toMs: number }

/** What has been seen of one series in one window; samples come in the order of time. */
export class CounterWindow {
  readonly #window: Window
  #count = 0
  #firstMs = 0
  #firstValue = 0
  #lastMs = 0
  #lastValue = 0
  /** What the counter had before each reset. */
  #lost = 0

  constructor(window: Window) {
    this.#window = window
  }

  add(timestampMs: number, value: number): void {
    if (this.#count === 0) {
      this.#firstMs = timestampMs
      this.#firstValue = value
    } else if (value < this.#lastValue) {
      this.#lost += this.#lastValue
    }
    this.#lastMs = timestampMs
    this.#lastValue = value
    this.#count += 1
  }

  /**
   * How much the counter grew, extrapolated to the whole window where its first and last sample are near to the bounds, but not
   * to before it was zero. Undefined with less than two samples.
   *
   * Source: `extrapolatedRate` of promql/functions.go, Prometheus 2.42. Since 2.53 or so Prometheus compares with the
   * zero of the counter after it has limited the extrapolation, which can make a result smaller where the series began
   * inside the window.
   */
  increase(): number | undefined {
    if (this.#count < 2) return undefined
    const growth = this.#lastValue - this.#firstValue + this.#lost
    const sampledMs = this.#lastMs - this.#firstMs
    const betweenMs = sampledMs / (this.#count - 1)
    const nearMs = betweenMs * 1.1
    let startMs = this.#firstMs - this.#window.fromMs
    if (growth > 0 && this.#firstValue >= 0)
      startMs = Math.min(startMs, sampledMs * (this.#firstValue / growth))
    const endMs = this.#window.toMs - this.#lastMs
    const wholeMs =
      sampledMs + (startMs < nearMs ? startMs : betweenMs / 2) + (endMs < nearMs ? endMs : betweenMs / 2)
    return growth * (wholeMs / sampledMs)
  }

  /** A second. */
  rate(): number | undefined {
    const increase = this.increase()
    return increase === undefined ? undefined : increase / ((this.#window.toMs - this.#window.fromMs) / 1_000)
  }
}
