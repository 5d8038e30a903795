import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlimsollError } from '../../src/errors.ts'
import { MemoryMonitor, type MemorySamples } from '../../src/memory/memory.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import { GiB, machine, meminfo, write } from './machine.ts'

/** Reads on as fast as it can, and keeps the times of what it got. */
async function timesOf(samples: MemorySamples, times: number[]): Promise<void> {
  for await (const { atMs } of samples) times.push(atMs)
}

test('the first sample comes at once, further ones every 100 ms while busy and every 2 s while idle', async () => {
  using monitor = new MemoryMonitor()
  const clock = new FakeClock()
  const stop = new AbortController()
  let isBusy = true
  const times: number[] = []
  const samples = monitor.samples({ clock, signal: stop.signal, isBusy: () => isBusy })
  const end = timesOf(samples, times)
  await clock.pass(250)
  assert.deepEqual(times, [0, 100, 200])
  isBusy = false
  await clock.pass(4_500)
  assert.deepEqual(times, [0, 100, 200, 300, 2_300, 4_300])
  stop.abort()
  await end
})

test('a wake ends an idle wait; the next wait counts from there', async () => {
  using monitor = new MemoryMonitor()
  const clock = new FakeClock()
  const stop = new AbortController()
  let isBusy = false
  const times: number[] = []
  const samples = monitor.samples({ clock, signal: stop.signal, isBusy: () => isBusy, intervalMs: 10 })
  const end = timesOf(samples, times)
  await clock.pass(777)
  isBusy = true
  samples.wake()
  await clock.pass(20)
  assert.deepEqual(times, [0, 777, 787, 797])
  stop.abort()
  await end
})

test('a slow reader gets what is true when it asks, once, however long it was away', async (t) => {
  const root = machine(t, meminfo(16 * GiB, 12 * GiB))
  using monitor = new MemoryMonitor({ root })
  const clock = new FakeClock()
  const samples = monitor.samples({ clock })
  const used = async (): Promise<number> => ((await samples.next()).value?.reading.usedBytes ?? 0) / GiB
  assert.equal(await used(), 4)
  for (const availableGiB of [11, 10, 9]) {
    write(root, meminfo(16 * GiB, availableGiB * GiB))
    await clock.pass(5_000)
  }
  assert.equal(clock.sleeping, 0, 'nobody asked, so nothing was looked at')
  assert.equal(await used(), 7, 'at once: the interval is long over')
  const next = used()
  await settle()
  assert.equal(clock.sleeping, 1, 'no second sample was waiting')
  await clock.pass(100)
  assert.equal(await next, 7)
})

test('a wake while nobody reads is kept for the next one', async () => {
  using monitor = new MemoryMonitor()
  const clock = new FakeClock()
  const samples = monitor.samples({ clock })
  await samples.next()
  samples.wake()
  assert.equal((await samples.next()).value?.atMs, 0)
})

test('an abort ends the stream, whether it waits, has not begun, or is being read', async () => {
  using monitor = new MemoryMonitor()
  const clock = new FakeClock()
  const stop = new AbortController()
  const waiting = monitor.samples({ clock, signal: stop.signal })
  await waiting.next()
  const pending = waiting.next()
  await settle()
  stop.abort()
  assert.equal((await pending).done, true)
  assert.equal(clock.sleeping, 0)
  assert.equal((await monitor.samples({ clock, signal: stop.signal }).next()).done, true)
})

test('a reader that leaves ends the stream', async () => {
  using monitor = new MemoryMonitor()
  const samples = monitor.samples({ clock: new FakeClock() })
  for await (const { reading } of samples) {
    assert.ok(reading.capacityBytes > 0)
    break
  }
  assert.equal((await samples.next()).done, true)
})

test('a clock that fails fails the stream', async () => {
  using monitor = new MemoryMonitor()
  const clock = new FakeClock()
  clock.sleep = () => Promise.reject(new Error('the clock is broken'))
  const samples = monitor.samples({ clock })
  await samples.next()
  await assert.rejects(samples.next(), /broken/)
})

test('an interval below 1 ms is refused when the stream is made', () => {
  using monitor = new MemoryMonitor()
  for (const intervalMs of [0, -1, Number.NaN]) {
    assert.throws(() => monitor.samples({ clock: new FakeClock(), intervalMs }), PlimsollError)
  }
})
