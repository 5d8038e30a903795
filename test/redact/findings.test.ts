/** What nobody told the engine: secrets that only look like one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRedactor } from '../../src/redact/redact.ts'
import { type Planted, plantSecrets } from './planted.ts'

const redactor = createRedactor([])

/** Pushes the text in pieces of the given sizes (used in turn); a piece is wiped after the call. */
function masked(text: string, sizes: readonly number[]): string {
  const stream = redactor.stream()
  const bytes = Buffer.from(text)
  const parts: Uint8Array[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length
    const piece = new Uint8Array(bytes.subarray(at, at + size))
    parts.push(new Uint8Array(stream.push(piece)))
    piece.fill(0)
    at += size
  }
  return Buffer.concat([...parts, stream.end()]).toString()
}

for (const { kind, line, values } of plantSecrets(Math.random)) {
  test(`${kind}: nothing of it is left, alone, in a JSON text, in colours and after a time`, () => {
    const lines = [
      line,
      JSON.stringify({ message: line }),
      `\u001b[31m${line}\u001b[0m`,
      line.replaceAll(/^/gm, '2026-11-24T10:00:00.123Z app-7f9c '),
      line.replaceAll('\n', '\r\n'),
      line.replaceAll(/^/gm, '    '),
    ]
    for (const text of lines) {
      const output = redactor.text(`before\n${text}\nafter the end\n`)
      for (const value of values) assert.ok(!output.includes(value), `${value} in ${output}`)
      assert.ok(output.startsWith('before\n') && output.endsWith('\nafter the end\n'), output)
    }
  })
}

const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 })
const planted = fc
  .infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))
  .map((stream): readonly Planted[] => plantSecrets(() => stream.next().value ?? 0))

test('however a text is cut, what comes out is the same and has no planted value in it', () => {
  const order = fc.array(fc.nat(23), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(planted, order, fc.string(), sizes, (secrets, indexes, noise, cuts) => {
      const chosen = indexes.flatMap((index) => secrets[index] ?? [])
      const text = chosen.map(({ line }) => `${line}${noise}`).join('\n')
      const whole = redactor.text(text)
      assert.equal(masked(text, cuts), whole)
      const fromNoise = (value: string): boolean => noise.includes(value)
      for (const { values } of chosen) {
        for (const value of values)
          assert.ok(fromNoise(value) || !whole.includes(value), `${value} in ${whole}`)
      }
    }),
    { numRuns: 150 },
  )
})

/** Pieces of all forms, so that anchors stand inside each other, forms are cut short, and keys begin without an end. */
const pieces = fc.constantFrom(
  ...[
    'eyJ',
    'ghp_',
    'sk-',
    'sk-ant-',
    'SG.',
    'password',
    'PASSWORD=',
    'token',
    ': ',
    '=',
    '"',
    '://',
    '@',
    ':',
    '/',
    '.',
    '-',
  ],
  ...[
    '-----BEGIN',
    ' PRIVATE KEY-----',
    '-----END',
    '\n',
    '\r\n',
    ' ',
    'bearer ',
    'Authorization',
    'AKIA',
    'a',
    '7',
    'Zz9',
    '\\n',
  ],
  ...[
    '0123456789abcdefghij',
    'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo',
    'hooks.slack.com/',
    'services/',
    'é',

    'postgres://',
    '_authToken=',
    'xoxb-',
  ],
)

test('however a text full of beginnings is cut, what comes out is the same', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), sizes, (list, cuts) => {
      const text = list.join('')
      assert.equal(masked(text, cuts), redactor.text(text))
    }),
    { numRuns: 3_000 },
  )
})

test('never more is held back than 700 bytes', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 80 }), (list) => {
      const text = Buffer.from(list.join(''))
      const stream = redactor.stream()
      const first = stream.push(text).length
      assert.ok(stream.end().length <= 700, `${first} of ${text.length}`)
    }),
    { numRuns: 1_000 },
  )
})

test('what a program asks is passed on at once', () => {
  const stream = redactor.stream()
  assert.equal(Buffer.from(stream.push(Buffer.from('Continue? '))).toString(), 'Continue? ')
  assert.equal(Buffer.from(stream.push(Buffer.from('yes\n'))).toString(), 'yes\n')
})

const harmless: readonly string[] = [
  'password: must be set',
  'Password required for user postgres',
  'error: unexpected token: identifier',
  'PASSWORD=***',
  'write postgres://USER:PASSWORD@HOST:PORT/DATABASE',
  'PASSWORD=$DB_PASSWORD',
  'password: ${secrets.DB}',
  'token: <redacted>',
  'secretName: shop-tls-7f9c',
  'commit 4f3a9c2e7b1d0a8c6e5f4d3b2a190807f6e5d4c3',
  'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'task-runner-v1.2.3 disk-usage risk-assessment',
  'GET https://user@example.com/path:8080/x@y',
  'http://localhost:8080/@scope/package',
  'image: registry.example.com:5000/shop@sha256:abc',
  'cache key: node-modules-linux-x64-4f3a9c2e7b1d0a8c',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA deploy@shop',
  '-----BEGIN CERTIFICATE-----',
  'could not find the line -----BEGIN PRIVATE KEY----- in key.pem',
  'eyJhbGciOiJIUzI1NiJ9',
  'authorization: failed after 3 attempts',
  'the bearer of bad news arrived at 12:00',
  'accountKey=missing',
]
test('ordinary lines pass as they are', () => {
  for (const line of harmless) assert.equal(redactor.text(`${line}\nnext line\n`), `${line}\nnext line\n`)
})

test('after a key that never ends, ordinary output is shown again', () => {
  const output = redactor.text('-----BEGIN PRIVATE KEY-----\none\ntwo\nthree\nfour\nfive\nsix and more\n')
  assert.match(output, /six and more\n$/)
})

test('a value in a line of a megabyte is masked, and its rest with it', () => {
  const before = 'x'.repeat(500_000)
  const value = `ghp_${'Ab1'.repeat(100_000)}`
  const output = masked(`${before} ${value} ${before}`, [65_536])
  assert.equal(output, `${before} *** ${before}`)
})
