import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { frameLines } from '../../src/report/live-frame.ts'
import { apply, emptyState } from '../../src/report/live-state.ts'
import { plainStyle, styleFor } from '../../src/report/report.ts'
import { widthOf } from '../../src/report/width.ts'
import { anyEvent } from '../journal/samples.ts'
import { at, gib } from './samples.ts'
import { Screen } from './screen.ts'

const memory = (usedBytes: number, tasksBytes: number, claimBytes: number) =>
  at(0, {
    ...{ type: 'memory', usedBytes, tasksBytes, claimBytes, reservedBytes: tasksBytes + claimBytes },
    ...{ loadLineBytes: 6 * gib, capacityBytes: 8 * gib },
  })
const colours = styleFor(new Screen(), { FORCE_COLOR: '1' })

function memoryLine(
  event: ReturnType<typeof memory>,
  columns: number,
  style = plainStyle,
): string | undefined {
  const state = emptyState()
  apply(state, event)
  return frameLines(state, { screen: { columns, rows: 24 }, nowMs: 0, style })[0]?.painted
}

test('the memory line gives its bar room first, then as many numbers as fit', () => {
  const now = memory(4 * gib, 3 * gib, gib)
  assert.deepEqual(
    [110, 80, 60, 40, 24, 12].map((columns) => memoryLine(now, columns)),
    [
      'memory [::::###########----....|......] 4 GiB of 8 GiB used, line at 6 GiB, tasks 3 GiB, 1 GiB more reserved',
      'memory [:::########---...|....] 4 GiB of 8 GiB used, line at 6 GiB, tasks 3 GiB',
      'memory [::######-..|...] 4 GiB of 8 GiB used, line at 6 GiB',
      'memory [::######-..|...] 4 GiB of 8 GiB',
      'memory [::#####-..|..]',
      'memory [:#~',
    ],
  )
})

test('each share has a colour, and above the load line what is used is red', () => {
  const calm = memoryLine(memory(4 * gib, 3 * gib, gib), 80, colours) ?? ''
  const above = memoryLine(memory(7 * gib, 3 * gib, 0), 80, colours) ?? ''
  const red = '\u001b[31m'
  for (const shade of ['\u001b[2m:::', '\u001b[32m########', '\u001b[36m---'])
    assert.ok(calm.includes(shade), calm)
  assert.ok(!calm.includes(red) && above.includes(`${red}#`))
  assert.equal(stripVTControlCharacters(calm), memoryLine(memory(4 * gib, 3 * gib, gib), 80))
})

test('after any events the picture fits any terminal, with and without colours', () => {
  const screen = fc.record({
    columns: fc.integer({ min: 2, max: 140 }),
    rows: fc.integer({ min: 2, max: 40 }),
  })
  fc.assert(
    fc.property(
      fc.array(anyEvent('run'), { maxLength: 80 }),
      screen,
      fc.boolean(),
      (events, size, painted) => {
        const state = emptyState()
        for (const event of events) apply(state, event)
        const lines = frameLines(state, {
          screen: size,
          nowMs: 10_000,
          style: painted ? colours : plainStyle,
        })
        assert.ok(lines.length < size.rows)
        for (const line of lines) {
          const text = stripVTControlCharacters(line.painted)
          assert.equal(line.width, widthOf(text))
          assert.ok(line.width < size.columns, text)
        }
      },
    ),
  )
})
