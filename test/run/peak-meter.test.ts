import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PeakMeter } from '../../src/run/peak-meter.ts'

test('the peak of a run is the greatest sum of its running tasks, and never below the peak of one of them', () => {
  const meter = new PeakMeter()
  meter.observe('a', 100)
  meter.observe('b', 50)
  meter.release('a')
  meter.observe('c', 60)
  assert.equal(meter.peakBytes, 150)
  // The kernel saw a spike of one of them between two samples.
  meter.atLeast(400)
  meter.atLeast(10)
  assert.equal(meter.peakBytes, 400)
})
