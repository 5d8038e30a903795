import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Guard, type GuardedTask, type GuardView } from '../../src/memory/memory.ts'

const mebibyte = 2 ** 20
/** A machine of 1,000 MiB whose line is at 850. */
const view = (usedMib: number, tasks: readonly GuardedTask[], nowMs = 0, leavingMib = 0): GuardView => ({
  nowMs,
  roomBytes: (850 - usedMib) * mebibyte,
  limitRoomBytes: (1_000 - usedMib) * mebibyte,
  leavingBytes: leavingMib * mebibyte,
  tasks,
})
const task = (mib: number, isSuspended = false, claimMib = 0): GuardedTask => ({
  observedBytes: mib * mebibyte,
  claimBytes: claimMib * mebibyte,
  isSuspended,
})

test('below the middle between line and limit nothing is done', () => {
  const guard = new Guard()
  assert.deepEqual(guard.decide(view(920, [task(300), task(300)])), { suspend: [], resume: [], evict: [] })
})

test('beyond the middle the newest is suspended, one at each look', () => {
  const guard = new Guard()
  const tasks = [task(300), task(300), task(200)]
  assert.deepEqual(guard.decide(view(930, tasks)).suspend, [2])
  assert.deepEqual(guard.decide(view(930, [task(300), task(300), task(200, true)], 20)).suspend, [1])
})

test('quick growth is stopped at once: all but the oldest are suspended, and none is ended for what may come', () => {
  const guard = new Guard()
  const tasks = [task(300), task(300), task(200)]
  guard.decide(view(700, tasks, 0))
  assert.deepEqual(guard.decide(view(860, tasks, 20)), { suspend: [2, 1], resume: [], evict: [] })
})

test('near the limit the newest are stopped until there is room, those that hold nothing spared', () => {
  const guard = new Guard()
  const tasks = [task(500), task(100), task(30), task(0)]
  const { evict, suspend } = guard.decide(view(990, tasks))
  assert.deepEqual(evict, [2, 1])
  assert.deepEqual(suspend, [3])
})

test('what is about to come free is not taken twice', () => {
  const guard = new Guard()
  assert.deepEqual(guard.decide(view(990, [task(500), task(300)], 0, 200)), {
    suspend: [],
    resume: [],
    evict: [],
  })
})

test('the suspended go on one after the other, the oldest first, when what they may take fits below the line', () => {
  const guard = new Guard()
  const tasks = [task(200), task(100, true, 50), task(100, true, 50)]
  assert.deepEqual(guard.decide(view(840, tasks, 0)).resume, [])
  assert.deepEqual(guard.decide(view(600, tasks, 100)).resume, [1])
  const left = [task(200), task(100), task(100, true, 50)]
  assert.deepEqual(guard.decide(view(600, left, 110)).resume, [], 'not at once after the last')
  assert.deepEqual(guard.decide(view(600, left, 160)).resume, [2])
})

test('the oldest always runs: it is never suspended or stopped, and goes on even when there is no room', () => {
  const some = fc.record({
    observedBytes: fc.integer({ min: 0, max: 500 }).map((mib) => mib * mebibyte),
    claimBytes: fc.integer({ min: 0, max: 500 }).map((mib) => mib * mebibyte),
    isSuspended: fc.boolean(),
  })
  const looks = fc.array(
    fc.record({
      usedMib: fc.integer({ min: 0, max: 1_100 }),
      leavingMib: fc.integer({ min: 0, max: 300 }),
      afterMs: fc.integer({ min: 0, max: 200 }),
      tasks: fc.array(some, { minLength: 1, maxLength: 8 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  fc.assert(
    fc.property(looks, (list) => {
      const guard = new Guard()
      let nowMs = 0
      for (const { usedMib, leavingMib, afterMs, tasks } of list) {
        nowMs += afterMs
        const { suspend, resume, evict } = guard.decide(view(usedMib, tasks, nowMs, leavingMib))
        assert.ok(!suspend.includes(0) && !evict.includes(0))
        if (tasks[0]?.isSuspended) assert.deepEqual(resume, [0])
        for (const number of suspend) assert.equal(tasks[number]?.isSuspended, false)
        for (const number of resume) assert.equal(tasks[number]?.isSuspended, true)
        assert.equal(
          new Set([...suspend, ...resume, ...evict]).size,
          suspend.length + resume.length + evict.length,
        )
      }
    }),
    { numRuns: 1_000 },
  )
})
