import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Timeline } from '../../src/report/report.ts'
import type { DeployEvent, TaskReport } from '../../src/spine.ts'
import { at, attemptResult, started, taskReport, type Update } from './samples.ts'

type Drawn = { readonly parts: string; readonly marks: string; readonly status: string }

/** "needs 0-5, running 5-9" */
function rowOf(events: readonly DeployEvent[], endMs?: number): Drawn {
  const timeline = new Timeline()
  for (const event of events) timeline.add(event)
  const [row] = timeline.rows(endMs)
  assert.ok(row)
  return {
    parts: row.parts.map(({ kind, fromMs, toMs }) => `${kind} ${fromMs}-${toMs}`).join(', '),
    marks: row.marks.map(({ kind, atMs, attempt }) => `${kind} ${atMs} (${attempt})`).join(', '),
    status: row.status,
  }
}

const task = { phase: 'deploy', task: 'a' } as const
const begins = (
  atMs: number,
  waitReasons: TaskReport['waitReasons'],
  more: { phase?: 'undo' } = {},
): DeployEvent => at(atMs, { type: 'task-started', ...task, ...more, reservedBytes: 1, waitReasons })
const opens = (atMs: number, attempt: number): DeployEvent =>
  at(atMs, { type: 'attempt-opened', ...task, attempt, token: 't', kind: 'run', log: 'l' })
const attemptEnds = (atMs: number, attempt: number, nextInMs: number | null): DeployEvent =>
  at(atMs, { type: 'attempt-ended', ...task, attempt, result: attemptResult('no'), nextInMs })
const guarded = (atMs: number, action: Extract<Update, { type: 'task-guarded' }>['action']): DeployEvent =>
  at(atMs, { type: 'task-guarded', ...task, action, message: '5 GiB in use' })
const ends = (
  atMs: number,
  report: Partial<TaskReport> = {},
  phase: 'deploy' | 'undo' = 'deploy',
): DeployEvent => at(atMs, { type: 'task-ended', ...task, phase, report: taskReport(report) })

test('a task waits for what it waited for, then runs to its end', () => {
  const events = [started(['a']), begins(100, { needs: 40, slot: 20, memory: 40 }), opens(100, 1)]
  assert.deepEqual(rowOf([...events, attemptEnds(250, 1, null), ends(251)]), {
    parts: 'needs 0-40, slot 40-60, memory 60-100, running 100-250',
    marks: '',
    status: 'succeeded',
  })
})

test('what goes on is drawn to the end that is known', () => {
  const events = [started(['a']), begins(10, { needs: 10 }), opens(10, 1)]
  assert.deepEqual(rowOf(events, 70), { parts: 'needs 0-10, running 10-70', marks: '', status: 'running' })
  assert.deepEqual(rowOf(events.slice(0, 1), 70), { parts: 'waiting 0-70', marks: '', status: 'waiting' })
})

test('the pause before another attempt is no work, and the attempt is marked', () => {
  const events = [started(['a']), begins(0, {}), opens(0, 1), attemptEnds(20, 1, 30), opens(50, 2)]
  assert.deepEqual(rowOf([...events, attemptEnds(60, 2, null), ends(60, { status: 'failed' })]), {
    parts: 'running 0-20, pause 20-50, running 50-60',
    marks: 'attempt 50 (2), failed 60 (2)',
    status: 'failed',
  })
})

test('a task that the guard suspends is held until it goes on', () => {
  const events = [
    started(['a']),
    begins(0, {}),
    opens(0, 1),
    guarded(20, 'suspended'),
    guarded(70, 'resumed'),
  ]
  assert.equal(rowOf([...events, ends(90)]).parts, 'running 0-20, held 20-70, running 70-90')
})

test('a task that the guard stopped waits again, for what it waited since then', () => {
  const events = [started(['a']), begins(10, { needs: 10 }), opens(10, 1), guarded(40, 'requeued')]
  const back = [attemptEnds(45, 1, null), begins(100, { needs: 10, memory: 50 }), opens(100, 2)]
  assert.deepEqual(rowOf([...events, ...back, ends(120)]), {
    parts: 'needs 0-10, running 10-40, memory 50-100, running 100-120',
    marks: 'requeued 40 (1), attempt 100 (2)',
    status: 'succeeded',
  })
})

test('a task that the kernel stopped for want of memory comes back the same way', () => {
  const killed = [attemptEnds(40, 1, null), guarded(41, 'requeued')]
  const events = [started(['a']), begins(0, {}), opens(0, 1), ...killed]
  assert.deepEqual(rowOf([...events, begins(60, { host: 20 }), opens(60, 2), ends(70)]), {
    parts: 'running 0-40, host 40-60, running 60-70',
    marks: 'requeued 41 (1), attempt 60 (2)',
    status: 'succeeded',
  })
})

test('an undo is told apart from the work', () => {
  const events = [started(['a']), begins(0, {}), opens(0, 1), ends(20)]
  const undo = [
    at(30, { type: 'undo-started', tasks: ['a'], because: 'a task failed' }),
    begins(35, { needs: 5 }, { phase: 'undo' }),
    ends(50, {}, 'undo'),
  ]
  assert.deepEqual(rowOf([...events, ...undo]), {
    parts: 'running 0-20, needs 30-35, undo 35-50',
    marks: '',
    status: 'undone',
  })
})

test('a task that never started has waited only, and records without reasons just say that it waited', () => {
  const cancelled = ends(80, { status: 'cancelled', attempts: 0, waitReasons: { needs: 80 } })
  assert.equal(rowOf([started(['a']), cancelled]).parts, 'needs 0-80')
  const old = at(30, { type: 'task-started', ...task, reservedBytes: 1 })
  assert.equal(rowOf([started(['a']), old, ends(40)]).parts, 'waiting 0-30, running 30-40')
})

test('a task that is suspended again and again takes no more room for it', () => {
  const timeline = new Timeline()
  for (const event of [started(['a']), begins(0, {})]) timeline.add(event)
  for (let atMs = 1; atMs < 10_000; atMs += 1) timeline.add(guarded(atMs, atMs % 2 ? 'suspended' : 'resumed'))
  timeline.add(ends(10_000))
  const parts = timeline.rows()[0]?.parts ?? []
  assert.ok(parts.length <= 501)
  assert.equal(parts.at(-1)?.toMs, 10_000)
})
