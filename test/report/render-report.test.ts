import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainStyle, renderReport } from '../../src/report/report.ts'
import type { TaskReport } from '../../src/spine.ts'
import { failedReport, gib, reportOf, taskReport } from './samples.ts'

const mib = 2 ** 20
const never = {
  attempts: 0,
  durationMs: 0,
  peakMemoryBytes: { lower: 0, upper: null },
  reservedBytes: 0,
} as const

test('says how the run ended, each task with its numbers, why tasks failed, what was undone, and the sum', () => {
  const report = reportOf(
    {
      build: taskReport({
        estimate: { bytes: 130 * mib, source: 'history', confidence: 0.75, runs: 3 },
        status: 'undone',
        waitReasons: { memory: 1_200, slot: 30 },
        undo: { status: 'succeeded', durationMs: 10 },
      }),
      test: failedReport({
        attempts: 3,
        estimate: { bytes: 1024 * mib, source: 'guess', confidence: 0, runs: 0 },
        peakMemoryBytes: { lower: 50 * mib, upper: null },
        enforcement: 'hard',
      }),
      notify: taskReport({ status: 'cancelled', ...never, because: '"test" failed' }),
    },
    { status: 'rolled-back' },
  )
  assert.equal(
    renderReport(report, plainStyle, { loadLineBytes: 6 * gib, capacityBytes: 8 * gib }),
    `shop 1.4 to production failed and was rolled back (run run-1)

task    status      time         expected     peak memory  limit     tries  waited for
build   undone     2.3 s  130 MiB, 3 runs  100 to 120 MiB  watchdog      1  memory 1.2 s, slot 30 ms
test    failed     2.3 s     1 GiB, guess     over 50 MiB  hard          3  -
notify  cancelled      -                -               -  -             -  -

test: TASK_FAILED it ended with exit code 3
  fix: Read its output
  last output:
  | first line
  | last line

undone: build

3 tasks in 12.3 s: 1 undone, 1 failed, 1 cancelled; peak memory 3 GiB, load line 6 GiB of 8 GiB
`,
  )
})

test('what was expected stands beside what was used, and the table fits into 100 columns', () => {
  const wide = 'storefront-build'
  const report = reportOf({
    [wide]: taskReport({
      durationMs: 3_599_000,
      estimate: { bytes: 1_015 * mib, source: 'declared', confidence: 0.5, runs: 0 },
      peakMemoryBytes: { lower: 1_010 * mib, upper: 1_015 * mib },
      attempts: 10,
    }),
  })
  const [, , , row = ''] = renderReport(report, plainStyle).split('\n')
  assert.match(row, /1015 MiB, declared +1010 to 1015 MiB/)
  assert.ok(row.length <= 100, `${row.length} columns`)
})

test('an undo that failed is told as a failure', () => {
  const error = { code: 'TASK_FAILED', message: 'it ended with exit code 9', fix: 'Read its output' } as const
  const build = taskReport({ undo: { status: 'failed', durationMs: 10, error } })
  const text = renderReport(reportOf({ build }, { status: 'failed' }), plainStyle)
  assert.match(text, /undo of build: TASK_FAILED it ended with exit code 9\n {2}fix: Read its output/)
  assert.doesNotMatch(text, /undone:/)
})

test('of a thousand tasks it shows those that failed, the slowest and the hungriest, and counts the rest', () => {
  const tasks: Record<string, TaskReport> = {}
  for (let index = 0; index < 1_000; index += 1) {
    const peak = (index % 100) * mib
    tasks[`t${index}`] = taskReport({
      durationMs: index,
      peakMemoryBytes: { lower: peak, upper: peak + index },
    })
  }
  tasks.t7 = failedReport({ durationMs: 0, peakMemoryBytes: { lower: 0, upper: 0 } })
  const text = renderReport(reportOf(tasks, { status: 'failed' }), plainStyle)
  const shown = [...text.matchAll(/^(t\d+) +(?:succeeded|failed)/gm)].map(([, name]) => name)
  assert.deepEqual(
    shown.toSorted(),
    [
      ...['t7'],
      ...Array.from({ length: 10 }, (_, index) => `t${990 + index}`),
      ...Array.from({ length: 9 }, (_, index) => `t${index * 100 + 99}`),
    ].toSorted(),
  )
  assert.match(text, /and 980 tasks more: plimsoll show run-1/)
  assert.match(text, /1000 tasks in 12\.3 s: 999 succeeded, 1 failed/)
})

test('nothing that a task wrote acts on the terminal', () => {
  const evil = '\u001b[2J\u001b]0;x\u0007\u202e\r'
  const error = { code: 'TASK_FAILED', message: `bad ${evil}\nline`, fix: `do ${evil}` } as const
  const report = reportOf(
    { [`name ${evil}`]: failedReport({ error, lastOutput: `out ${evil}` }) },
    { plan: evil, version: evil, environment: evil },
  )
  assert.doesNotMatch(renderReport(report, plainStyle).replaceAll('\n', ''), /[\p{Cc}\p{Bidi_Control}]/u)
})

test('a report without tasks is still a report', () => {
  assert.match(renderReport(reportOf({}), plainStyle), /0 tasks in 12\.3 s: no tasks; peak memory 3 GiB\n$/)
})
