import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatDuration,
  formatSize,
  longestDurationMs,
  parseDuration,
  parseShare,
  parseSize,
} from '../src/units.ts'

test('sizes are read as they are written: powers of 1024 with an i, of 1000 without', () => {
  assert.equal(parseSize('512MiB'), 512 * 2 ** 20)
  assert.equal(parseSize('1.5GB'), 1_500_000_000)
  assert.equal(parseSize('800 KiB'), 800 * 1024)
  assert.equal(parseSize('1B'), 1)
})

test('what is not a size is refused instead of guessed', () => {
  for (const text of [
    '-1',
    '0B',
    '',
    '512',
    'MiB',
    '1e3MB',
    '1MiBs',
    ' 1MB',
    '999999999999999TiB',
    '1.5.5MB',
    'NaNMB',
  ]) {
    assert.equal(parseSize(text), undefined, text)
  }
})

test('durations add up their parts', () => {
  assert.equal(parseDuration('1h30m'), 5_400_000)
  assert.equal(parseDuration('500ms'), 500)
  assert.equal(parseDuration('1.5s'), 1_500)
  assert.equal(parseDuration('0s'), 0)
})

test('what is not a duration, or longer than a timer can wait, is refused', () => {
  for (const text of ['-1s', '', '10', 's', '1s 2s', '25d', '1y', `${'1s'.repeat(40)}`]) {
    assert.equal(parseDuration(text), undefined, text)
  }
})

test('shares are above zero and at most one', () => {
  assert.equal(parseShare('85%'), 0.85)
  assert.equal(parseShare('100%'), 1)
  for (const text of ['0%', '101%', '85', '-5%', '%']) assert.equal(parseShare(text), undefined, text)
})

test('every whole number of bytes survives being written in bytes and read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e15 - 1 }), (bytes) =>
      assert.equal(parseSize(`${bytes}B`), bytes),
    ),
  )
})

test('a formatted size, read back, is within a twentieth of the original', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 49 }), (bytes) => {
      const read = parseSize(formatSize(bytes).replace('.0 ', ' '))
      assert.ok(
        read !== undefined && Math.abs(read - bytes) <= bytes * 0.051,
        `${bytes} -> ${formatSize(bytes)}`,
      )
    }),
  )
})

test('a greater size is never formatted with a smaller unit', () => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  const rank = (bytes: number): number => units.indexOf(formatSize(bytes).split(' ')[1] ?? '')
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) =>
      assert.ok(rank(Math.min(a, b)) <= rank(Math.max(a, b))),
    ),
  )
})

test('every duration survives being written in its parts and read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: longestDurationMs }), (ms) => {
      const text = `${Math.floor(ms / 3_600_000)}h${Math.floor(ms / 1_000) % 3_600}s${ms % 1_000}ms`
      assert.equal(parseDuration(text), ms)
    }),
  )
})

test('a formatted duration has at most two units and no digit that would carry', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: longestDurationMs }), (ms) => {
      assert.match(formatDuration(ms), /^(\d{1,3} ms|\d{1,2}\.\d s|[1-5]?\d m [0-5]\d s|\d+ h [0-5]\d m)$/)
    }),
  )
})

test('no text makes the parsers throw', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const parse of [parseSize, parseShare, parseDuration]) {
        const value = parse(text)
        assert.ok(value === undefined || Number.isFinite(value))
      }
    }),
  )
})
