import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { systemClock } from '../src/clock.ts'

const timers = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length

test('the wall clock tells the time of day, the other clock never goes back', () => {
  assert.ok(systemClock.now() > Date.UTC(2026, 0))
  let last = systemClock.monotonic()
  for (let round = 0; round < 1_000; round += 1) {
    const now = systemClock.monotonic()
    assert.ok(now >= last)
    last = now
  }
})

test('a sleep of zero or less sets no timer', async () => {
  const before = timers()
  const sleeps = [systemClock.sleep(0), systemClock.sleep(-1)]
  assert.equal(timers(), before)
  await Promise.all(sleeps)
})

test('a sleep ends when its time is over, not before', async () => {
  const startMs = systemClock.monotonic()
  await systemClock.sleep(20)
  // Timers of Node.js round to whole milliseconds.
  assert.ok(systemClock.monotonic() - startMs >= 19)
})

test('a sleep whose signal has aborted rejects with the reason itself, also a sleep of zero', async () => {
  const reason = { why: 'stop' }
  for (const ms of [0, 60_000]) {
    await assert.rejects(systemClock.sleep(ms, AbortSignal.abort(reason)), (error) => error === reason)
  }
})

test('an abort ends a sleep at once, with the reason itself, and leaves no timer', async () => {
  const before = timers()
  const stop = new AbortController()
  const reason = new Error('stop')
  const sleep = systemClock.sleep(3_600_000, stop.signal)
  stop.abort(reason)
  await assert.rejects(sleep, (error) => error === reason)
  assert.equal(timers(), before)
})

test('a sleep longer than any timer of Node.js is not cut to a millisecond', async () => {
  for (const ms of [2 ** 31, 2 ** 40, Number.POSITIVE_INFINITY]) {
    const stop = new AbortController()
    const sleep = systemClock.sleep(ms, stop.signal).then(
      () => 'over',
      () => 'stopped',
    )
    await systemClock.sleep(20)
    stop.abort()
    assert.equal(await sleep, 'stopped', `${ms} ms`)
  }
})

test('a repeated call comes again and again until it is disposed', async () => {
  let calls = 0
  const enough = Promise.withResolvers<void>()
  const repeated = systemClock.every(1, () => {
    calls += 1
    if (calls === 3) enough.resolve()
  })
  // The repetition itself does not keep the process alive, so something else must.
  const keepAlive = setInterval(() => {}, 1_000)
  await enough.promise
  clearInterval(keepAlive)
  repeated[Symbol.dispose]()
  const after = calls
  await systemClock.sleep(20)
  assert.equal(calls, after)
})

test('a repeated call does not keep the process alive', () => {
  const clock = JSON.stringify(new URL('../src/clock.ts', import.meta.url).href)
  const program = `import { systemClock } from ${clock}; systemClock.every(3_600_000, () => {}); console.log('end')`
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  assert.equal(printed, 'end\n')
})
