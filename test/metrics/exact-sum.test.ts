import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ExactSum } from '../../src/metrics/exact-sum.ts'

function sumOf(...parts: readonly (readonly number[])[]): number {
  const sum = new ExactSum()
  for (const part of parts) sum.add(Float64Array.from(part))
  return sum.sum
}

test('what is lost in a sum is kept beside it', () => {
  assert.equal(sumOf([0.1, 0.2, -0.3]), 0.1 + 0.2 - 0.3 - 2 ** -55)
  assert.equal(sumOf([1e100, 1, -1e100]), 1)
  assert.equal(sumOf([1, 1e100, 1, -1e100]), 2)
})

test('of infinities and NaN a sum is what an addition makes of them', () => {
  assert.equal(sumOf([1, Infinity]), Infinity)
  assert.equal(sumOf([1e100, 1], [-Infinity, 5]), -Infinity)
  assert.ok(Number.isNaN(sumOf([Infinity, -Infinity])))
  assert.ok(Number.isNaN(sumOf([Number.NaN, 1])))
  assert.equal(sumOf([Number.MAX_VALUE, Number.MAX_VALUE]), Infinity)
})

test('whole numbers are added exactly, in however many parts they come', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.integer({ min: -1e9, max: 1e9 }))), (parts) => {
      const exact = parts.flat().reduce((sum, value) => sum + BigInt(value), 0n)
      assert.equal(BigInt(sumOf([2 ** 60], ...parts, [-(2 ** 60)])), exact)
    }),
  )
})
