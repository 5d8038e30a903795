import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainStyle, renderValueChart } from '../../src/report/report.ts'

const draw = (values: readonly number[], width = 30): string[] =>
  renderValueChart(
    values.map((value, index) => ({ atMs: index * 1_000, value })),
    {
      ...{ title: 'a title', width, fromMs: 0, toMs: values.length * 1_000, stepMs: 1_000 },
      ...{ valueText: String, style: plainStyle },
    },
  )
    .trimEnd()
    .split('\n')

test('a chart stands on zero and is as high as its greatest number', () => {
  const lines = draw([0, 4, 8])
  assert.equal(lines.length, 10)
  assert.equal(lines[0], 'a title')
  assert.match(lines[1] ?? '', /^8 \| +#+\|$/)
  assert.match(lines[5] ?? '', /^4 \|/)
  assert.match(lines[8] ?? '', /^0 \|\.+#+\|$/)
  assert.match(lines[9] ?? '', /1970-01-01 00:00/)
})

test('what is not known stays empty, and numbers that are none are left out', () => {
  const [, top = ''] = draw([5, Number.NaN, 5])
  assert.match(top, /#+ +#+\|$/)
  assert.deepEqual(draw([Number.NaN]), ['a title', 'no numbers'])
})

test('numbers below zero hang from it, and a constant is seen', () => {
  assert.match(draw([-4, -8])[1] ?? '', /^ 0 \|/)
  assert.ok(draw([3, 3]).join('').includes('#'))
  assert.ok(draw([0, 0]).join('').includes('.'))
})

test('no line is wider than the terminal, whatever the title', () => {
  const lines = renderValueChart([{ atMs: 0, value: 1 }], {
    ...{ title: `\u001b[31m${'x'.repeat(200)}`, width: 40, fromMs: 0, toMs: 10, stepMs: 10 },
    ...{ valueText: String, style: plainStyle },
  }).split('\n')
  assert.ok(lines.every((line) => line.length <= 40 && !line.includes('\u001b')))
})
