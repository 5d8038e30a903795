import assert from 'node:assert/strict'
import { test } from 'node:test'
import { letGo } from '../src/buffers.ts'

test('memory that is let go is given back before anything is collected, once', () => {
  const one = new Float64Array(1_000)
  const same = new Uint8Array(one.buffer)
  const before = process.memoryUsage().arrayBuffers
  letGo(one, same, one)
  assert.equal(one.length + same.length, 0)
  assert.ok(process.memoryUsage().arrayBuffers <= before - 8_000)
})
