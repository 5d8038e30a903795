import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PlimsollError } from '../../src/errors.ts'
import { createMasker } from '../../src/redact/masker.ts'
import { secretForms } from '../../src/redact/secret-forms.ts'

/** Pushes `bytes` in pieces of the given sizes (used in turn) and joins what comes out. */
function masked(secrets: readonly string[], bytes: Uint8Array, sizes: readonly number[]): Buffer {
  const stream = createMasker(secrets).stream()
  const parts: Uint8Array[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length
    // The piece is wiped after the call: the stream must not lean on memory of its caller.
    const piece = new Uint8Array(bytes.subarray(at, at + size))
    parts.push(new Uint8Array(stream.push(piece)))
    piece.fill(0)
    at += size
  }
  return Buffer.concat([...parts, stream.end()])
}

/** Without `*`: a mask beside other text could itself spell such a secret. */
const secret = fc.string({
  minLength: 1,
  maxLength: 12,
  unit: fc.constantFrom('a', 'b', 'é', ' ', '"', '\n', '%', '/'),
})
const secrets = fc.array(secret, { minLength: 1, maxLength: 5 })
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })

/** Text that is dense with secrets, halves of them and their encodings. */
const denseText = (values: readonly string[]): fc.Arbitrary<Buffer> => {
  const forms = secretForms(values).map(({ bytes }) => bytes)
  const halves = forms.map((form) => form.subarray(0, Math.ceil(form.length / 2)))
  const pieces = fc.constantFrom(
    ...forms,
    ...halves,
    ...['a', 'b', 'x', '\n'].map((text) => Buffer.from(text)),
  )
  return fc.array(pieces, { maxLength: 30 }).map((list) => Buffer.concat(list))
}
const secretsAndText = secrets.chain((values) => fc.tuple(fc.constant(values), denseText(values)))

test('no form of a secret is left in the output, whatever the cuts', () => {
  fc.assert(
    fc.property(secretsAndText, sizes, ([values, text], cuts) => {
      const output = masked(values, text, cuts)
      for (const { bytes: form } of secretForms(values))
        assert.equal(output.indexOf(form), -1, `"${form}" in "${output}"`)
    }),
    { numRuns: 500 },
  )
})

test('the output is the same for every way of cutting the stream', () => {
  fc.assert(
    fc.property(secretsAndText, sizes, ([values, text], cuts) => {
      const whole = masked(values, text, [Math.max(1, text.length)])
      assert.equal(masked(values, text, cuts).toString('latin1'), whole.toString('latin1'))
      const valid = Buffer.from(text.toString())
      const wholeText = masked(values, valid, [Math.max(1, valid.length)]).toString()
      assert.equal(createMasker(values).text(valid.toString()), wholeText)
    }),
    { numRuns: 500 },
  )
})

test('bytes without a secret come back as they were, also when they are not UTF-8', () => {
  const bytes = fc.uint8Array({ maxLength: 200 }).filter((array) => !Buffer.from(array).includes('abc'))
  fc.assert(
    fc.property(bytes, sizes, (array, cuts) => {
      assert.deepEqual(new Uint8Array(masked(['abcdefgh', 'abc'], array, cuts)), array)
    }),
  )
})

test('never more is held back than one byte less than the longest form with its line breaks', () => {
  fc.assert(
    fc.property(secretsAndText, ([values, text]) => {
      const lengths = secretForms(values).map(({ bytes, wraps }) => bytes.length * (wraps ? 3 : 1))
      const longest = Math.max(...lengths)
      const { push } = createMasker(values).stream()
      push(text)
      // No form begins with z or holds it: what was held back comes out first.
      const marker = Buffer.from('z')
      assert.ok(push(marker).length - marker.length <= Math.max(longest - 1, '***'.length * (longest - 1)))
    }),
  )
})

test('what cannot become a secret any more is passed on at once', () => {
  const { push, end } = createMasker(['hunter2-and-more']).stream()
  assert.equal(Buffer.from(push(Buffer.from('Continue? '))).toString(), 'Continue? ')
  assert.equal(Buffer.from(push(Buffer.from('it is hunt'))).toString(), 'it is ')
  assert.equal(Buffer.from(push(Buffer.from('ing season'))).toString(), 'hunting season')
  assert.equal(end().length, 0)
})

const value = 'p@ss "w/ö?rd" (1)!'
const encodings: Readonly<Record<string, string>> = {
  plain: value,
  base64: Buffer.from(value).toString('base64'),
  base64url: Buffer.from(value).toString('base64url'),
  URL: encodeURIComponent(value),
  'strict URL': 'p%40ss%20%22w%2F%C3%B6%3Frd%22%20%281%29%21',
  'web form': new URLSearchParams({ '': value }).toString().slice(1),
  JSON: JSON.stringify({ value }).slice('{"value":"'.length, -'"}'.length),
}
for (const [name, encoded] of Object.entries(encodings)) {
  test(`a secret is masked in its ${name} form`, () => {
    assert.equal(createMasker([value]).text(`before ${encoded} after`), 'before *** after')
  })
}

test('each line of a secret of several lines is masked, and the whole of it as one', () => {
  const key = '-----BEGIN KEY-----\r\nMIIEpAIBAAKC\r\nab\r\n-----END KEY-----\n'
  const masker = createMasker([key])
  assert.equal(masker.text(`key: ${key}.`), 'key: ***.')
  assert.equal(masker.text('indented:\n  MIIEpAIBAAKC\n'), 'indented:\n  ***\n')
  assert.equal(masker.text('cabin'), 'cabin', 'lines of less than 4 characters are too common')
  assert.equal(masker.text(JSON.stringify({ key })), '{"key":"***"}')
})

test('a secret from a file is also masked without its last newline', () => {
  assert.equal(createMasker(['abc\n']).text('token=abc;'), 'token=***;')
})

test('the longest of several secrets wins, and overlapping ones leave no rest', () => {
  assert.equal(createMasker(['pass', 'password']).text('password'), '***')
  assert.equal(createMasker(['abcd', 'cdef']).text('xabcdefx'), 'x***x')
})

test('without secrets, and with empty ones only, chunks pass through uncopied', () => {
  for (const none of [[], ['', '']]) {
    const chunk = Buffer.from('some output')
    const stream = createMasker(none).stream()
    assert.equal(stream.push(chunk), chunk)
    assert.equal(stream.end().length, 0)
  }
})

test('a chunk in which nothing is to be changed is not copied', () => {
  const chunk = Buffer.from('some output\n')
  assert.equal(createMasker(['hunter2']).stream().push(chunk), chunk)
})

test('text with lone surrogates and no secret comes back unchanged', () => {
  assert.equal(createMasker(['hunter2']).text('a\ud800b'), 'a\ud800b')
})

test('a secret with a lone surrogate does not break the masker', () => {
  assert.equal(createMasker(['top\ud800secret']).text('top\ufffdsecret'), '***')
})

test('a long secret is masked as one, and so is any longer stretch of it', () => {
  const long = Array.from({ length: 700 }, (_, index) => String.fromCharCode(0x100 + index)).join('')
  const bytes = Buffer.from(`<${long}>`)
  assert.equal(masked([long], bytes, [7, 300]).toString(), '<***>')
  assert.ok(!masked([long], bytes.subarray(0, 900), [100]).includes(bytes.subarray(1, 257)))
  assert.equal(masked([long], Buffer.from(Buffer.from(long).toString('base64')), [64]).toString(), '***')
})

test('a secret that repeats itself in a text that does too is masked without slowing down to a halt', () => {
  const large = 'k'.repeat(1 << 18)
  assert.equal(masked([large], Buffer.from(`<${large}>`), [65_536]).toString(), '<***>')
})

test('more forms than can be masked are refused, never dropped', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => `secret number ${index}`)
  assert.throws(
    () => createMasker(many),
    (error) =>
      error instanceof PlimsollError && error.code === 'OPTION_INVALID' && /5000/.test(error.message),
  )
})
