import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MemoryCurve } from '../../src/run/memory-curve.ts'
import type { MemoryPoint } from '../../src/spine.ts'

type Seen = Omit<MemoryPoint, 'atMs'>
const hour = 3_600_000

const seen = (usedBytes: number, more: Partial<Seen> = {}): Seen => ({
  ...{ usedBytes, tasksBytes: 0, claimBytes: 0, loadLineBytes: 850, capacityBytes: 1_000 },
  ...more,
})
const times = fc.array(fc.integer({ min: 0, max: 10_000 }), { maxLength: 2_000 }).map((gaps) => {
  let afterMs = 0
  return gaps.map((gap) => (afterMs += gap))
})

test('a point stands for 100 ms and has the greatest of what was seen in them', () => {
  const curve = new MemoryCurve(5_000)
  curve.add(0, seen(400, { tasksBytes: 10 }))
  curve.add(99, seen(700, { claimBytes: 5 }))
  curve.add(250, seen(300))
  assert.deepEqual(curve.points, [
    { atMs: 5_000, ...seen(700, { tasksBytes: 10, claimBytes: 5 }) },
    { atMs: 5_200, ...seen(300) },
  ])
})

test('when all 600 points are taken, each two neighbours are joined and have twice the time', () => {
  const curve = new MemoryCurve(0)
  for (let index = 0; index < 600; index += 1) curve.add(index * 100, seen(index))
  assert.equal(curve.points.length, 600)
  curve.add(60_000, seen(7))
  assert.equal(curve.points.length, 301)
  assert.deepEqual(curve.points.slice(0, 2), [
    { atMs: 0, ...seen(1) },
    { atMs: 200, ...seen(3) },
  ])
  assert.deepEqual(curve.points.at(-1), { atMs: 60_000, ...seen(7) })
})

test('of two moments the one that is nearer to its load line is kept, with that line', () => {
  const curve = new MemoryCurve(0)
  curve.add(0, seen(90, { loadLineBytes: 100, capacityBytes: 120 }))
  curve.add(1, seen(400))
  assert.deepEqual(curve.points, [{ atMs: 0, ...seen(90, { loadLineBytes: 100, capacityBytes: 120 }) }])
})

test('however long and uneven a run is, its points are at most 600 and have its peaks and its load line', () => {
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 100 }), (moments, factor) => {
      const curve = new MemoryCurve(0)
      const all = moments.map((afterMs) => ({
        afterMs: afterMs * factor,
        now: seen((afterMs * 7919) % 1_000, { tasksBytes: (afterMs * 104_729) % 900 }),
      }))
      for (const { afterMs, now } of all) curve.add(afterMs, now)
      const { points } = curve
      const greatest = (numbers: readonly number[]): number => Math.max(0, ...numbers)
      assert.ok(points.length <= 600)
      assert.equal(
        greatest(points.map(({ usedBytes }) => usedBytes)),
        greatest(all.map(({ now }) => now.usedBytes)),
      )
      assert.equal(
        greatest(points.map(({ tasksBytes }) => tasksBytes)),
        greatest(all.map(({ now }) => now.tasksBytes)),
      )
      assert.ok(points.every(({ loadLineBytes }) => loadLineBytes === 850))
      const ordered = points.map(({ atMs }) => atMs)
      assert.deepEqual(
        ordered,
        ordered.toSorted((left, right) => left - right),
      )
    }),
  )
})

test('what is taken bit by bit is in the end what the curve is', () => {
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 50 }), (moments, often) => {
      const curve = new MemoryCurve(0)
      const kept = new Map<number, MemoryPoint>()
      const take = (): void => {
        const change = curve.take()
        if (change?.replace) kept.clear()
        for (const point of change?.points ?? []) kept.set(point.atMs, point)
      }
      for (const [index, afterMs] of moments.entries()) {
        curve.add(afterMs * 10, seen(afterMs % 1_000))
        if (index % often === 0) take()
      }
      take()
      assert.deepEqual([...kept.values()], curve.points)
      assert.equal(curve.take(), null)
    }),
  )
})

test('a day that is kept every ten seconds writes less than 15,000 points', () => {
  const curve = new MemoryCurve(0)
  let written = 0
  for (let afterMs = 0; afterMs < 24 * hour; afterMs += 10_000) {
    curve.add(afterMs, seen(1))
    written += curve.take()?.points.length ?? 0
  }
  assert.ok(written < 15_000)
})

test('what did not reach the record is taken again', () => {
  const curve = new MemoryCurve(0)
  curve.add(0, seen(1))
  curve.take()
  curve.takeAllAgain()
  curve.add(100, seen(2))
  assert.deepEqual(curve.take(), { points: curve.points, replace: true })
})
