import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { plainStyle, type RunPictures, renderPictures, Timeline } from '../../src/report/report.ts'
import { widthOf } from '../../src/report/width.ts'
import type { DeployEvent, MemoryPoint } from '../../src/spine.ts'
import { anyEvent } from '../journal/samples.ts'

type Row = RunPictures['timeline'][number]
const row = (task: string, parts: string, more: Partial<Row> = {}): Row => ({
  task,
  status: 'succeeded',
  parts: parts.split(' ').map((part) => {
    const [kind, fromMs, toMs] = part.split('-')
    return { kind: kind as Row['parts'][number]['kind'], fromMs: Number(fromMs), toMs: Number(toMs) }
  }),
  marks: [],
  ...more,
})
const picture = (timeline: readonly Row[], columns = 72): readonly string[] =>
  renderPictures({ memory: [], timeline }, columns, plainStyle).split('\n').slice(0, -1)

test('each task has a row with its waits by reason, its work, its suspensions, its attempts and its undo', () => {
  const rows = [
    row('build', 'running-0-20000 undo-38000-40000', { status: 'undone' }),
    row(
      'unit tests',
      'needs-0-20000 slot-20000-22000 memory-22000-26000 running-26000-30000 held-30000-34000',
      {
        marks: [{ kind: 'requeued', atMs: 34_000, attempt: 1 }],
      },
    ),
    row('flaky', 'host-0-4000 suspended-4000-8000 running-8000-12000 pause-12000-20000 running-20000-24000', {
      marks: [
        { kind: 'attempt', atMs: 20_000, attempt: 2 },
        { kind: 'failed', atMs: 23_999, attempt: 2 },
      ],
      status: 'failed',
    }),
    row('never', 'needs-0-36000', { status: 'cancelled' }),
  ]
  assert.deepEqual(picture(rows, 70), [
    'build              |####################                  uu|   20.0 s',
    'flaky              |hhhhzzzz####~~~~~~~~2##x                |   16.0 s',
    'unit tests         |....................ssmmmm####ZZZZR     |    8.0 s',
    'never              |....................................    |        -',
    '                    0                                 40.0 s',
    '                    . waits for its needs   s for a slot',
    '                    m for memory   h for memory that others use',
    '                    z because a task is suspended   # runs',
    '                    Z is suspended   ~ pauses before the next attempt',
    '                    u is undone',
    '                    2 its second attempt (and so on) begins',
    '                    R stopped and put back in the queue   x failed',
  ])
})

test('work that is shorter than a column is seen all the same', () => {
  const [line = ''] = picture([row('a', 'needs-0-500 running-500-501 needs-501-1000000')])
  assert.equal(line.match(/#/g)?.length, 1)
})

test('of many tasks the 30 with trouble or the longest are shown, in the order they began, and the rest is counted', () => {
  const long = Array.from({ length: 40 }, (_, index) =>
    row(`t${index}`, `running-${index}-${1_000 + 3 * index}`),
  )
  const failed = row('bad', 'running-5-6', {
    marks: [{ kind: 'failed', atMs: 6, attempt: 1 }],
    status: 'failed',
  })
  const lines = picture([...long, failed])
  const names = lines.slice(0, 30).map((line) => line.split(' ')[0])
  assert.deepEqual(names, ['bad', ...long.slice(11).map(({ task }) => task)])
  assert.equal(lines[30], 'and 11 tasks more that took less time and had no trouble')
})

test('a name that would move the cursor, hide text or push the picture away does none of these', () => {
  const [line = ''] = picture([row(`\u001b[2J\n\u202e${'x'.repeat(100)}`, 'running-0-10')], 60)
  assert.equal(line, '\\x1b[2J\\n\\u202exxxx~ |############################|    10 ms')
})

const number = fc.integer({ min: 0, max: 2 ** 40 })
const anyPoint: fc.Arbitrary<MemoryPoint> = fc.record({
  ...{ atMs: fc.nat(), usedBytes: number, tasksBytes: number, claimBytes: number },
  ...{ loadLineBytes: number, capacityBytes: number },
})

test('whatever a run did and was called, no line is wider than the picture, and there are not too many', () => {
  fc.assert(
    fc.property(
      fc.array(anyEvent('run'), { maxLength: 60 }),
      fc.array(anyPoint, { maxLength: 30 }),
      fc.integer({ min: 1, max: 120 }),
      (events: readonly DeployEvent[], memory, columns) => {
        const timeline = new Timeline()
        for (const event of events) timeline.add(event)
        const text = renderPictures({ memory, timeline: timeline.rows() }, columns, plainStyle)
        const lines = text.split('\n')
        for (const line of lines) assert.ok(widthOf(line) <= Math.min(80, columns), line)
        assert.ok(lines.length <= 65)
        assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Bidi_Control}]/u)
      },
    ),
  )
})

test('the picture of ten thousand tasks is bounded', () => {
  const timeline = Array.from({ length: 10_000 }, (_, index) =>
    row(`t${index}`, `running-${index}-${index + 50}`),
  )
  assert.ok(renderPictures({ memory: [], timeline }, 80, plainStyle).length < 4_000)
})
