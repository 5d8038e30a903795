import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Outbox } from '../../../src/experts/circle/outbox.ts'

const open = new AbortController().signal

test('a text of any parts arrives whole, in pieces of whole characters, and the same two buffers carry all of it', async () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 30_000 }), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 1, max: 5_000 }), async (parts, cut) => {
      const whole = parts.join('').toWellFormed()
      const bytes = Buffer.from(whole)
      const buffers = new Set<ArrayBuffer>()
      let read = ''
      const outbox = new Outbox((piece) => {
        buffers.add(piece.buffer)
        read += new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(piece)
        setImmediate(() => outbox.take(piece.buffer))
      })
      for (let at = 0; at < bytes.length; at += cut) await outbox.write(bytes.subarray(at, at + cut), open)
      await outbox.end(open)
      assert.equal(read, whole)
      assert.ok(buffers.size <= 2)
    }),
    { numRuns: 30 },
  )
})

test('who writes waits while the reader is away, and stops waiting when told to', async () => {
  const sent: Uint8Array<ArrayBuffer>[] = []
  const outbox = new Outbox((piece) => sent.push(piece))
  const control = new AbortController()
  const written = outbox.write(new Uint8Array(1_000_000).fill(97), control.signal)
  await new Promise(setImmediate)
  assert.equal(sent.length, 1, 'one piece is with the reader, one waits, and no more was taken')
  control.abort(new Error('nobody reads'))
  await assert.rejects(written, /nobody reads/)
})
