import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fitWidth, padWidth, widthOf } from '../../src/report/width.ts'

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('a', '漢', '👩‍👩‍👧', 'e\u0301', '🇩🇪', 'ｱ', '✔️', '\u200b') }),
)

for (const { of, is } of [
  { of: 'abc', is: 3 },
  { of: '漢字', is: 4 },
  { of: 'ｆｕｌｌ', is: 8 },
  { of: 'ｱ', is: 1 },
  { of: 'e\u0301', is: 1 },
  { of: '👍', is: 2 },
  { of: '👩‍👩‍👧', is: 2 },
  { of: '🇩🇪', is: 2 },
  { of: '✔️', is: 2 },
  { of: 'a\u200bb', is: 2 },
]) {
  test(`${JSON.stringify(of)} takes ${is} columns`, () => assert.equal(widthOf(of), is))
}

test('a text cut to a width never takes more, and is not touched when it fits', () => {
  fc.assert(
    fc.property(text, fc.nat({ max: 30 }), (whole, columns) => {
      const cut = fitWidth(whole, columns)
      assert.ok(widthOf(cut) <= columns)
      if (widthOf(whole) <= columns) assert.equal(cut, whole)
      else if (columns > 0) assert.match(cut, /~$/)
    }),
  )
})

test('a character of two columns is left out whole', () => {
  assert.equal(fitWidth('a漢字', 4), 'a漢~')
  assert.equal(fitWidth('a漢字b', 3), 'a~')
})

test('a text filled up to a width takes exactly that, on either side', () => {
  fc.assert(
    fc.property(text, (whole) => {
      const columns = widthOf(whole) + 3
      assert.equal(widthOf(padWidth(whole, columns)), columns)
      assert.equal(padWidth(whole, columns, 'left'), `   ${whole}`)
    }),
  )
})
