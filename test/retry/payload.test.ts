import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { payloadBytes, retry } from '../../src/retry/retry.ts'

const mebibyte = 2 ** 20

const form = new FormData()
form.set('name', 'ä')
form.set('file', new Blob(['12345']), 'f.txt')

const sizes: readonly (readonly [what: string, payload: unknown, bytes: number | null])[] = [
  ['a text in UTF-8', 'aä€😀', 10],
  ['nothing', undefined, 0],
  ['a buffer', Buffer.alloc(1_000), 1_000],
  ['a view of a part of a buffer', new Uint8Array(new ArrayBuffer(1_000), 10, 20), 20],
  ['a typed array of wide numbers', new Float64Array(100), 800],
  ['a data view', new DataView(new ArrayBuffer(64)), 64],
  ['an array buffer', new ArrayBuffer(77), 77],
  ['a shared one', new SharedArrayBuffer(78), 78],
  ['a blob', new Blob(['12345', new Uint8Array(5)]), 10],
  ['search parameters', new URLSearchParams({ a: 'ä b' }), 'a=%C3%A4+b'.length],
  ['a request with a length', { headers: { 'content-length': '4096' }, body: null }, 4_096],
  ['a stream with a length', Object.assign(Readable.from(['x']), { contentLength: 12 }), 12],
  ['a stream without', Readable.from(['x']), null],
  ['a web stream', new ReadableStream(), null],
  ['an async iterable', { [Symbol.asyncIterator]: () => ({}) }, null],
  ['a list of buffers', [Buffer.alloc(10), Buffer.alloc(20)], 33],
]

for (const [what, payload, bytes] of sizes) {
  test(`${what} has ${bytes ?? 'an unknown number of'} bytes`, () =>
    assert.equal(payloadBytes(payload), bytes))
}

test('a form has the bytes of its parts and about a hundred for the lines around each', async () => {
  const real = (await new Response(form).arrayBuffer()).byteLength
  const estimated = payloadBytes(form) ?? 0
  assert.ok(Math.abs(estimated - real) < 0.3 * real, `${estimated} for ${real}`)
})

test('a stream of a file has the bytes of the file, or of its part', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-payload-'))
  const file = join(folder, 'file')
  writeFileSync(file, Buffer.alloc(5_000))
  for (const [options, bytes] of [
    [{}, 5_000],
    [{ start: 1_000 }, 4_000],
    [{ start: 10, end: 19 }, 10],
    [{ end: 99_999 }, 5_000],
  ] as const) {
    const stream = createReadStream(file, options)
    assert.equal(payloadBytes(stream), bytes)
    stream.destroy()
    await once(stream, 'close')
  }
  rmSync(folder, { recursive: true })
})

test('an object has the size of its JSON, to a byte in five', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const real = Buffer.byteLength(JSON.stringify(value))
      const estimated = payloadBytes([value]) ?? 0
      assert.ok(
        Math.abs(estimated - 2 - real) <= 2 + real / 5,
        `${estimated} for ${real}: ${JSON.stringify(value)}`,
      )
    }),
    { numRuns: 500 },
  )
})

test('of a large object no more than some thousand values are looked at', () => {
  let looked = 0
  const item = {
    get value() {
      looked += 1
      return 123_456
    },
  }
  const list = Array.from({ length: 200_000 }, () => item)
  const real = 200_000 * '{"value":123456},'.length
  const estimated = payloadBytes(list) ?? 0
  assert.ok(Math.abs(estimated - real) < real / 10, `${estimated} for ${real}`)
  assert.ok(looked <= 10_000, `${looked} looked at`)
})

test('200,000 small numbers are as large as they are sent', () => {
  const numbers = Array.from({ length: 200_000 }, (_, index) => index % 100)
  const bytes = payloadBytes(numbers) ?? 0
  const real = JSON.stringify(numbers).length
  assert.ok(Math.abs(bytes - real) < real / 10)
})

test('rings, deep towers, hostile getters and proxies have a size', () => {
  const ring: Record<string, unknown> = {}
  ring.self = ring
  let tower: unknown = 1
  for (let depth = 0; depth < 10_000; depth += 1) tower = [tower]
  const hostile = {
    get value(): never {
      throw new Error('hostile')
    },
  }
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  for (const value of [ring, tower, hostile, proxy, () => 1, Symbol('s'), new Map([[1, ring]])]) {
    assert.equal(typeof payloadBytes(value), 'number')
  }
})

test('what only has the prototype of a blob, a form or a view has no known size', () => {
  for (const type of [Blob, FormData, URLSearchParams, ArrayBuffer]) {
    assert.equal(payloadBytes(Object.create(type.prototype)), null)
  }
})

test('whatever the payload, its size is a number from 0 or unknown', () => {
  fc.assert(
    fc.property(
      fc.anything({ withMap: true, withSet: true, withTypedArray: true, withDate: true }),
      (value) => {
        const bytes = payloadBytes(value)
        assert.ok(bytes === null || bytes >= 0)
      },
    ),
  )
})

const large: Readonly<Record<string, unknown>> = {
  buffer: Buffer.alloc(2 * mebibyte),
  text: 'x'.repeat(2 * mebibyte),
  'object with a buffer inside': { name: 'file', body: Buffer.alloc(2 * mebibyte) },
  blob: new Blob([new Uint8Array(2 * mebibyte)]),
}
for (const [what, payload] of Object.entries(large)) {
  test(`a ${what} of 2 MiB is refused at 1 MiB before the first attempt, with the numbers`, async () => {
    let calls = 0
    const fn = (): void => {
      calls += 1
    }
    await assert.rejects(retry(fn, { payload, maxPayloadSizeMb: 1 }), {
      code: 'RETRY_PAYLOAD_TOO_LARGE',
      message: 'the payload has 2 MiB, more than maxPayloadSizeMb allows, 1 MiB; nothing was sent',
    })
    assert.equal(calls, 0)
    await retry(fn, { payload, maxPayloadSizeMb: 3 })
    assert.equal(calls, 1)
  })
}

test('without a setting the limit is 50 MiB', async () => {
  await assert.rejects(
    retry(() => 1, { payload: new ArrayBuffer(50 * mebibyte + 1) }),
    { code: 'RETRY_PAYLOAD_TOO_LARGE' },
  )
  assert.equal(await retry(() => 1, { payload: new ArrayBuffer(50 * mebibyte) }), 1)
})
