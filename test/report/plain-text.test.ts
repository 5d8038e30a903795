import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { plainLine, plainText } from '../../src/report/report.ts'

/** All that a terminal may act on, or that hides or reorders what a person reads. */
const acts = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}\ufeff]/u
const terminalWords = fc.constantFrom(
  '\u001b[2J',
  '\u001b]0;title\u0007',
  '\u009b31m',
  '\r',
  '\n',
  '\u202e',
  '\u2066',
  '\ud800',
  'é',
  '漢',
)
const hostile = fc
  .array(fc.oneof(terminalWords, fc.string({ unit: 'binary' })), { maxLength: 20 })
  .map((parts) => parts.join(''))

test('no text makes a line do anything to the terminal', () => {
  fc.assert(fc.property(hostile, (text) => !acts.test(plainLine(text))))
})

test('in several lines only newlines and tabs are left to act', () => {
  fc.assert(fc.property(hostile, (text) => !acts.test(plainText(text).replaceAll(/[\n\t]/g, ''))))
})

test('a text without control characters stays as it is', () => {
  const harmless = fc.string({ unit: 'grapheme' }).filter((text) => !acts.test(text))
  fc.assert(fc.property(harmless, (text) => plainLine(text) === text && plainText(text) === text))
})

test('what was hidden is shown as it would be written', () => {
  assert.equal(plainLine('a\u001b[2Jb\n\u202ec'), 'a\\x1b[2Jb\\n\\u202ec')
  assert.equal(plainLine('\u009b1m\u007f'), '\\x9b1m\\x7f')
})

test('colours in an output are dropped, Windows line ends become plain ones, a lone return is shown', () => {
  assert.equal(plainText('\u001b[1;31mred\u001b[0m\r\n10%\r20%\n\ttab'), 'red\n10%\\r20%\n\ttab')
})

test('a megabyte of broken escape sequences takes no longer than a megabyte of text', () => {
  const broken = plainText('\u001b[0;'.repeat(250_000))
  assert.equal(broken.length, 250_000 * '\\x1b[0;'.length)
})
