/** Lines that are too long to be looked at as a whole: what is told of them, and what is cited. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { diagnose } from '../../src/experts/experts.ts'
import { LineScanner } from '../../src/experts/line-scanner.ts'
import { compileLiterals } from '../../src/experts/literals.ts'
import { marksOfFailure } from '../../src/experts/marks-of-failure.ts'
import { literalOf } from '../../src/experts/phrase.ts'
import { rules } from '../../src/experts/rules/rules.ts'
import { createRedactor } from '../../src/redact/redact.ts'

const wanted = 'address already in use'
const redactor = createRedactor([])

/** What is told of a log, masked as it is shown. */
function told(text: string, chunkBytes = text.length): readonly string[] {
  const windows: string[] = []
  const scanner = new LineScanner(compileLiterals([wanted]), (_line, bytes) =>
    windows.push(redactor.text(Buffer.from(bytes).toString())),
  )
  const log = Buffer.from(text)
  for (let at = 0; at < log.length; at += chunkBytes) scanner.push(log.subarray(at, at + chunkBytes))
  scanner.end()
  return windows
}

const value = `D4e5F6g7H8i9J0k1L2m3${'N4o5P6q7R8s9T0u1'}`
/** A part of four characters of it is a part too many. */
const parts = Array.from({ length: value.length - 3 }, (_, at) => value.slice(at, at + 4))

const secrets = [
  `"token":"ghp_${value}"`,
  `"token": "${value}"`,
  `password=${value}!`,
  `password = ${value}!`,
  `Authorization: Basic ${value}`,
  `postgres://shop:${value}@db.internal/shop`,
  `{"key":"-----BEGIN PRIVATE KEY-----\\n${`${value}${value}\\n`.repeat(40)}-----END PRIVATE KEY-----"}`,
  `-----BEGIN PRIVATE KEY----- ${`${value}${value} `.repeat(40)} -----END PRIVATE KEY-----`,
]
const fillers = ['x ', '"a":1,', 'x', '… ']

const fill = (unit: string, length: number): string =>
  unit.repeat(Math.ceil(length / unit.length)).slice(0, length)

function assertNoPart(windows: readonly string[], where: string): void {
  for (const window of windows) {
    const part = parts.find((one) => window.includes(one))
    assert.equal(part, undefined, `${where}: ${part}`)
  }
}

test('no part of a secret is told, however far from the words it stands in a long line', () => {
  for (const secret of secrets) {
    const least = Math.max(0, 2_048 - secret.length - 40)
    for (let distance = least; distance < 2_100; distance += 1) {
      const between = fill('x ', distance)
      const before = `${fill('y ', 3_000)} ${secret} ${between} ${wanted} ${fill('z ', 3_000)}`
      const after = `${fill('y ', 3_000)} ${wanted} ${between} ${secret} ${fill('z ', 3_000)}`
      for (const line of [before, after]) {
        const windows = told(line)
        assert.equal(windows.length, 1)
        assertNoPart(windows, `${secret.slice(0, 30)} at ${distance}`)
      }
    }
  }
})

test('no part of a secret is told of a line that is too long to be kept, wherever its chunks end', () => {
  const length = fc.integer({ min: 0, max: 20_000 })
  fc.assert(
    fc.property(
      fc.constantFrom(...secrets),
      fc.constantFrom(...fillers),
      fc.tuple(length, length, length),
      fc.integer({ min: 500, max: 70_000 }),
      fc.boolean(),
      (secret, filler, [before, between, after], chunkBytes, isFirst) => {
        const [one, two] = isFirst ? [secret, wanted] : [wanted, secret]
        const pieces = [fill(filler, before), one, fill(filler, between), two, fill(filler, after)]
        const windows = told(pieces.join(' '), chunkBytes)
        assert.ok(windows.some((window) => window.includes(wanted)))
        assertNoPart(windows, secret.slice(0, 30))
      },
    ),
    { numRuns: 300 },
  )
})

test('a secret at the edge of what is looked at in a long line is in no diagnosis', async () => {
  for (const secret of secrets) {
    for (let distance = 1_970; distance < 2_050; distance += 7) {
      const words = `Error: listen EADDRINUSE: ${wanted} 0.0.0.0:80`
      const line = `${fill('y ', 3_000)} ${secret} ${fill('x ', distance)} ${words} ${fill('z ', 3_000)}`
      const diagnosis = await diagnosed(line)
      assert.equal(diagnosis.cause, 'port-in-use')
      assertNoPart([JSON.stringify(diagnosis)], secret.slice(0, 30))
    }
  }
})

const diagnosed = (log: string) => diagnose({ logs: [{ name: 'log', chunks: [Buffer.from(log)] }] })

test('a line is cited around the words that were found, with a sign of what is left out', async () => {
  const error = 'Error: listen EADDRINUSE: address already in use 0.0.0.0:8080'
  const places = fc.tuple(fc.integer({ min: 0, max: 1_500 }), fc.integer({ min: 0, max: 1_500 }))
  await fc.assert(
    fc.asyncProperty(places, fc.constantFrom('x ', 'é', '🚢'), async ([before, after], unit) => {
      const [left, right] = [fill(unit, before).trim(), fill(unit, after).trim()]
      const line = `${left} ${error} ${right}`.trim().toWellFormed()
      const text = (await diagnosed(`${line}\n`)).evidence[0]?.text ?? ''
      assert.ok(text.includes(error), text)
      assert.ok(text.length <= 300 && text.isWellFormed(), text)
      const said = text.replace(/^…/, '').replace(/…$/, '')
      assert.ok(line.includes(said), text)
      assert.equal(text.startsWith('…'), !line.startsWith(said))
      assert.equal(text.endsWith('…'), !line.endsWith(said))
      if (line.length > 300) assert.ok(text.length > 290, text)
      if (line.length <= 300) assert.equal(text, line)
    }),
    { numRuns: 200 },
  )
})

test('of a line of JSON with long fields the error is cited, and of lines that no rule knows the trouble', async () => {
  const headers = { 'x-request': 'abc '.repeat(200) }
  const line = JSON.stringify({ level: 50, headers, err: { message: `secret "shop" not found` } })
  const known = await diagnosed(
    `${JSON.stringify({ level: 50, headers, msg: 'getaddrinfo ENOTFOUND db.internal', pid: 7 })}\n`,
  )
  assert.match(known.evidence[0]?.text ?? '', /^….*getaddrinfo ENOTFOUND db\.internal/)
  const quoted = await diagnosed(`${line}\n`)
  assert.match(quoted.evidence[0]?.text ?? '', /^….*shop.* not found/)
  const unknown = await diagnosed(`${fill('step ', 900)}the frobnicator exploded: fatal error in it\n`)
  assert.match(unknown.evidence[0]?.text ?? '', /^….*frobnicator exploded/)
})

test('the table of words may grow while a long line is masked', () => {
  const words = [...new Set([...rules, ...marksOfFailure].flatMap(({ phrases }) => phrases.map(literalOf)))]
  const secret = 'ghp_0123456789abcdefghijklmnopqrstuvwxyzABCD'
  const short = `error \x01\x01 \x01${secret} \x01\n`
  const long = `error ${'\x01'.repeat(4_200)} \x01${secret} \x01\n`
  const text = words.map((word) => `\x01${word}`).join('')
  const scan = (log: string): number => {
    const literals = compileLiterals(words)
    const scanner = new LineScanner(literals, () => undefined)
    scanner.push(Buffer.from(log))
    scanner.end()
    return literals.next.length
  }
  // So much of the text leaves no room for another row.
  let [least, most] = [0, 20_000]
  const first = scan(short)
  while (most - least > 1) {
    const middle = (least + most) >> 1
    if (scan(`${short}${text.slice(0, middle)}\n`) > first) most = middle
    else least = middle
  }
  assert.ok(scan(`${short}${text.slice(0, least)}\n${long}\x01*\x01*** done\n`) > first)
})
