import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainStyle, renderTable } from '../../src/report/report.ts'

test('columns line up, also behind characters of two columns, and numbers stand at the right', () => {
  const columns = [{ title: 'task' }, { title: 'time', align: 'right' }, { title: 'why' }] as const
  const rows = [
    ['漢字', '3 s', 'x'],
    ['b', '12.5 s', ''],
  ]
  assert.deepEqual(renderTable(columns, rows, plainStyle), [
    'task    time  why',
    '漢字     3 s  x',
    'b     12.5 s',
  ])
})

test('a cell is painted after it was measured and made safe', () => {
  const paint = (text: string): string => `<${text}>`
  const lines = renderTable(
    [{ title: 'a' }, { title: 'b' }],
    [[{ text: 'x\u001b[2J', paint }, 'y']],
    plainStyle,
  )
  assert.deepEqual(lines, ['a         b', '<x\\x1b[2J>  y'])
})

test('one long name does not push the other columns off the screen', () => {
  const [, row = ''] = renderTable([{ title: 'a' }, { title: 'b' }], [['n'.repeat(500), 'y']], plainStyle)
  assert.ok(row.length < 80, row)
  assert.match(row, /~ {2}y$/)
})
