import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { expertMetrics } from '../../src/experts/experts.ts'
import { MetricsRepository, type Sample } from '../../src/metrics/metrics.ts'
import { engineMetrics } from '../../src/run/run.ts'
import type { RunMessage } from '../../src/spine.ts'
import { openYard } from './deploying.ts'

const plan = `
name: shop
tasks:
  build: { run: 'true' }
  flaky: { needs: build, run: 'exit 1', retry: { attempts: 3, delay: 1ms } }
  after: { needs: flaky, run: 'true' }
`

async function latestIn(stateDir: string): Promise<readonly Sample[]> {
  await using metrics = await MetricsRepository.open(`file:${stateDir}`)
  return await Array.fromAsync(metrics.streamLatest())
}

const latestOf = (samples: readonly Sample[], name: string, labels: Sample['labels'] = {}): unknown =>
  samples.find(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )?.value

test('a run records what it did, and the next run of the plan counts on', async () => {
  await using yard = await openYard()
  for (const runs of [1, 2]) {
    await yard.deploy(plan)
    const samples = await latestIn(join(yard.dir, '.plimsoll'))
    assert.ok(samples.every(({ labels }) => labels.plan === 'shop'))
    assert.equal(latestOf(samples, 'plimsoll_runs_total', { status: 'rolled-back' }), undefined)
    assert.equal(latestOf(samples, 'plimsoll_runs_total', { status: 'failed' }), runs)
    for (const [status, count] of [
      ['succeeded', 1],
      ['failed', 1],
      ['cancelled', 1],
    ] as const)
      assert.equal(latestOf(samples, 'plimsoll_tasks_total', { phase: 'deploy', status }), count * runs)
    assert.equal(latestOf(samples, 'plimsoll_attempts_total'), 4 * runs)
    assert.equal(latestOf(samples, 'plimsoll_retries_total'), 2 * runs)
    assert.ok(Number(latestOf(samples, 'plimsoll_task_duration_seconds', { task: 'flaky' })) > 0)
    assert.equal(latestOf(samples, 'plimsoll_task_duration_seconds', { task: 'after' }), undefined)
    const used = Number(latestOf(samples, 'plimsoll_memory_used_bytes'))
    assert.ok(used > 0 && used < Number(latestOf(samples, 'plimsoll_memory_capacity_bytes')))
  }
})

test('samples of a run are acknowledged in chunks as large as the plan says', async () => {
  const chunksOf = async (head: string): Promise<unknown> => {
    await using yard = await openYard()
    await yard.deploy(`${head}${plan}`)
    using database = new DatabaseSync(join(yard.dir, '.plimsoll/plimsoll.db'))
    return database.prepare('select seq from metric_state').get()?.seq
  }
  const few = Number(await chunksOf(''))
  // Of each of two tasks how long it took and what it used, and the memory of the machine before and after.
  assert.ok(Number(await chunksOf('metrics: { chunkSize: 1 }')) >= few + 5)
})

test('metrics that cannot be recorded fail no run, and that is told', async () => {
  await using yard = await openYard()
  await yard.deploy(plan)
  const database = new DatabaseSync(join(yard.dir, '.plimsoll/plimsoll.db'))
  database.exec('drop table metric_series')
  database.close()
  const messages: RunMessage[] = []
  const report = await yard.deploy(plan.replace('exit 1', 'true'), {
    onEvent: (message) => void messages.push(message),
  })
  assert.equal(report.status, 'succeeded')
  const warnings = messages.filter(({ type }) => type === 'warning')
  assert.equal(warnings.length, 1)
  assert.match(JSON.stringify(warnings), /metric_series/)
  assert.equal(messages.at(-1)?.type, 'report')
})

test('docs/metrics.md lists exactly what the engine records', () => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
  const listed = [...page.matchAll(/^\| `(plimsoll_\w+)` \|/gm)].map(([, name]) => name)
  assert.deepEqual(listed, [...Object.keys(engineMetrics), ...Object.keys(expertMetrics)])
})
