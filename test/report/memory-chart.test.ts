import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { plainStyle, renderPictures, styleFor } from '../../src/report/report.ts'
import type { MemoryPoint } from '../../src/spine.ts'
import { gib } from './samples.ts'
import { Screen } from './screen.ts'

const point = (second: number, more: Partial<MemoryPoint> = {}): MemoryPoint => ({
  ...{ atMs: second * 1_000, usedBytes: gib, tasksBytes: 0, claimBytes: 0 },
  ...{ loadLineBytes: 6 * gib, capacityBytes: 8 * gib },
  ...more,
})
const picture = (memory: readonly MemoryPoint[], columns = 42): string =>
  renderPictures({ memory, timeline: [] }, columns, plainStyle)
const drawn = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')

test('what tasks and others use, what is reserved and the load line are told apart', () => {
  const points = [
    point(0),
    point(4, { usedBytes: 3 * gib, tasksBytes: 2 * gib, claimBytes: 2 * gib }),
    point(8, { usedBytes: 5 * gib, tasksBytes: 4 * gib }),
    point(12, { usedBytes: 6.5 * gib, tasksBytes: 5 * gib, claimBytes: gib }),
    point(16),
    point(20),
  ]
  assert.equal(
    picture(points, 50),
    drawn([
      'memory: at most 6.5 GiB in use, by tasks 5 GiB; l~',
      '           8 GiB |             ----     |',
      ' load line 6 GiB |=============!!!!=====|',
      '                 |             ####     |',
      '                 |    ----#########     |',
      '                 |    ----#########     |',
      '                 |    #############     |',
      '                 |    #########::::     |',
      '             0 B |::::::::::::::::::::::|',
      '                # tasks   : others',
      '                - reserved, not used yet',
      '                = load line   ! above it',
    ]),
  )
})

test('where much less is used than the load line allows, the empty rows between are left out', () => {
  const points = [
    point(0, {
      usedBytes: 0.6 * gib,
      tasksBytes: 0.4 * gib,
      capacityBytes: 64 * gib,
      loadLineBytes: 54 * gib,
    }),
    point(9, {
      usedBytes: 1.2 * gib,
      tasksBytes: 0.8 * gib,
      capacityBytes: 64 * gib,
      loadLineBytes: 54 * gib,
    }),
  ]
  assert.equal(
    picture(points, 62),
    drawn([
      'memory: at most 1.2 GiB in use, by tasks 819 MiB; load line 5~',
      '  load line 54 GiB |================================|',
      '                   |~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~|',
      '           1.2 GiB |                               #|',
      '                   |                               #|',
      '                   |                               #|',
      '                   |################################|',
      '                   |###############################:|',
      '               0 B |::::::::::::::::::::::::::::::::|',
      '                    # tasks   : others   = load line',
      '                    ~ left out: nothing there',
    ]),
  )
})

test('a capacity far above a small budget is left out of the picture', () => {
  const points = [0, 9].map((second) => point(second, { usedBytes: second * gib, capacityBytes: 64 * gib }))
  const rows = picture(points, 60).split('\n').slice(1, 4)
  assert.deepEqual(rows, [
    '             9 GiB |                             :|',
    '                   |                             :|',
    '   load line 6 GiB |=============================!|',
  ])
})

test('a moment above the load line is seen, however many points share a column', () => {
  const points = Array.from({ length: 600 }, (_, second) =>
    point(second, second === 333 ? { usedBytes: 7 * gib } : {}),
  )
  assert.equal(picture(points, 60).match(/!(?! above)/g)?.length, 1)
})

test('a load line that moves is drawn where it was', () => {
  const usedBytes = 3 * gib
  const points = [
    point(0, { usedBytes }),
    point(5, { usedBytes, loadLineBytes: 4 * gib }),
    point(10, { usedBytes }),
  ]
  const rows = picture(points, 42).split('\n').slice(2, 5)
  assert.deepEqual(rows, [
    'load line 6 G~ |========       =|',
    '               |                |',
    '               |        ======= |',
  ])
})

test('nothing seen is no picture', () => {
  assert.equal(picture([]), '')
})

test('colours tell the shades apart where they are wanted, and take no column', () => {
  const screen = new Screen()
  const points = [point(0, { tasksBytes: gib / 2, usedBytes: 5 * gib })]
  const painted = renderPictures({ memory: points, timeline: [] }, 60, styleFor(screen, { FORCE_COLOR: '1' }))
  assert.ok(painted.includes(`\u001b[33m${'='.repeat(30)}\u001b[39m`))
  assert.notEqual(painted, picture(points, 60))
  assert.equal(stripVTControlCharacters(painted), picture(points, 60))
})
