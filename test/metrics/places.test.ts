import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { PlimsollError } from '../../src/errors.ts'
import { MetricsRepository } from '../../src/metrics/metrics.ts'
import { openStore, openStoreForReading } from '../../src/store/store.ts'
import { SmallDisk, whyNoDisk } from '../store/small-disk.ts'
import { all, calm } from './both-repositories.ts'

const hasCode = (code: string, names: string) => (error: unknown) =>
  error instanceof PlimsollError && error.code === code && error.message.includes(names)

class StateDirectory implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'plimsoll-metrics-'))
  readonly file = join(this.path, 'plimsoll.db')
  readonly url = `file:${this.path}`;

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true })
  }
}

async function recordOne(url: string): Promise<void> {
  await using metrics = await MetricsRepository.open(url)
  await metrics.recordMetric('up', 1, { timestampMs: 1 })
}

test('a file that is no store is refused by name and stays as it is', async () => {
  using state = new StateDirectory()
  const text = 'name,timestamp,value\n'.repeat(1_000)
  writeFileSync(state.file, text)
  await assert.rejects(MetricsRepository.open(state.url), hasCode('STATE_CORRUPT', state.file))
  assert.equal(readFileSync(state.file, 'utf8'), text)
})

test('a store of a newer version is refused and stays as it is', async () => {
  using state = new StateDirectory()
  await recordOne(state.url)
  {
    using database = new DatabaseSync(state.file)
    database.exec('pragma user_version = 99')
  }
  const before = readFileSync(state.file)
  await assert.rejects(MetricsRepository.open(state.url), hasCode('STATE_TOO_NEW', '99'))
  assert.deepEqual(readFileSync(state.file), before)
})

test('a place where nothing can be written is named', async () => {
  using state = new StateDirectory()
  writeFileSync(state.file, '')
  const below = join(state.file, 'below')
  await assert.rejects(MetricsRepository.open(`file:${below}`), hasCode('STATE_UNWRITABLE', below))
})

test('a read-only directory is refused for recording and can be read', { skip: whyNoDisk() }, async () => {
  using disk = new SmallDisk('4m')
  await recordOne(`file:${disk.path}`)
  disk.makeReadOnly()
  await assert.rejects(MetricsRepository.open(`file:${disk.path}`), hasCode('STATE_UNWRITABLE', disk.path))
  await using store = await openStoreForReading({ stateDir: disk.path })
  assert.ok(store)
  await using metrics = await MetricsRepository.open({ store })
  assert.equal((await all(metrics.streamMetrics())).length, 1)
  await assert.rejects(metrics.recordMetric('up', 2), PlimsollError)
})

test('the number of acknowledged chunks cannot be written: that is told, and the store is let go', async () => {
  using state = new StateDirectory()
  const number = join(state.path, 'metrics.acknowledged')
  await recordOne(state.url)
  rmSync(number)
  mkdirSync(number)
  await assert.rejects(MetricsRepository.open(state.url), hasCode('STATE_UNWRITABLE', number))
  rmSync(number, { recursive: true })
  await using metrics = await MetricsRepository.open(state.url)
  assert.equal((await all(metrics.streamMetrics())).length, 1)
})

test('a log that another process keeps from being used again is told of, once each time', async () => {
  using state = new StateDirectory()
  let tick = (): void => undefined
  const clock = {
    ...systemClock,
    every: (_: number, callback: () => void) => {
      tick = callback
      return { [Symbol.dispose]: () => undefined }
    },
  }
  await using store = await openStore({ stateDir: state.path })
  const warnings: PlimsollError[] = []
  await using metrics = await MetricsRepository.open(
    { store },
    { clock, memory: calm, onWarning: (warning) => warnings.push(warning) },
  )
  await store.write([{ sql: 'create table ballast (data bytea)', parameters: [] }])
  const look = async (mebibytes: number): Promise<number> => {
    for (let count = 0; count < mebibytes; count += 4)
      await store.write(
        [{ sql: 'insert into ballast values (?1)', parameters: [new Uint8Array(4 * 2 ** 20)] }],
        'normal',
      )
    await metrics.recordMetric('up', 1)
    tick()
    return warnings.length
  }
  for (const told of [1, 2]) {
    const reader = new DatabaseSync(state.file, { readOnly: true })
    reader.exec('begin; select count(*) from metric_series')
    assert.equal(await look(120), told - 1)
    assert.equal(await look(16), told)
    assert.equal(await look(4), told)
    reader.close()
    assert.equal(await look(8), told)
    assert.equal(await look(8), told)
  }
  assert.equal(warnings[0]?.code, 'STATE_LOG_HELD')
  assert.match(warnings[0]?.message ?? '', /plimsoll\.db-wal has grown to 1\d\d MiB/)
})

test('a number of acknowledged chunks that is none says nothing of a loss', async () => {
  using state = new StateDirectory()
  await recordOne(state.url)
  writeFileSync(join(state.path, 'metrics.acknowledged'), '\0\0\0\0')
  await using metrics = await MetricsRepository.open(state.url)
  assert.equal(metrics.lostChunks, 0)
})
