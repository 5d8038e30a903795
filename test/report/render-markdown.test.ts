import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { renderMarkdown } from '../../src/report/report.ts'
import { failedReport, reportOf, taskReport } from './samples.ts'

test('a report as Markdown: heading, sum, table, failures with their output', () => {
  const estimate = { bytes: 130 * 2 ** 20, source: 'history', confidence: 0.5, runs: 1 } as const
  const report = reportOf({ build: taskReport({ estimate }), test: failedReport() }, { status: 'failed' })
  assert.equal(
    renderMarkdown(report),
    `## shop 1\\.4 to production failed

Run run\\-1: 2 tasks in 12.3 s: 1 succeeded, 1 failed; peak memory 3 GiB.

| Task | Status | Time | Expected | Peak memory | Attempts | Waited for |
|---|---|--:|--:|--:|--:|---|
| build | succeeded | 2.3 s | 130 MiB, 1 run | 100 to 120 MiB | 1 | - |
| test | failed | 2.3 s | - | 100 to 120 MiB | 1 | - |

### test

TASK\\_FAILED\\: it ended with exit code 3

Fix: Read its output

\`\`\`text
first line
last line
\`\`\`
`,
  )
})

test('an undone task is in the table alone, unless its undo failed', () => {
  const undo = { status: 'succeeded', durationMs: 5 } as const
  const undone = renderMarkdown(reportOf({ a: taskReport({ status: 'undone', undo, lastOutput: 'did it' }) }))
  assert.ok(undone.includes('| a | undone |'))
  assert.ok(!undone.includes('###'))
  const error = { code: 'TASK_FAILED', message: 'no', fix: 'Look' } as const
  const failed = taskReport({ undo: { status: 'failed', durationMs: 5, error } })
  assert.ok(renderMarkdown(reportOf({ a: failed })).includes('### undo of a\n\nTASK\\_FAILED\\: no\n'))
})

test('a name cannot leave its cell, format, or link', () => {
  const report = reportOf({ 'a|b\n| c [x](http://evil) <img> `d`': taskReport() })
  const row = renderMarkdown(report)
    .split('\n')
    .find((line) => line.includes('evil'))
  assert.equal(
    row?.startsWith('| a\\|b\\\\n\\| c \\[x\\]\\(http\\://evil\\) \\<img\\> \\`d\\` | succeeded |'),
    true,
    row,
  )
})

test('no output closes its own fence', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('`', '~', '\n', 'a') }), (lastOutput) => {
      const text = renderMarkdown(reportOf({ a: failedReport({ lastOutput }) }))
      const fence = /^(`{3,})text$/m.exec(text)?.[1]
      if (fence === undefined) return lastOutput.trimEnd() === ''
      return text.split('\n').filter((line) => line.startsWith(fence)).length === 2
    }),
  )
})
