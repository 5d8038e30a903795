import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PeakHistogram } from '../../src/memory/peak-histogram.ts'

const peak = fc.oneof(fc.integer({ min: 1, max: 2 ** 22 }), fc.integer({ min: 1, max: 2 ** 45 }))
const peaks = fc.array(peak, { minLength: 1, maxLength: 60 })
const share = fc.double({ min: 0.01, max: 1, noNaN: true })

function of(list: readonly number[], weight = 1): PeakHistogram {
  const histogram = new PeakHistogram()
  for (const bytes of list) histogram.add(bytes, weight)
  return histogram
}

test('a quantile is a peak that was added, above what it is to exceed; there is none only when no peak is above', () => {
  fc.assert(
    fc.property(peaks, share, fc.option(peak, { nil: -1 }), (list, wanted, above) => {
      const answer = of(list).quantile(wanted, above)
      const candidates = list.filter((bytes) => bytes > above)
      if (answer === undefined) return candidates.length === 0
      return candidates.includes(answer)
    }),
  )
})

test('a single peak is answered as it was, whatever the share and the weight', () => {
  fc.assert(
    fc.property(peak, share, fc.double({ min: 1e-9, max: 1, noNaN: true }), (bytes, wanted, weight) => {
      assert.equal(of([bytes], weight).quantile(wanted), bytes)
    }),
  )
})

test('at least the share of the peaks is covered, and no more than a bucket of 5 % too much', () => {
  fc.assert(
    fc.property(peaks, share, (list, wanted) => {
      const answer = of(list).quantile(wanted) ?? 0
      const covered = list.filter((bytes) => bytes <= answer).length
      assert.ok(covered >= wanted * list.length - 1e-6)
      const sorted = list.toSorted((left, right) => left - right)
      const exact = sorted[Math.ceil(wanted * list.length - 1e-6) - 1] ?? 0
      assert.ok(answer <= Math.max(2 ** 20, exact * 1.05 + 1), `${answer} where ${exact} is exact`)
    }),
  )
})

test('a greater share never answers less, and the order of the peaks does not matter', () => {
  fc.assert(
    fc.property(peaks, share, share, (list, one, other) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)]
      assert.ok((of(list).quantile(low) ?? 0) <= (of(list).quantile(high) ?? 0))
      assert.equal(of(list).quantile(one), of(list.toReversed()).quantile(one))
    }),
  )
})

test('what weighs less counts less', () => {
  const histogram = of([900 * 2 ** 20], 0.01)
  for (let count = 0; count < 3; count += 1) histogram.add(100 * 2 ** 20)
  assert.equal(histogram.quantile(0.9), 100 * 2 ** 20)
  assert.equal(histogram.quantile(1), 900 * 2 ** 20)
  assert.equal(histogram.count, 4)
})

test('without a peak there is no quantile; one that is added later counts', () => {
  const histogram = new PeakHistogram()
  assert.equal(histogram.quantile(0.5), undefined)
  histogram.add(7)
  assert.equal(histogram.quantile(0.5), 7)
  histogram.add(5 * 2 ** 20)
  assert.equal(histogram.quantile(1), 5 * 2 ** 20)
})
