import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemClock } from '../../src/clock.ts'
import { MetricsRepository, type NewSample } from '../../src/metrics/metrics.ts'

test('chunks that shrink and grow under pressure lose no sample, and the source is pulled slower', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-metrics-'))
  try {
    const levels = fc.array(fc.constantFrom('calm', 'tight', 'critical'), { minLength: 1, maxLength: 10 })
    await using metrics = await MetricsRepository.open(`file:${folder}`, {
      memory: { read: () => ({ level: level() }) },
      clock: fast(),
    })
    let present: readonly ('calm' | 'tight' | 'critical')[] = ['calm']
    let looks = 0
    let nowMs = 0
    let sleptMs = 0
    function level(): 'calm' | 'tight' | 'critical' {
      return present[looks++ % present.length] ?? 'calm'
    }
    function fast() {
      return {
        ...systemClock,
        monotonic: () => (nowMs += 17),
        sleep: async (ms: number) => {
          sleptMs += ms
        },
      }
    }
    let round = 0
    await fc.assert(
      fc.asyncProperty(
        levels,
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 1, max: 130 }),
        async (given, count, chunkSize) => {
          present = given
          looks = 0
          sleptMs = 0
          round += 1
          const name = `round_${round}`
          function* source(): Generator<NewSample> {
            for (let index = 0; index < count; index += 1) yield { name, timestampMs: index, value: index }
          }
          const { position, chunks } = await metrics.recordMetricsBatch(source(), { chunkSize })
          assert.equal(position, count)
          let next = 0
          for await (const { timestampMs, value } of metrics.streamMetrics({ name })) {
            assert.equal(timestampMs, next)
            assert.equal(value, next)
            next += 1
          }
          assert.equal(next, count)
          if (given.every((one) => one === 'critical')) {
            assert.ok(chunks >= count / Math.max(1, Math.ceil(chunkSize / 10)))
            assert.ok(count < chunkSize || sleptMs > 0)
          }
        },
      ),
      { numRuns: 100 },
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
