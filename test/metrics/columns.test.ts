import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  bitsOf,
  columnsOf,
  cut,
  firstFrom,
  kindOf,
  numbersOf,
  valueAt,
  within,
} from '../../src/metrics/columns.ts'

const counter = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })

test('a counter of 64 bits lies in eight bytes and comes back as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(counter, fc.double())), (given) => {
      const columns = columnsOf(given.length, true)
      for (const [index, value] of given.entries()) {
        if (typeof value === 'bigint') bitsOf(columns.values)[index] = value
        else columns.values[index] = value
        if (columns.kinds) columns.kinds[index] = kindOf(value)
      }
      assert.deepEqual(
        given.map((_, index) => valueAt(columns, index)),
        given,
      )
      assert.deepEqual([...numbersOf(columns)], given.map(Number))
    }),
  )
})

test('a range has what is from its start on and before its end', () => {
  const columns = columnsOf(5, false)
  columns.timestampsMs.set([10, 20, 30, 40, 50])
  assert.equal(firstFrom(columns.timestampsMs, 20), 1)
  assert.deepEqual([...within(columns, 20, 50).timestampsMs], [20, 30, 40])
  assert.deepEqual([...within(columns, 21, 22).timestampsMs], [])
  assert.deepEqual([...cut(columns, 1, 2).timestampsMs], [20])
  assert.equal(within(columns, 0, 99), columns)
})
