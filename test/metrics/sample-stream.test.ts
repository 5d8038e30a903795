import assert from 'node:assert/strict'
import { test } from 'node:test'
import { columnsOf } from '../../src/metrics/columns.ts'
import { samplesOfBatches } from '../../src/metrics/sample-stream.ts'
import type { Batch } from '../../src/metrics/words.ts'

async function* threeBatches(): AsyncGenerator<Batch> {
  for (let first = 0; first < 9; first += 3) {
    const columns = columnsOf(3, false)
    columns.timestampsMs.set([first, first + 1, first + 2])
    yield { series: { name: 'up', labels: {} }, ...columns }
  }
}

test('samples come in order, whether each is waited for or not, and the end stays the end', async () => {
  const waited: number[] = []
  for await (const { timestampMs } of samplesOfBatches(threeBatches())) waited.push(timestampMs)
  assert.deepEqual(waited, [0, 1, 2, 3, 4, 5, 6, 7, 8])
  const samples = samplesOfBatches(threeBatches())[Symbol.asyncIterator]()
  const asked = await Promise.all(Array.from({ length: 11 }, () => samples.next()))
  assert.deepEqual(
    asked.map(({ value }) => value?.timestampMs),
    [...waited, undefined, undefined],
  )
})

test('whoever leaves the loop early ends the source', async () => {
  let ended = false
  async function* source(): AsyncGenerator<Batch> {
    try {
      yield* threeBatches()
    } finally {
      ended = true
    }
  }
  for await (const { timestampMs } of samplesOfBatches(source())) if (timestampMs === 4) break
  assert.ok(ended)
})
