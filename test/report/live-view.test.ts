import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { openView, type View } from '../../src/report/report.ts'
import type { RunMessage } from '../../src/spine.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import {
  at,
  attemptResult,
  failedReport,
  gib,
  reportOf,
  started,
  taskEnded,
  taskReport,
  taskStarted,
  waiting,
} from './samples.ts'
import { Screen } from './screen.ts'

const frameMs = 100
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `task-${index}`)

function liveView(screen = new Screen()) {
  const clock = new FakeClock()
  const view: View = openView({
    json: false,
    stdout: screen,
    stderr: screen,
    clock,
    variables: { NO_COLOR: '1', TERM: 'xterm' },
    progress: true,
    recordOptions: " --state '/srv/the state'",
  })
  const showAll = async (messages: readonly RunMessage[]): Promise<void> => {
    for (const message of messages) await view.show(message)
    await clock.pass(frameMs)
  }
  return { screen, clock, view, showAll }
}

test('shows what runs and for how long, what waits and why, the memory with its line, and the sum', async () => {
  const { screen, clock, view, showAll } = liveView()
  await showAll([
    started(names(10)),
    taskStarted('task-0'),
    waiting('task-1', 'waiting for memory: needs 800 MiB, 310 MiB free above the line'),
    at(0, {
      type: 'memory',
      usedBytes: 4 * gib,
      tasksBytes: 3 * gib,
      reservedBytes: 4 * gib,
      claimBytes: gib,
      loadLineBytes: 6 * gib,
      capacityBytes: 8 * gib,
    }),
  ])
  await clock.pass(12_300 - frameMs)
  assert.deepEqual(screen.text.split('\n').slice(1), [
    '  task-0                              12.3 s  300 MiB reserved',
    '  task-1 waiting for memory: needs 800 MiB, 310 MiB free above the line',
    'memory [:::########---...|....] 4 GiB of 8 GiB used, line at 6 GiB, tasks 3 GiB',
    '0 of 10 done, 1 running, 9 waiting, 12.3 s',
  ])
  await view[Symbol.asyncDispose]()
})

test('what ends goes above the picture and stays', async () => {
  const { screen, view, showAll } = liveView()
  await showAll([started(['a', 'b']), taskStarted('a'), taskStarted('b')])
  await showAll([taskEnded('a', {}, 2_300)])
  await showAll([taskEnded('b', failedReport(), 2_400)])
  const lines = screen.text.split('\n')
  assert.match(lines[0] ?? '', /run run-1: shop 1\.4 to production, 2 tasks/)
  assert.equal(lines[1], '    2.3 s  a succeeded in 2.3 s, peak 120 MiB')
  assert.equal(lines[2], '    2.4 s  b failed after 2.3 s: TASK_FAILED it ended with exit code 3')
  assert.match(lines[3] ?? '', /^2 of 2 done, 1 failed, 0 running/)
  assert.equal(lines.length, 4)
  await view[Symbol.asyncDispose]()
})

test('an attempt that is to be repeated is said, and its task counts down to the next', async () => {
  const { screen, view, showAll } = liveView()
  const attempt = { phase: 'deploy', task: 'a', attempt: 1 } as const
  await showAll([
    started(['a']),
    taskStarted('a'),
    at(0, { type: 'attempt-ended', ...attempt, result: attemptResult('no route'), nextInMs: 5_000 }),
  ])
  assert.match(screen.text, /a attempt 1 failed: no route; again in 5\.0 s/)
  assert.match(screen.text, /failed, attempt 2 in 4\.9 s/)
  await showAll([
    at(5_000, { type: 'attempt-opened', ...attempt, attempt: 2, token: 't', kind: 'run', log: 'l' }),
  ])
  assert.match(screen.text, /300 MiB reserved {2}attempt 2/)
  await view[Symbol.asyncDispose]()
})

test('a task that the guard has suspended comes first, with the reason, and one that it stopped says that it is back', async () => {
  const { screen, view, showAll } = liveView(new Screen(100, 30))
  const guarded = (task: string, action: 'suspended' | 'resumed' | 'requeued', atMs: number): RunMessage =>
    at(atMs, { type: 'task-guarded', phase: 'deploy', task, action, message: '6.1 GiB in use' })
  const picture = (): string[] =>
    screen.text.split('\n').filter((line) => / {2}[abc] /.test(line.slice(0, 4)))
  await showAll([started(['a', 'b', 'c']), ...['a', 'b', 'c'].map((task) => taskStarted(task))])
  await showAll([guarded('c', 'suspended', 100), guarded('b', 'requeued', 150)])
  assert.deepEqual(picture(), [
    '  c                                   200 ms  suspended: 6.1 GiB in use',
    '  a                                   200 ms  300 MiB reserved',
    '  b back in the queue: stopped for want of memory (6.1 GiB in use)',
  ])
  assert.match(screen.text, /2 running, 1 suspended, 1 waiting/)
  await showAll([guarded('c', 'resumed', 250), waiting('b', 'waiting for memory: needs 2 GiB', 260)])
  assert.deepEqual(picture(), [
    '  a                                   300 ms  300 MiB reserved',
    '  c                                   300 ms  300 MiB reserved',
    '  b back in the queue: waiting for memory: needs 2 GiB',
  ])
  await view[Symbol.asyncDispose]()
})

test('undoing has its own sum', async () => {
  const { screen, view, showAll } = liveView()
  await showAll([
    started(['a', 'b', 'c']),
    at(1, { type: 'undo-started', tasks: ['a', 'b'], because: 'a task failed' }),
    at(1, { type: 'task-started', phase: 'undo', task: 'b', reservedBytes: 0 }),
  ])
  assert.match(screen.text, /undoing a, b: a task failed/)
  assert.match(screen.text, / {2}undo of b/)
  assert.match(screen.text, /0 of 2 undone, 1 running, 1 waiting/)
  await showAll([at(2, { type: 'task-ended', phase: 'undo', task: 'b', report: taskReport() })])
  assert.match(screen.text, /1 of 2 undone, 0 running, 1 waiting/)
  await view[Symbol.asyncDispose]()
})

test('of many running tasks 15 are shown and the rest is counted', async () => {
  const { screen, view, showAll } = liveView(new Screen(80, 50))
  await showAll([started(names(100)), ...names(40).map((name) => taskStarted(name))])
  assert.equal(screen.text.match(/^ {2}task-/gm)?.length, 15)
  assert.match(screen.text, /and 25 more running/)
  await view[Symbol.asyncDispose]()
})

test('every line of a large run stays to be read, although hundreds end between two pictures', async () => {
  const { screen, view, showAll } = liveView()
  await showAll([started(names(1_000)), ...names(1_000).map((name) => taskEnded(name))])
  for (const name of names(1_000)) assert.ok(screen.text.includes(` ${name} succeeded`), name)
  assert.match(screen.text, /1000 of 1000 done/)
  await view[Symbol.asyncDispose]()
})

test('names of any length and any characters leave the picture where it is', async () => {
  const wideName = fc.string({
    unit: fc.constantFrom('漢', 'a', '👩‍👩‍👧', '\u001b[5A', '\n'),
    minLength: 1,
    maxLength: 60,
  })
  const size = fc.record({ columns: fc.integer({ min: 1, max: 120 }), rows: fc.integer({ min: 1, max: 40 }) })
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(wideName, { maxLength: 8 }), size, async (tasks, { columns, rows }) => {
      const { screen, view, showAll } = liveView(new Screen(columns, rows))
      await showAll([started(tasks), ...tasks.map((task) => taskStarted(task))])
      await showAll([])
      await showAll([])
      await view.show(reportOf({}))
      assert.equal(screen.text.match(/ of \d+ done/g), null)
      assert.equal(screen.cursorShown, true)
      await view[Symbol.asyncDispose]()
    }),
    { numRuns: 60 },
  )
})

test('a window made narrower is cleaned of the old picture', async () => {
  const { screen, view, showAll } = liveView(new Screen(100, 30))
  await showAll([started(names(3)), ...names(3).map((name) => taskStarted(name)), taskEnded('task-2')])
  screen.narrow(37)
  await showAll([])
  assert.equal(screen.text.match(/^\d of \d done/gm)?.length, 1)
  assert.equal(screen.text.match(/task-2 succeeded/g)?.length, 1)
  await view[Symbol.asyncDispose]()
})

test('the report takes the place of the picture, and the cursor is back', async () => {
  const { screen, clock, view, showAll } = liveView()
  await showAll([started(['a']), taskStarted('a')])
  assert.equal(screen.cursorShown, false)
  await view.show(taskEnded('a'))
  await view.show(reportOf({ a: taskReport() }))
  assert.doesNotMatch(screen.text, / of 1 done/)
  assert.match(screen.text, /a succeeded in 2\.3 s/)
  assert.match(
    screen.text,
    /peak memory 3 GiB, load line 6 GiB of 8 GiB\nover time: plimsoll show run-1 --state '\/srv\/the state'$/,
  )
  assert.equal(screen.cursorShown, true)
  const before = screen.written
  await clock.pass(1_000)
  await view[Symbol.asyncDispose]()
  assert.equal(screen.written, before)
})

test('a run that ends in an error leaves a clean terminal', async () => {
  const { screen, view, showAll } = liveView()
  const listeners = process.listenerCount('exit')
  await showAll([started(['a']), taskStarted('a')])
  await view[Symbol.asyncDispose]()
  assert.equal(screen.text.split('\n').length, 1)
  assert.equal(screen.cursorShown, true)
  assert.equal(process.listenerCount('exit'), listeners - 1)
})

test('a process that crashes gives the cursor back', () => {
  const program = `
    import { openView } from ${JSON.stringify(fileURLToPath(new URL('../../src/report/report.ts', import.meta.url)))}
    import { systemClock } from ${JSON.stringify(fileURLToPath(new URL('../../src/clock.ts', import.meta.url)))}
    const stdout = Object.assign(process.stdout, { isTTY: true })
    openView({ json: false, stdout, stderr: stdout, clock: systemClock, variables: {}, progress: true })
    throw new Error('crash')`
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  })
  assert.equal(status, 1)
  assert.ok(stdout.startsWith('\u001b[?25l'))
  assert.ok(stdout.endsWith('\u001b[?25h'))
})

test('each picture is one synchronized write', async () => {
  const { screen, view, showAll } = liveView()
  await showAll([started(['a']), taskStarted('a')])
  const [, picture = '', ...others] = screen.written.split('\u001b[?2026h')
  assert.ok(picture.endsWith('\u001b[?2026l'))
  assert.equal(others.length, 0)
  await view[Symbol.asyncDispose]()
})

test('a terminal that takes nothing more misses pictures and lines, is told how many, and never holds the run', async () => {
  const { screen, clock, view } = liveView()
  const write = screen._write.bind(screen)
  const held: (() => void)[] = []
  screen._write = (chunk, encoding, done) => void held.push(() => write(chunk, encoding, done))
  await view.show(started(names(40_000)))
  for (const name of names(40_000)) {
    assert.equal(view.show(taskEnded(name)), undefined)
    if (Number(name.slice(5)) % 1_000 === 0) await clock.pass(frameMs)
  }
  assert.ok(screen.writableLength < 1.1 * 2 ** 20)
  assert.equal(held.length, 1)
  await view.show(reportOf({ a: taskReport() }))
  screen._write = write
  held[0]?.()
  await settle()
  const lines = screen.text.match(/task-\d+ succeeded/g)?.length ?? 0
  const leftOut = Number(/^\((\d+) lines left out: nobody read them in time\)$/m.exec(screen.text)?.[1])
  assert.ok(lines > 1_000 && leftOut > 1_000)
  assert.equal(lines + leftOut, 40_000)
  assert.match(screen.text, /succeeded \(run run-1\)/)
  assert.equal(screen.cursorShown, true)
})
