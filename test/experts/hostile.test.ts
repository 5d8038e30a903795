import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose } from '../../src/experts/experts.ts'
import { matchPhrase, type Phrase, parsePhrase } from '../../src/experts/phrase.ts'
import { withoutPrefix } from '../../src/experts/plain-line.ts'
import { rules } from '../../src/experts/rules/rules.ts'

/** In characters: what is quadratic in this does not end within the time that a test is given. */
const long = 100_000
const patienceMs = 120_000

/** Lines that begin to match again and again and never do, or do so only at their end. */
function hostileLines({ pieces }: Phrase): readonly string[] {
  const words = pieces.map((piece) => piece.words).filter((text) => text !== '')
  const fillers = ['', ' ', '1', 'x', ' 1:']
  return [words[0] ?? '', words.join(''), words.slice(0, -1).join('1')]
    .flatMap((text) => fillers.map((filler) => `${text}${filler}`))
    .filter((unit) => unit !== '')
    .map((unit) => unit.repeat(Math.ceil(long / unit.length)))
}

test('no phrase of any rule takes more than linear time on a long line', { timeout: patienceMs }, () => {
  for (const { phrases, unless = [], anyCase } of rules) {
    for (const text of [...phrases, ...unless].slice(0, 40)) {
      const phrase = parsePhrase(text, anyCase)
      for (const line of hostileLines(phrase).slice(0, 3)) matchPhrase(phrase, line)
    }
  }
})

test('no line takes long to be freed of what stands before it', { timeout: patienceMs }, () => {
  const units = [
    '2',
    '2026-',
    '\t',
    'a\t',
    '[',
    '[a',
    '12:',
    ' ',
    '##[',
    '::error',
    'a.',
    'Jan  1 11:11:11 ',
    '| ',
    '\u001b[',
    '#1 ',
    'E  ',
    'a/',
    'a:',
    'a-',
    'a+',
    '<1',
    '1|',
    '[A',
    '[ab ',
    '##vso[',
    'ERROR 1',
    '{"log":"',
    '\\n","',
    'Fri 2026-07-31 ',
  ]
  for (const unit of units) {
    const line = unit.repeat(long / unit.length)
    assert.ok(withoutPrefix(line).length <= line.length)
  }
})

test('a log of nothing but hostile lines is read to its end', { timeout: patienceMs }, async () => {
  function* chunks(): Iterable<Uint8Array> {
    for (const { phrases } of rules) {
      for (const line of hostileLines(parsePhrase(phrases[0] ?? '')).slice(0, 2)) {
        yield Buffer.from(`${line.slice(0, 100_000)}\n`)
      }
    }
  }
  const { evidence } = await diagnose({ logs: [{ name: 'hostile', chunks: chunks() }] })
  assert.ok(evidence.every(({ text }) => text.length <= 300))
})
