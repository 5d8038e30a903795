import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PlimsollError } from '../../src/errors.ts'
import { decodeBlock, encodeBlock } from '../../src/metrics/block-codec.ts'
import { bitsOf, columnsOf, kindOf } from '../../src/metrics/columns.ts'
import type { Columns } from '../../src/metrics/words.ts'

const time = fc.oneof(
  fc.integer({ min: -8.64e15, max: 8.64e15 }),
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_900_000 }),
)
/** Any eight bytes: every NaN there is, -0, infinities, denormals. */
const anyBits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const decimal = fc
  .tuple(fc.integer(), fc.integer({ min: 0, max: 6 }))
  .map(([whole, power]) => whole / 10 ** power)
const bitsOfNumber = (value: number): bigint => bitsOf(Float64Array.of(value))[0] as bigint
const numberBits = fc.oneof(
  anyBits,
  fc.constantFrom(-0, 0, Number.NaN, Infinity, -Infinity, Number.MIN_VALUE, 2 ** 53).map(bitsOfNumber),
  // Staleness of Prometheus.
  fc.constant(0x7ff0000000000002n),
)

function columnsFrom(
  times: readonly number[],
  bits: readonly bigint[],
  kinds: readonly number[] | null,
): Columns {
  const columns = columnsOf(times.length, kinds !== null)
  columns.timestampsMs.set(times.toSorted((left, right) => left - right))
  bitsOf(columns.values).set(bits.slice(0, times.length))
  if (kinds) columns.kinds?.set(kinds.slice(0, times.length))
  return columns
}

function assertComesBack(columns: Columns): void {
  const back = decodeBlock(encodeBlock(columns))
  assert.deepEqual([...back.timestampsMs], [...columns.timestampsMs])
  assert.deepEqual([...bitsOf(back.values)], [...bitsOf(columns.values)])
  assert.deepEqual(back.kinds && [...back.kinds], columns.kinds && [...columns.kinds])
}

const times = fc.uniqueArray(time, { maxLength: 200 })
const exactly = { minLength: 200, maxLength: 200 }

test('every bit of every number comes back', () => {
  fc.assert(
    fc.property(times, fc.array(numberBits, exactly), (atMs, bits) =>
      assertComesBack(columnsFrom(atMs, bits, null)),
    ),
  )
})

test('decimal numbers come back, whatever their places', () => {
  fc.assert(
    fc.property(times, fc.array(decimal, exactly), (atMs, values) =>
      assertComesBack(columnsFrom(atMs, values.map(bitsOfNumber), null)),
    ),
  )
})

test('steps in time and value of any size come back', () => {
  const size = fc.integer({ min: 0, max: 38 }).map((power) => 2 ** power)
  const step = fc.tuple(size, size, fc.constantFrom(-1, -0, 1), fc.constantFrom(0, 1, 2))
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 600 }), fc.nat({ max: 300 }), (steps, regular) => {
      const columns = columnsOf(steps.length + regular, false)
      let timeMs = -1_000
      let whole = 0
      for (let index = 0; index < columns.timestampsMs.length; index += 1) {
        const [timeStep, valueStep, sign, power] = steps[index] ?? [10_000, 50, 1, 0]
        timeMs += timeStep
        whole += sign * valueStep
        columns.timestampsMs[index] = timeMs
        columns.values[index] = sign === 0 ? -0 : whole / 10 ** power
      }
      assertComesBack(columns)
    }),
  )
})

test('a counter that grows evenly takes a tenth of a byte a sample, and a gap of a day half a kilobyte', () => {
  for (const gapMs of [0, 86_400_000]) {
    const columns = columnsOf(1_000, false)
    for (let index = 0; index < 1_000; index += 1) {
      columns.timestampsMs[index] = 1_700_000_000_000 + index * 15_000 + (index > 500 ? gapMs : 0)
      columns.values[index] = index * 977
    }
    const bytes = encodeBlock(columns).length
    assert.ok(bytes < (gapMs > 0 ? 612 : 100), `${bytes} bytes`)
    assertComesBack(columns)
  }
})

test('great numbers that come again and again take a fraction of a byte', () => {
  const columns = columnsOf(1_000, false)
  for (let index = 0; index < 1_000; index += 1) {
    columns.timestampsMs[index] = index * 15_000
    columns.values[index] = [17, 5_000_000_011, 900_003][index % 3] as number
  }
  const bytes = encodeBlock(columns).length
  assert.ok(bytes < 500, `${bytes} bytes`)
  assertComesBack(columns)
})

test('zeros of both signs come back and cost nothing to speak of', () => {
  const columns = columnsOf(1_000, false)
  for (let index = 0; index < 1_000; index += 1) {
    columns.timestampsMs[index] = index * 15_000
    columns.values[index] = Math.round(Math.sin(index) * 3) / 10
  }
  assert.ok(columns.values.some((value) => Object.is(value, -0)))
  const bytes = encodeBlock(columns).length
  assert.ok(bytes < 900, `${bytes} bytes`)
  assertComesBack(columns)
})

test('counters of 64 bits come back, also among numbers', () => {
  const kinds = fc.array(fc.constantFrom(0, 1, 2), exactly)
  fc.assert(
    fc.property(times, fc.array(anyBits, exactly), kinds, (atMs, bits, kind) =>
      assertComesBack(columnsFrom(atMs, bits, kind)),
    ),
  )
})

test('a thousand samples of a scraper take less than two bytes each', () => {
  const count = 1_000
  const columns = columnsOf(count, false)
  let value = 500
  let seed = 7
  for (let index = 0; index < count; index += 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    value += Math.round((seed / 2 ** 31 - 0.5) * 100) / 100
    columns.timestampsMs[index] = 1_700_000_000_000 + index * 10_000
    columns.values[index] = Math.round(value * 100) / 100
  }
  const bytes = encodeBlock(columns).length
  assert.ok(bytes < 2_000, `${bytes} bytes`)
  assertComesBack(columns)
})

test('a large counter that grows takes less than three bytes a sample', () => {
  const columns = columnsOf(1_000, true)
  for (let index = 0; index < 1_000; index += 1) {
    columns.timestampsMs[index] = index * 15_000
    bitsOf(columns.values)[index] = 2n ** 63n + BigInt(index * 977)
    if (columns.kinds) columns.kinds[index] = kindOf(2n ** 63n)
  }
  assert.ok(encodeBlock(columns).length < 3_000)
  assertComesBack(columns)
})

test('damaged bytes are an error with a code, never other samples than they claim', () => {
  const columns = columnsFrom([1, 2, 3], [1n, 2n, 3n], null)
  const block = encodeBlock(columns)
  for (const damaged of [block.subarray(0, 3), Uint8Array.of(9, ...block.subarray(1)), new Uint8Array(0)]) {
    assert.throws(
      () => decodeBlock(damaged),
      (error) => error instanceof PlimsollError && error.code === 'METRIC_DATA_CORRUPT',
    )
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        decodeBlock(bytes)
      } catch (error) {
        assert.ok(error instanceof PlimsollError)
      }
    }),
  )
})
