/** The samples of the benchmarks, in the order in which a scraper sends them; the same in every run. */
import type { Sample } from '../../src/metrics/metrics.ts'

export type DataName = 'A' | 'B' | 'jitter'

const seriesOfName = 100
const stepMs = 10_000
export const beginMs = 1_760_000_000_000

/** A: ten names of 100 series. B: one name of 100 series. Both every 10 s. Jitter: B, up to 3 ms early or late. */
export function* dataSet(name: DataName, count: number): Generator<Sample> {
  const kinds = name === 'A' ? kindsOfA : [walk]
  const all = kinds.length * seriesOfName
  const values = new Float64Array(all)
  const random = randomFrom(1)
  for (let index = 0; index < count; index += 1) {
    const series = index % all
    const kind = Math.floor(series / seriesOfName)
    const value = kinds[kind]?.(values[series] as number, random) ?? 0
    values[series] = value
    yield {
      name: `metric_${kind}`,
      labels: { host: `host-${series % seriesOfName}`, region: `eu-${series % 5}`, zone: `z${series % 3}` },
      timestampMs:
        beginMs + Math.floor(index / all) * stepMs + (name === 'jitter' ? Math.round(random() * 6 - 3) : 0),
      value,
    }
  }
}

type Next = (before: number, random: () => number) => number

const counter: Next = (before, random) => before + Math.floor(random() * 50)
/** Two decimals. */
const walk: Next = (before, random) => Math.round((before + random() * 2 - 1) * 100) / 100
const slowNumber: Next = (before, random) => (random() < 0.05 ? before + 1 : before)
const anyNumber: Next = (_, random) => random()
const kindsOfA = [
  ...Array<Next>(4).fill(counter),
  ...Array<Next>(3).fill(walk),
  ...Array<Next>(2).fill(slowNumber),
  anyNumber,
]

/** https://en.wikipedia.org/wiki/Xorshift */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
