/**
 * Peaks in exponential buckets, each 5 % wider than the one before, from 1 MiB up, as the vertical autoscaler of
 * Kubernetes keeps them; a weight makes older peaks count less. As many buckets as there are different peaks, at most
 * 250 (1 MiB to more than 100 TiB).
 */
const firstBytes = 2 ** 20
const growth = Math.log(1.05)

type Bucket = { weight: number; mostBytes: number }

const bucketOf = (bytes: number): number =>
  bytes <= firstBytes ? 0 : 1 + Math.floor(Math.log(bytes / firstBytes) / growth)

export class PeakHistogram {
  readonly #buckets = new Map<number, Bucket>()
  #count = 0
  #sorted: readonly (readonly [number, Bucket])[] | null = []

  add(bytes: number, weight = 1): void {
    this.#count += 1
    const number = bucketOf(bytes)
    const bucket = this.#buckets.get(number)
    if (bucket === undefined) {
      this.#buckets.set(number, { weight, mostBytes: bytes })
      this.#sorted = null
    } else {
      bucket.weight += weight
      bucket.mostBytes = Math.max(bucket.mostBytes, bytes)
    }
  }

  /**
   * The peak that this share of the weight does not exceed, of peaks above `aboveBytes` only; the greatest of its
   * bucket, so that a single peak is answered as it was. Undefined when there is none.
   */
  quantile(share: number, aboveBytes = -1): number | undefined {
    this.#sorted ??= [...this.#buckets].sort(([left], [right]) => left - right)
    let total = 0
    for (const [, { weight, mostBytes }] of this.#sorted) if (mostBytes > aboveBytes) total += weight
    let sum = 0
    let answer: number | undefined
    for (const [, { weight, mostBytes }] of this.#sorted) {
      if (mostBytes <= aboveBytes) continue
      answer = mostBytes
      sum += weight
      if (sum >= share * total * (1 - 1e-9)) break
    }
    return answer
  }

  /** How many peaks were added. */
  get count(): number {
    return this.#count
  }
}
