/** Batches as single samples. By hand and not as a generator: that takes three turns for each sample, this one. */
import { valueAt } from './columns.ts'
import type { Batch, Sample } from './words.ts'

export function samplesOfBatches(batches: AsyncIterable<Batch>): AsyncIterable<Sample> {
  return { [Symbol.asyncIterator]: () => new SampleIterator(batches[Symbol.asyncIterator]()) }
}

const end = { done: true, value: undefined } as const

class SampleIterator implements AsyncIterator<Sample> {
  readonly #batches: AsyncIterator<Batch>
  #batch: Batch | null = null
  #index = 0
  /** Calls that do not wait for one another get their samples in order; at most as many as there are such calls. */
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(batches: AsyncIterator<Batch>) {
    this.#batches = batches
  }

  next(): Promise<IteratorResult<Sample>> {
    const batch = this.#batch
    if (this.#waiting === 0 && batch !== null && this.#index < batch.timestampsMs.length)
      return Promise.resolve({ done: false, value: sampleAt(batch, this.#index++) })
    this.#waiting += 1
    const result = this.#turn.then(() => this.#fromNextBatch())
    this.#turn = result.catch(() => undefined)
    return result
  }

  async return(): Promise<IteratorResult<Sample>> {
    this.#batch = null
    await this.#batches.return?.()
    return end
  }

  async #fromNextBatch(): Promise<IteratorResult<Sample>> {
    try {
      while (this.#batch === null || this.#index >= this.#batch.timestampsMs.length) {
        this.#batch = null
        const next = await this.#batches.next()
        if (next.done) return end
        this.#batch = next.value
        this.#index = 0
      }
      return { done: false, value: sampleAt(this.#batch, this.#index++) }
    } finally {
      // Before whoever asked goes on: it will take the short way.
      this.#waiting -= 1
    }
  }
}

export function sampleAt(batch: Batch, index: number): Sample {
  const { name, labels } = batch.series
  return { name, labels, timestampMs: batch.timestampsMs[index] as number, value: valueAt(batch, index) }
}
