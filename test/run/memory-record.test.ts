import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MemoryChange } from '../../src/journal/journal.ts'
import { MemoryRecord } from '../../src/run/memory-record.ts'
import { PeakMeter } from '../../src/run/peak-meter.ts'
import { FakeClock } from '../fake-clock.ts'

/** A machine whose use the test sets, and a journal that keeps or refuses. */
function recording() {
  const clock = new FakeClock()
  const meter = new PeakMeter()
  const writes: MemoryChange[] = []
  const now = { usedBytes: 400, refuses: false }
  const limits = { loadLineBytes: 850, capacityBytes: 1_000, limitRoomBytes: 0, roomBytes: 0 }
  const record = new MemoryRecord({
    runId: 'run-1',
    clock,
    meter,
    executor: {
      monitor: { read: () => ({ ...limits, usedBytes: now.usedBytes }) as never },
      ledger: { reservedBytes: 300, claimBytes: 100 },
    },
    journal: {
      keepMemory: async (_runId, change) => {
        if (now.refuses) throw new Error('the disk is full')
        writes.push(change)
      },
    },
  })
  return { clock, meter, writes, now, record }
}

test('while nothing happens the record gets a commit of its own every ten seconds, above the load line every second', async () => {
  const { clock, writes, now, record } = recording()
  using _watching = record.watch(null)
  await clock.pass(60_000)
  assert.equal(writes.length, 6)
  now.usedBytes = 900
  await clock.pass(10_000)
  assert.equal(writes.length, 16)
})

test('what was recorded with an event needs no commit of its own', async () => {
  const { clock, writes, record } = recording()
  using _watching = record.watch(null)
  for (let second = 0; second < 50; second += 1) {
    await clock.pass(1_000)
    record.keep()
  }
  assert.equal(writes.length, 50)
  assert.equal(writes.flatMap(({ points }) => points).length, 501)
})

test('it is shown at once and then once a second, with the share of the tasks and what is reserved', async () => {
  const { clock, meter, record } = recording()
  const shown: unknown[] = []
  using _watching = record.watch(async (memory) => void shown.push(memory))
  meter.observe('a', 250)
  meter.observe('a', 200)
  await clock.pass(3_000)
  assert.equal(shown.length, 3)
  const common = { type: 'memory', usedBytes: 400, reservedBytes: 300, claimBytes: 100 }
  const limits = { loadLineBytes: 850, capacityBytes: 1_000 }
  assert.deepEqual(shown.slice(0, 2), [
    { ...common, ...limits, tasksBytes: 250 },
    { ...common, ...limits, tasksBytes: 200 },
  ])
})

test('a record that is refused stops nothing, and all of it is written when there is room again', async () => {
  const { clock, writes, now, record } = recording()
  using _watching = record.watch(null)
  now.refuses = true
  await clock.pass(15_000)
  assert.equal(writes.length, 0)
  now.refuses = false
  await clock.pass(10_000)
  const [write] = writes
  assert.equal(write?.replace, true)
  assert.ok(write.points.length > 150)
})
