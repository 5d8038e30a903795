import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { styleFor } from '../../src/report/report.ts'

const stream = (isTTY: boolean) => Object.assign(new Writable(), { isTTY })

for (const { variables, isTTY, coloured } of [
  { variables: {}, isTTY: true, coloured: true },
  { variables: {}, isTTY: false, coloured: false },
  { variables: { NO_COLOR: '1' }, isTTY: true, coloured: false },
  { variables: { NO_COLOR: '0' }, isTTY: true, coloured: false },
  { variables: { NO_COLOR: '' }, isTTY: true, coloured: true },
  { variables: { TERM: 'dumb' }, isTTY: true, coloured: false },
  { variables: { FORCE_COLOR: '1' }, isTTY: false, coloured: true },
  { variables: { FORCE_COLOR: '' }, isTTY: false, coloured: true },
  { variables: { FORCE_COLOR: '0' }, isTTY: true, coloured: false },
  { variables: { FORCE_COLOR: '1', NO_COLOR: '1' }, isTTY: true, coloured: false },
]) {
  const where = isTTY ? 'a terminal' : 'a file'
  test(`${where} with ${JSON.stringify(variables)} gets ${coloured ? 'colours' : 'no colours'}`, () => {
    const expected = coloured ? '\u001b[32mdone\u001b[39m' : 'done'
    assert.equal(styleFor(stream(isTTY), variables).green('done'), expected)
  })
}
