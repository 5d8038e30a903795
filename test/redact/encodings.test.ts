/** The encodings of secrets, made here by other means than in the code: by encoders, with the secret inside longer texts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMasker } from '../../src/redact/masker.ts'

const wrapped = (text: string, columns: number, lineEnd = '\n'): string =>
  (text.match(new RegExp(`.{1,${columns}}`, 'g')) ?? []).join(lineEnd)

/** No text of a mask can belong to such a secret. */
const secret = fc.string({ minLength: 6, maxLength: 90, unit: 'binary' }).filter((text) => {
  return text.trim().length >= 6 && !/[*\0]/.test(text) && text.isWellFormed() && !/^\s|\s$/.test(text)
})
const around = fc.uint8Array({ maxLength: 60 })
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 })

function maskedInPieces(secret: string, text: string, sizes: readonly number[]): string {
  const stream = createMasker([secret]).stream()
  const bytes = Buffer.from(text)
  const parts: Uint8Array[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length
    parts.push(new Uint8Array(stream.push(bytes.subarray(at, at + size))))
    at += size
  }
  return Buffer.concat([...parts, stream.end()]).toString()
}

/** The longest stretch that only the secret decides: what a reader could decode. */
function certainBase64(secret: string, bytesBefore: number): string {
  const value = Buffer.from(secret)
  const all = Buffer.concat([Buffer.alloc(bytesBefore), value, Buffer.alloc(3)]).toString('base64')
  return all.slice(Math.ceil((bytesBefore * 4) / 3), Math.floor(((bytesBefore + value.length) * 4) / 3))
}

test('no base64 of a text keeps the secret in it, whatever is around it, however it is wrapped and cut', () => {
  const columns = fc.constantFrom(64, 76, 19, 1_000_000)
  const lineEnd = fc.constantFrom('\n', '\r\n')
  const alphabet = fc.constantFrom('base64' as const, 'base64url' as const)
  fc.assert(
    fc.property(
      ...[secret, around, around, columns, lineEnd, alphabet, cuts],
      (value, before, after, width, end, encoding, sizes) => {
        const text = Buffer.concat([before, Buffer.from(value), after]).toString(encoding)
        const output = maskedInPieces(value, wrapped(text, width, end), sizes)
        assert.ok(output.includes('***'), output)
        const left = output.replaceAll(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/')
        assert.ok(!left.includes(certainBase64(value, before.length % 3)), left)
      },
    ),
    { numRuns: 400 },
  )
})

test('no hex of a text keeps the secret in it', () => {
  fc.assert(
    fc.property(secret, around, around, fc.boolean(), cuts, (value, before, after, upper, sizes) => {
      const lower = Buffer.concat([before, Buffer.from(value), after]).toString('hex')
      const output = maskedInPieces(value, wrapped(upper ? lower.toUpperCase() : lower, 60), sizes)
      const left = output.replaceAll(/\s/g, '').toLowerCase()
      assert.ok(!left.includes(Buffer.from(value).toString('hex')), left)
    }),
    { numRuns: 300 },
  )
})

const html = (text: string, apostrophe: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", apostrophe)

const encoders: Readonly<Record<string, (value: string) => string>> = {
  plain: (value) => value,
  'percent-encoded': encodeURIComponent,
  'percent-encoded in lower case': (value) =>
    encodeURIComponent(value).replaceAll(/%../g, (code) => code.toLowerCase()),
  'of a web form': (value) => new URLSearchParams({ '': value }).toString().slice(1),
  JSON: (value) => JSON.stringify(value).slice(1, -1),
  'of JSON in ASCII': (value) =>
    JSON.stringify(value)
      .slice(1, -1)
      .replaceAll(/[\u0080-\uffff]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`),
  'single-quoted': (value) => value.replaceAll("'", "'\\''"),
  'quoted as Python does': (value) => value.replaceAll("'", `'"'"'`),
  HTML: (value) => html(value, '&#39;'),
  'HTML with hexadecimal apostrophes': (value) => html(value, '&#x27;'),
}

for (const [name, encode] of Object.entries(encoders)) {
  test(`no text keeps the ${name} form of a secret`, () => {
    const withSigns = fc.oneof(
      secret,
      secret.map((text) => `${text}'"<&/ \n%`),
      secret.map((text) => `é'${text}"&`),
    )
    fc.assert(
      fc.property(withSigns, fc.string(), fc.string(), cuts, (value, before, after, sizes) => {
        const form = encode(value)
        fc.pre(!`${before}${after}`.includes('*'))
        const output = maskedInPieces(value, `${before}${form}${after}`, sizes)
        assert.ok(!output.includes(form), output)
        assert.ok(output.includes('***'))
      }),
      { numRuns: 200 },
    )
  })
}

test('openssl and base64 wrap at 64 and 76 columns: a secret across the line end is one mask', () => {
  const value = 'a secret that is longer than one line of base64, so that it crosses a line end for sure'
  const text = `first ${value} last`
  for (const columns of [64, 76]) {
    const output = createMasker([value]).text(wrapped(Buffer.from(text).toString('base64'), columns))
    assert.equal(output.replaceAll('\n', ''), 'Zmlyc3Qg***IGxhc3Q=')
  }
})

test('text without the secret passes byte for byte, also where its first characters end lines', () => {
  const value = 'hunter2-and-more'
  const base64 = Buffer.from(value).toString('base64')
  const pieces = fc.constantFrom(...[...base64.slice(0, 6), ...value.slice(0, 4), '\n', '\r', '\r\n', 'x'])
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 80 }), cuts, (list, sizes) => {
      const text = list.join('')
      fc.pre(!text.replaceAll(/[\r\n]/g, '').includes(base64.slice(0, 12)))
      assert.equal(maskedInPieces(value, text, sizes), text)
    }),
  )
})
