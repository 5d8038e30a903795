import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MetricsRepository } from '../../src/metrics/metrics.ts'
import { until } from '../pool/pools.ts'
import { all } from './both-repositories.ts'

test('a log that was cut: what lies before the cut is there, and how many chunks are lost is told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-metrics-'))
  try {
    const chunks = 50
    const place = join(folder, 'whole')
    const copy = join(folder, 'torn')
    {
      await using metrics = await MetricsRepository.open(`file:${place}`)
      assert.equal(metrics.lostChunks, 0)
      for (let value = 0; value < chunks; value += 1)
        await metrics.recordMetric('up', value, { timestampMs: value })
      // The number is written in one of the next turns.
      const number = join(place, 'metrics.acknowledged')
      await until(() => Number(readFileSync(number, 'utf8')) === chunks)
      cpSync(place, copy, { recursive: true })
    }
    const log = join(copy, 'plimsoll.db-wal')
    truncateSync(log, Math.floor(statSync(log).size / 2))
    await using torn = await MetricsRepository.open(`file:${copy}`)
    const values = (await all(torn.streamMetrics())).map(({ value }) => value)
    assert.ok(values.length > 0 && values.length < chunks)
    assert.deepEqual(
      values,
      values.map((_, index) => index),
    )
    assert.equal(torn.lostChunks, chunks - values.length)
    await using whole = await MetricsRepository.open(`file:${place}`)
    assert.equal(whole.lostChunks, 0)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
