/** Chunks that can be told from one another, and whether they are stored. */
import type { MetricsRepository, Sample } from '../../src/metrics/metrics.ts'

const samplesOfChunk = 100

export const chunkOf = (writer: string, number: number): readonly Sample[] =>
  Array.from({ length: samplesOfChunk }, (_, index) => {
    const timestampMs = number * samplesOfChunk + index
    return { name: 'written_total', labels: { writer }, timestampMs, value: timestampMs }
  })

export type Stored = {
  readonly missing: number
  readonly twice: number
  readonly wrong: number
  /** Samples behind the first that is missing. */
  readonly behindGap: number
  readonly chunks: number
}

/** Of the chunks before `end`; `chunks` is how many whole ones there are from the first on. */
export async function storedOf(metrics: MetricsRepository, writer: string, end: number): Promise<Stored> {
  let expected = 0
  let twice = 0
  let wrong = 0
  let missing = 0
  let firstGap: number | null = null
  let behindGap = 0
  for await (const { timestampsMs, values } of metrics.streamBatches({
    name: 'written_total',
    labels: { writer },
  })) {
    for (const [index, atMs] of timestampsMs.entries()) {
      if (values[index] !== atMs) wrong += 1
      if (firstGap !== null) behindGap += 1
      if (atMs < expected) twice += 1
      else {
        if (atMs > expected) firstGap ??= expected
        missing += Math.min(atMs, end * samplesOfChunk) - Math.min(expected, end * samplesOfChunk)
        expected = atMs + 1
      }
    }
  }
  missing += Math.max(0, end * samplesOfChunk - expected)
  return { missing, twice, wrong, behindGap, chunks: Math.floor((firstGap ?? expected) / samplesOfChunk) }
}
