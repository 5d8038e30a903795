import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type EstimatedTask,
  Estimates,
  type PeakRecord,
  ProfileRecorder,
  raiseFactor,
  recordsPerTask,
} from '../../src/memory/memory.ts'

const mib = 2 ** 20
const gib = 2 ** 30
const dayMs = 24 * 3_600_000
const nowMs = 1_000 * dayMs

function recordOf(peakBytes: number, changes: Partial<PeakRecord> = {}): PeakRecord {
  const recorder = new ProfileRecorder()
  recorder.observe(0, peakBytes)
  const profile = recorder.profile(1_000, peakBytes)
  assert.ok(profile)
  return { key: 'build', group: 'run npm', atMs: nowMs, profile, ...changes }
}

const task = (changes: Partial<EstimatedTask> = {}): EstimatedTask => ({
  key: 'build',
  group: 'run npm',
  expectBytes: null,
  limitBytes: 8 * gib,
  guessBytes: gib,
  ...changes,
})

const after = (peaks: readonly number[], changes: Partial<PeakRecord> = {}): Estimates =>
  new Estimates(
    peaks.map((peak, index) => recordOf(peak, { atMs: nowMs + index, ...changes })),
    nowMs,
  )

const inBytes = fc.integer({ min: 1, max: 4 * gib })
const somePeaks = fc.array(inBytes, { maxLength: 12 })
const seen = fc.record({
  peakBytes: inBytes,
  activeMs: fc.integer({ min: 1, max: 100_000 }),
  flatMs: fc.nat(100_000),
})
const anyTask = fc
  .record({ expectBytes: fc.option(inBytes), limitBytes: inBytes, guessBytes: inBytes })
  .map((changes) => task(changes))

test('what is known best is what is said: own history, what was declared, tasks that are alike, a guess', () => {
  const others = [1, 2, 3].map((index) => recordOf(300 * mib, { key: `other ${index}` }))
  const group = new Estimates(others, nowMs)
  const history = new Estimates([...others, recordOf(100 * mib)], nowMs)
  const ground = (estimates: Estimates, one: EstimatedTask): readonly unknown[] => {
    const { bytes, source, confidence, runs } = estimates.estimate(one)
    return [bytes, source, confidence, runs]
  }
  assert.deepEqual(ground(history, task({ expectBytes: 5 * mib })), [
    Math.ceil(100 * mib * 1.1),
    'history',
    0.5,
    1,
  ])
  assert.deepEqual(ground(group, task({ expectBytes: 5 * mib })), [5 * mib, 'declared', 0.5, 0])
  assert.deepEqual(ground(group, task()), [300 * mib, 'group', 0.25, 3])
  assert.deepEqual(ground(new Estimates(), task()), [gib, 'guess', 0, 0])
})

test('a task whose command has changed starts anew', () => {
  const estimates = after([100 * mib])
  assert.equal(estimates.estimate(task({ key: 'build, changed' })).source, 'guess')
})

test('tasks that are alike are asked from three peaks on, and answer with one of theirs from the middle', () => {
  const peers = (count: number): Estimates =>
    new Estimates(
      [100, 200, 900]
        .slice(0, count)
        .map((mebibytes) => recordOf(mebibytes * mib, { key: `peer ${mebibytes}` })),
      nowMs,
    )
  assert.equal(peers(2).estimate(task()).source, 'guess')
  const { source, bytes } = peers(3).estimate(task())
  assert.deepEqual([source, bytes], ['group', 200 * mib])
  assert.equal(peers(3).estimate(task({ group: 'exec make' })).source, 'guess')
})

test('the more runs say the same, the smaller the margin above it and the greater the confidence', () => {
  const said = Array.from({ length: recordsPerTask }, (_, index) =>
    after(new Array<number>(index + 1).fill(100 * mib)).estimate(task()),
  )
  for (const [index, { bytes, confidence }] of said.entries()) {
    const next = said[index + 1]
    assert.ok(bytes > 100 * mib && bytes <= 111 * mib)
    assert.ok(next === undefined || (next.bytes < bytes && next.confidence > confidence))
  }
  assert.ok((said.at(-1)?.bytes ?? 0) < 105 * mib)
})

test('of the newest eight runs the estimate covers the greatest; what is older has no say', () => {
  fc.assert(
    fc.property(fc.array(inBytes, { minLength: 1, maxLength: 20 }), (peaks) => {
      const { bytes } = after(peaks).estimate(task())
      const most = Math.max(...peaks.slice(-recordsPerTask))
      assert.ok(bytes >= most && bytes <= most * 1.11 + 1)
    }),
  )
})

test('a run of long ago counts less than those of today, and among old ones each counts', () => {
  const old = { atMs: nowMs - 300 * dayMs }
  const today = new Array<PeakRecord>(6).fill(recordOf(100 * mib))
  const { bytes } = new Estimates([recordOf(900 * mib, old), ...today], nowMs).estimate(task())
  assert.ok(bytes < 110 * mib)
  const before = [100, 100, 900].map((mebibytes) => recordOf(mebibytes * mib, { atMs: 0 }))
  assert.ok(new Estimates(before, 60 * 365 * dayMs).estimate(task()).bytes > 900 * mib)
})

test('the order in which records are handed in does not matter, only when they were made', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(10_000), { maxLength: 12 }), (moments) => {
      const records = moments.map((atMs) => recordOf((atMs + 1) * mib, { atMs: nowMs + atMs }))
      const forwards = new Estimates(records, nowMs).estimate(task())
      assert.deepEqual(new Estimates(records.toReversed(), nowMs).estimate(task()), forwards)
    }),
  )
})

test('nothing is expected above the limit, unless it was seen above it; and never less than was seen', () => {
  fc.assert(
    fc.property(somePeaks, anyTask, fc.option(seen), fc.option(inBytes), (peaks, one, now, raised) => {
      const estimates = after(peaks)
      if (raised !== null) estimates.raise(one.key, raised)
      const { bytes } = estimates.estimate(one, now)
      const peakBytes = now?.peakBytes ?? 0
      assert.ok(bytes <= Math.max(one.limitBytes, peakBytes))
      assert.ok(bytes >= peakBytes)
      assert.ok(Number.isSafeInteger(bytes))
    }),
  )
})

test('after an end for want of memory the next start reserves more than it used then, and no raise ever lowers', () => {
  fc.assert(
    fc.property(somePeaks, anyTask, inBytes, inBytes, (peaks, one, used, later) => {
      const estimates = after(peaks)
      const before = estimates.estimate(one).bytes
      estimates.raise(one.key, used)
      const raised = estimates.estimate(one).bytes
      assert.ok(raised >= Math.min(one.limitBytes, Math.floor(used * raiseFactor)))
      assert.ok(raised >= before)
      estimates.raise(one.key, later)
      assert.ok(estimates.estimate(one).bytes >= raised)
    }),
  )
})

test('what was raised is forgotten once the task has ended well: then it is known', () => {
  const estimates = after([100 * mib])
  estimates.raise('build', gib)
  assert.ok(estimates.estimate(task()).bytes >= gib)
  estimates.learn(recordOf(120 * mib))
  assert.ok(estimates.estimate(task()).bytes < 130 * mib)
})

test('a task without a history that has stopped growing gives back what it does not need', () => {
  const flat = { peakBytes: 50 * mib, activeMs: 1_000, flatMs: 300 }
  for (const estimates of [new Estimates(), after([gib, gib, gib], { key: 'peer' })]) {
    assert.equal(estimates.estimate(task(), flat).bytes, Math.ceil(50 * mib * 1.02))
    assert.ok(estimates.estimate(task(), { ...flat, flatMs: 150 }).bytes >= gib)
    assert.ok(estimates.estimate(task(), { peakBytes: 50 * mib, activeMs: 110, flatMs: 110 }).bytes >= gib)
  }
})

test('a task with a history or a declaration keeps what it was promised while it is small', () => {
  const flat = { peakBytes: mib, activeMs: 10_000, flatMs: 9_000 }
  assert.ok(after([100 * mib]).estimate(task(), flat).bytes >= 100 * mib)
  assert.equal(new Estimates().estimate(task({ expectBytes: 300 * mib }), flat).bytes, 300 * mib)
})

test('a task that uses what it has always used is expected to develop as it has always done', () => {
  const estimates = after(new Array<number>(recordsPerTask).fill(100 * mib))
  const before = estimates.estimate(task())
  const seen = { peakBytes: 101 * mib, activeMs: 500, flatMs: 100 }
  assert.deepEqual(estimates.estimate(task(), seen), before)
})

test('a task that needs more than was learned does not develop as was learned either', () => {
  const estimates = after([100 * mib])
  const small = { peakBytes: 20 * mib, activeMs: 100, flatMs: 0 }
  assert.equal(estimates.estimate(task(), small).profile?.durationMs, 1_000)
  const { bytes, profile } = estimates.estimate(task(), { ...small, peakBytes: 200 * mib })
  assert.deepEqual([bytes, profile], [Math.ceil(200 * mib * 1.05), null])
})

test('how long a task ran is the middle of its runs; of one that never ran nothing is known', () => {
  const profiled = (durationMs: number): PeakRecord => {
    const record = recordOf(mib)
    return { ...record, profile: { ...record.profile, durationMs } }
  }
  const estimates = new Estimates([9_000, 10, 700].map(profiled), nowMs)
  assert.equal(estimates.durationMs('build'), 700)
  assert.equal(estimates.durationMs('other'), null)
})
