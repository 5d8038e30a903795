import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { LineScanner } from '../../src/experts/line-scanner.ts'
import { shapeOf } from '../../src/experts/line-shape.ts'
import { marksOfFailure } from '../../src/experts/marks-of-failure.ts'
import { marksOfRecovery } from '../../src/experts/marks-of-recovery.ts'
import { Reading } from '../../src/experts/reading.ts'
import { ruleBook } from '../../src/experts/rule-book.ts'
import { rules } from '../../src/experts/rules/rules.ts'

const book = ruleBook()

type Scanned = { readonly bytes: Uint8Array; readonly words: readonly number[] }

function scanned(line: string): Scanned {
  let words: readonly number[] = []
  const scanner = new LineScanner(book.literals, (_line, _bytes, found) => {
    words = found
  })
  scanner.push(Buffer.from(line))
  scanner.end()
  return { bytes: Buffer.from(line), words }
}

function shape(line: string): number {
  const { bytes, words } = scanned(line)
  return shapeOf(bytes, words)
}

/** All that is kept of a line, less its text. */
function said(line: string): unknown {
  const { bytes, words } = scanned(line)
  const reading = new Reading(bytes, words, book)
  const { rules, marks, cmake, isOfException, isSoft, isIndented, linesAfterRecord } = reading
  const ruleIds = rules.map(({ rule, phrase }) => [rule.id, phrase.literal])
  return { ruleIds, marks, cmake, isOfException, isSoft, isIndented, linesAfterRecord }
}

const alike: readonly (readonly [string, string])[] = [
  ['2026-03-01T10:15:30.123Z refused', '2026-03-01T10:59:07.999Z refused'],
  ['connect to 10.0.0.7 refused (attempt 417812)', 'connect to 10.1.2.9 refused (attempt 900001)'],
  ['trace 4bf92f3577b34da6a3ce929d0e0e4736 failed', 'trace 00f067aa0ba902b7a3ce929d0e0e4fff failed'],
  ['request 123e4567-e89b-12d3-a456-426614174000', 'request 00000000-e89b-12d3-a456-42661417abcd'],
  ['10:15:30,123 refused', '10:15:30,987 refused'],
]

for (const [one, other] of alike)
  test(`lines are alike: ${one}`, () => {
    assert.equal(shape(one), shape(other))
  })

const different: readonly (readonly [string, string])[] = [
  ['3 tests failed', '0 tests failed'],
  ['status 404', 'status 503'],
  ['exit code 137', 'exit code 139'],
  ['{"level":30,"msg":"no"}', '{"level":50,"msg":"no"}'],
  ['<27>app: refused', '<30>app: refused'],
  ['connect to db:5432', 'connect to db:8080'],
  ['took 99 ms', 'took 100 ms'],
  ['cannot find abc', 'cannot find abd'],
  ['error TS2307', 'error TS2345'],
  ['4bf92f3577b34 refused', 'abf92f3577b34 refused'],
  ['errors, failures: 12,3', 'errors, failures: 12,0'],
  ['\u001b[36;1mrefused', '\u001b[31;1mrefused'],
]

for (const [one, other] of different)
  test(`lines differ: ${one}`, () => {
    assert.notEqual(shape(one), shape(other))
  })

const numbers = /\d+/g

test('each number among the words of a rule is told from any other', () => {
  const all = [...rules, ...marksOfFailure, ...marksOfRecovery]
  const texts = all.flatMap(({ phrases, unless = [] }) => [...phrases, ...unless])
  const missed = texts.flatMap((text) => {
    const line = text
      .replace(/^\^/, '')
      .replace(/\$$/, '')
      .replace(/\{\w*[#@!]?\}/g, 'x')
    return [...line.matchAll(numbers)].flatMap(({ 0: number, index }) => {
      const changed = [...number].map((digit) => (digit === '7' ? '6' : '7')).join('')
      const other = line.slice(0, index) + changed + line.slice(index + number.length)
      return shape(line) === shape(other) ? [`${text}: ${number}`] : []
    })
  })
  assert.deepEqual(missed, [])
})

test('lines of one shape say the same', () => {
  const lines = readFileSync(new URL('messages.jsonl', import.meta.url), 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    .flatMap((text) => (JSON.parse(text) as { readonly log: string }).log.split('\n'))
    .filter((line) => line.length < 1_000 && /\d/.test(line))
  let compared = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...lines),
      fc.array(fc.nat({ max: 9 }), { minLength: 20 }),
      (line, digits) => {
        let at = 0
        const other = line.replace(numbers, (number, offset: number) =>
          [...number].map((digit) => digits[(at++ + offset) % digits.length] ?? digit).join(''),
        )
        if (shape(line) !== shape(other)) return
        compared += 1
        assert.deepEqual(said(other), said(line), `${line}\n${other}`)
      },
    ),
    { numRuns: 3_000 },
  )
  assert.ok(compared > 100, `${compared}`)
})
