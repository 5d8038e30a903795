import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expectedMsLeft, expectedUse, ProfileRecorder } from '../../src/memory/profile.ts'

/** Looks at a task: after how long each, and what it used then. */
const looks = fc.array(
  fc.record({
    afterMs: fc.oneof(
      fc.double({ min: 0, max: 20, noNaN: true }),
      fc.double({ min: 0, max: 5_000, noNaN: true }),
    ),
    bytes: fc.integer({ min: 0, max: 2 ** 40 }),
  }),
  // More than the recorder keeps, so that it joins moments.
  { minLength: 1, maxLength: 400, size: 'max' },
)

test('what is expected at a moment is never below what was seen then', () => {
  fc.assert(
    fc.property(
      looks,
      fc.double({ min: 0.1, max: 1_000, noNaN: true }),
      fc.nat(2 ** 41),
      (list, restMs, more) => {
        const recorder = new ProfileRecorder()
        const seen: { readonly atMs: number; readonly bytes: number }[] = []
        let atMs = 0
        for (const { afterMs, bytes } of list) {
          atMs += afterMs
          recorder.observe(atMs, bytes)
          seen.push({ atMs, bytes })
        }
        const profile = recorder.profile(atMs + restMs, more)
        const most = Math.max(...seen.map(({ bytes }) => bytes))
        if (profile === null) return most === 0
        assert.equal(profile.peakBytes, Math.max(most, more))
        for (const { atMs, bytes } of seen) {
          const expected = expectedUse(profile, atMs)
          assert.ok(expected >= bytes * (1 - 1e-9), `${expected} expected after ${atMs} ms, ${bytes} seen`)
          assert.ok(expected <= profile.peakBytes)
        }
        return true
      },
    ),
  )
})

test('a task that grows late is not expected to be large early, and nothing is expected after its end', () => {
  const recorder = new ProfileRecorder()
  for (let atMs = 0; atMs < 10_000; atMs += 100) recorder.observe(atMs, atMs < 6_000 ? 100 : 1_000)
  const profile = recorder.profile(10_000, 1_000)
  assert.ok(profile)
  assert.equal(expectedUse(profile, 1_000), 100)
  assert.equal(expectedUse(profile, 8_000), 1_000)
  assert.equal(expectedUse(profile, 11_000), 0)
  assert.ok(expectedMsLeft(profile, 4_000) >= 6_000)
  assert.ok(expectedMsLeft(profile, 11_000) <= 0)
})

test('between two looks as much is expected as at the greater of them', () => {
  const recorder = new ProfileRecorder()
  for (const [atMs, bytes] of [
    [0, 100],
    [5_000, 1_000],
    [9_900, 50],
  ] as const) {
    recorder.observe(atMs, bytes)
  }
  const profile = recorder.profile(10_000, 1_000)
  assert.ok(profile)
  assert.deepEqual([expectedUse(profile, 2_000), expectedUse(profile, 7_000)], [1_000, 1_000])
})

test('growth is expected a little before the moment at which it was seen', () => {
  const recorder = new ProfileRecorder()
  for (let atMs = 0; atMs < 10_000; atMs += 100) recorder.observe(atMs, atMs < 5_000 ? 100 : 1_000)
  const profile = recorder.profile(10_000, 1_000)
  assert.ok(profile)
  assert.equal(expectedUse(profile, 4_950), 1_000)
})

test('of a task that was never seen, or took no time, there is no profile', () => {
  const recorder = new ProfileRecorder()
  assert.equal(recorder.profile(1_000, 500), null)
  recorder.observe(0, 0)
  assert.equal(recorder.profile(1_000, 500), null)
  recorder.observe(1, 10)
  assert.equal(recorder.profile(0, 500), null)
  assert.equal(recorder.profile(2, 500)?.peakBytes, 500)
})

test('a recording does not grow, however long the task runs', () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const recorder = new ProfileRecorder()
  const looksAtIt = 500_000
  const heapBytes = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  recorder.observe(0, 1)
  const before = heapBytes()
  for (let look = 1; look < looksAtIt; look += 1) recorder.observe(look * 100, 1 + (look % 1_000))
  // As a list they would be 16 MB at least.
  assert.ok(heapBytes() - before < 4e6)
  assert.equal(recorder.profile(looksAtIt * 100, 0)?.peakBytes, 1_000)
})

test('a short task is not expected to keep to the millisecond', () => {
  const recorder = new ProfileRecorder()
  for (let atMs = 0; atMs < 100; atMs += 5) recorder.observe(atMs, atMs < 60 ? 100 : 1_000)
  const profile = recorder.profile(100, 1_000)
  assert.ok(profile)
  assert.equal(expectedUse(profile, 46), 1_000)
  assert.equal(expectedUse(profile, 30), 100)
  assert.equal(expectedUse(profile, 110), 1_000)
})
