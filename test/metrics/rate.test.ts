import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CounterWindow } from '../../src/metrics/rate.ts'

const minute = 60_000
const grown = (values: readonly number[], { fromMs = 0, toMs = 50 * minute, everyMs = 5 * minute } = {}) => {
  const counter = new CounterWindow({ fromMs, toMs })
  for (const [index, value] of values.entries()) counter.add(index * everyMs, value)
  return counter
}
const steps = (count: number): number[] => Array.from({ length: count }, (_, index) => index * 10)

// The first three are of promql/testdata/functions.test of Prometheus.
test('a counter that covers the window is not extrapolated', () => {
  assert.equal(grown(steps(11)).increase(), 100)
})

test('after a reset a counter goes on from what it had', () => {
  assert.equal(grown([...steps(6), ...steps(5)]).increase(), 90)
  assert.equal(grown([...steps(5), ...steps(6)]).rate(), 0.03)
})

test('a counter that began at zero is not extrapolated to before it', () => {
  assert.equal(grown(steps(11), { fromMs: -50 * minute }).increase(), 100)
})

test('near a bound it is extrapolated to it, far from it by half a step', () => {
  const values = [100, 110, 120]
  assert.equal(grown(values, { fromMs: -minute, toMs: 11 * minute }).increase(), 24)
  assert.equal(grown(values, { fromMs: -50 * minute, toMs: 60 * minute }).increase(), 30)
})

test('one sample says nothing', () => {
  assert.equal(grown([1]).increase(), undefined)
  assert.equal(grown([]).rate(), undefined)
})
