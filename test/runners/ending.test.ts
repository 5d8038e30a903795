import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ending } from '../../src/runners/ending.ts'
import { FakeClock } from '../fake-clock.ts'

test('the time for which an attempt is suspended does not count against its timeout', async () => {
  const clock = new FakeClock()
  using ending = new Ending(new AbortController().signal, clock)
  ending.limit(100)
  await clock.pass(60)
  ending.pause()
  ending.pause()
  await clock.pass(1_000)
  assert.equal(ending.signal.aborted, false)
  ending.resume()
  await clock.pass(20)
  ending.pause()
  await clock.pass(500)
  ending.resume()
  assert.equal(ending.pausedMs, 1_500)
  await clock.pass(19)
  assert.equal(ending.signal.aborted, false)
  await clock.pass(1)
  assert.match(ending.reason?.message ?? '', /timeout of 100 ms/)
})
