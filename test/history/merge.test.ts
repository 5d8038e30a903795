import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mergePeaks, newPeaks } from '../../src/history/history.ts'
import { anyPeaks, peakOf } from './peaks.ts'

/** Small enough that the bound matters. */
const most = 12
const merge = (...lists: Parameters<typeof mergePeaks>[0]) => mergePeaks(lists, { most })

test('merging once more changes nothing, and neither order nor grouping of what is merged matters', () => {
  fc.assert(
    fc.property(anyPeaks, anyPeaks, anyPeaks, (a, b, c) => {
      const all = merge(a, b, c)
      assert.ok(all.length <= most)
      assert.deepEqual(merge(all, all), all)
      assert.deepEqual(merge(all, b), all)
      assert.deepEqual(merge(c, b, a), all)
      assert.deepEqual(merge(merge(a, b), c), all)
      assert.deepEqual(merge(a, merge(b, c)), all)
    }),
  )
})

test('of each task the newest eight stay, and nothing that is newer than what stays is lost', () => {
  fc.assert(
    fc.property(anyPeaks, anyPeaks, (a, b) => {
      const kept = mergePeaks([a, b])
      for (const key of new Set([...a, ...b].map((peak) => peak.key))) {
        const moments = [...a, ...b].filter((peak) => peak.key === key).map(({ atMs }) => atMs)
        const newest = [...new Set(moments)].toSorted((left, right) => right - left).slice(0, 8)
        assert.deepEqual(
          kept.filter((peak) => peak.key === key).map(({ atMs }) => atMs),
          newest,
        )
      }
    }),
  )
})

test('what is new is what a merge adds', () => {
  fc.assert(
    fc.property(anyPeaks, anyPeaks, (known, more) => {
      const added = newPeaks(known, more)
      assert.deepEqual(mergePeaks([known, added]), mergePeaks([known, added, added]))
      const before = new Set(known.map(({ key, atMs }) => `${key} ${atMs}`))
      assert.ok(added.every(({ key, atMs }) => !before.has(`${key} ${atMs}`)))
      assert.deepEqual(newPeaks([...known, ...added], more), [])
    }),
  )
})

test('of two records of one task and one moment the same one stays, whoever comes first', () => {
  const [small, large] = [peakOf({ peakBytes: 1_000 }), peakOf({ peakBytes: 2_000 })]
  assert.deepEqual(mergePeaks([[small], [large]]), mergePeaks([[large], [small]]))
  assert.equal(mergePeaks([[small, large]]).length, 1)
})
