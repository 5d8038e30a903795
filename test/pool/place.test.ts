import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Places } from '../../src/pool/place.ts'
import type { Measured } from '../../src/pool/pool.ts'

const job = { module: 'file:///tasks.ts', exportName: 'resize' }
const busy = (busyShare: number): Measured => ({
  ...{ cpuMs: 1, durationMs: 1, peakBytes: null, heapGrowthBytes: null, busyShare },
})
const mixed = (places: Places): string => places.placeOf(job, { kind: 'mixed' })

test('a mixed function goes to a thread until it was measured, and back there at every fiftieth call', () => {
  const places = new Places()
  assert.equal(mixed(places), 'thread')
  places.learn(job, busy(0.1))
  const calls = Array.from({ length: 100 }, () => mixed(places))
  assert.deepEqual(
    calls.flatMap((place, index) => (place === 'thread' ? [index + 1] : [])),
    [50, 100],
  )
})

test('one measurement that differs moves a mixed function half of the way', () => {
  const places = new Places()
  places.learn(job, busy(0))
  places.learn(job, busy(0.8))
  assert.equal(mixed(places), 'inline')
  places.learn(job, busy(0.8))
  assert.equal(mixed(places), 'thread')
  places.learn(job, busy(0))
  assert.equal(mixed(places), 'inline')
})

test('of a thousand mixed functions the first measured is forgotten for one more', () => {
  const places = new Places()
  const nth = (index: number) => ({ module: 'file:///tasks.ts', exportName: `f${index}` })
  for (let index = 0; index <= 1_000; index += 1) places.learn(nth(index), busy(0.1))
  assert.equal(places.placeOf(nth(0), { kind: 'mixed' }), 'thread')
  assert.equal(places.placeOf(nth(1), { kind: 'mixed' }), 'inline')
})
