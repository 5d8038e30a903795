import type { Clock } from '../../clock.ts'
import type { MemoryReading } from '../../memory/memory.ts'
import { FairShare } from './share.ts'

/** Where it is read whether memory is short. */
export type PressureGauge = { read(): Pick<MemoryReading, 'level'> }

const lookMs = 100

/** New queries wait while memory is short, in their order. One may always go on, so that it ends some day. */
export class CalmGate {
  readonly #gauge: PressureGauge
  readonly #clock: Clock
  readonly #turns: FairShare
  #inside = 0

  constructor(gauge: PressureGauge, clock: Clock, mostWaiting: number) {
    this.#gauge = gauge
    this.#clock = clock
    this.#turns = new FairShare(1, mostWaiting)
  }

  /** @throws the reason of the signal */
  async enter(signal: AbortSignal, onWait: () => Promise<void>): Promise<Disposable> {
    using _turn = await this.#turns.take(1, signal)
    if (this.#isShut()) {
      await onWait()
      while (this.#isShut()) await this.#clock.sleep(lookMs, signal)
    }
    this.#inside += 1
    return {
      [Symbol.dispose]: () => {
        this.#inside -= 1
      },
    }
  }

  #isShut(): boolean {
    return this.#inside > 0 && this.#gauge.read().level !== 'calm'
  }
}
