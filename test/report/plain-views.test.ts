import assert from 'node:assert/strict'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { chooseMode, openView } from '../../src/report/report.ts'
import type { RunMessage } from '../../src/spine.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import {
  at,
  failedReport,
  reportOf,
  started,
  taskEnded,
  taskReport,
  taskStarted,
  waiting,
} from './samples.ts'

const variables = { NO_COLOR: '1' }

async function shownOf(
  messages: readonly RunMessage[],
  options: { json?: boolean; progress?: boolean } = {},
) {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const { json = false, progress = true } = options
  await using view = openView({ json, progress, stdout, stderr, clock: new FakeClock(), variables })
  for (const message of messages) await view.show(message)
  return { stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

const terminal = Object.assign(new Writable(), { isTTY: true })
for (const { what, options, mode } of [
  { what: 'a person at a terminal', options: {}, mode: 'live' },
  { what: 'a file or a pipe', options: { stdout: new Writable() }, mode: 'lines' },
  { what: 'a CI runner with a terminal', options: { variables: { CI: 'true' } }, mode: 'lines' },
  { what: 'a terminal that can do nothing', options: { variables: { TERM: 'dumb' } }, mode: 'lines' },
  { what: 'a plan without progress', options: { progress: false }, mode: 'lines' },
  { what: '--json', options: { json: true }, mode: 'json' },
]) {
  test(`${what} gets ${mode}`, () => {
    assert.equal(
      chooseMode({ json: false, stdout: terminal, variables: {}, progress: true, ...options }),
      mode,
    )
  })
}

test('a log gets one line for each thing that happens, with the time since the start', async () => {
  const { stdout, stderr } = await shownOf([
    started(['a', 'b', 'c']),
    taskStarted('a', 10),
    taskEnded('a', {}, 2_310),
    waiting('b', 'waiting for memory: needs 800 MiB', 2_320),
    taskEnded('b', { status: 'skipped', attempts: 0, because: 'its condition does not hold' }, 2_400),
    taskEnded('c', failedReport({ durationMs: 40 }), 61_000),
    at(62_000, { type: 'undo-started', tasks: ['a'], because: 'a task failed' }),
    at(62_000, { type: 'task-started', phase: 'undo', task: 'a', reservedBytes: 0 }),
    at(62_100, { type: 'task-ended', phase: 'undo', task: 'a', report: taskReport({ durationMs: 90 }) }),
    at(62_200, { type: 'stopping', phase: 'deploy', how: 'at once' }),
  ])
  assert.equal(
    stdout,
    [
      '     0 ms  run run-1: shop 1.4 to production, 3 tasks, load line 6 GiB of 8 GiB',
      '    10 ms  a started, 300 MiB reserved',
      '    2.3 s  a succeeded in 2.3 s, peak 120 MiB',
      '    2.3 s  b waiting for memory: needs 800 MiB',
      '    2.4 s  b skipped: its condition does not hold',
      ' 1 m 01 s  c failed after 40 ms: TASK_FAILED it ended with exit code 3',
      ' 1 m 02 s  undoing a: a task failed',
      ' 1 m 02 s  undo of a started',
      ' 1 m 02 s  undo of a succeeded in 90 ms',
      ' 1 m 02 s  stopping at once',
      '',
    ].join('\n'),
  )
  assert.equal(stderr, '')
})

test('the same wait is said once, and waiting for a slot not at all', async () => {
  const slot = at(0, {
    type: 'task-waiting',
    phase: 'deploy',
    task: 'b',
    reason: 'slot',
    message: 'waiting for a slot',
  })
  const again = Array.from({ length: 50 }, (_, index) =>
    waiting('a', `waiting for memory: ${index} MiB free`),
  )
  const { stdout } = await shownOf([started(['a', 'b']), ...again, slot])
  assert.equal(stdout.match(/waiting/g)?.length, 1)
})

test('an undo that fails is said with its error', async () => {
  const { stdout } = await shownOf([
    at(0, { type: 'task-ended', phase: 'undo', task: 'a', report: failedReport() }),
  ])
  assert.match(stdout, /undo of a failed after 2\.3 s: TASK_FAILED it ended with exit code 3/)
})

test('without progress there is the report alone', async () => {
  const { stdout } = await shownOf([started(['a']), taskEnded('a'), reportOf({ a: taskReport() })], {
    progress: false,
  })
  assert.match(stdout, /^\nshop 1\.4 to production succeeded \(run run-1\)\n/)
})

test('with --json every message is one line of JSON, the report last, and people read along on standard error', async () => {
  const messages = [
    started(['a']),
    taskStarted('a'),
    taskEnded('a', { outputs: { k: 'v\nw' } }),
    reportOf({}),
  ]
  const { stdout, stderr } = await shownOf(messages, { json: true })
  assert.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    messages,
  )
  assert.equal(stderr.trimEnd().split('\n').length, 3)
  assert.match(stderr, /a succeeded/)
})

test('with --json and without progress standard error stays empty', async () => {
  const { stdout, stderr } = await shownOf([started(['a'])], { json: true, progress: false })
  assert.equal(stdout.split('\n').length, 2)
  assert.equal(stderr, '')
})

/** A reader that takes nothing until it is told to, and then all. */
class Sleeper extends Writable {
  text = ''
  #wakeUp: () => void = () => undefined
  #isAwake = false

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString()
    if (this.#isAwake) done()
    else this.#wakeUp = done
  }

  wake(): void {
    this.#isAwake = true
    this.#wakeUp()
  }
}

const mebibyte = 2 ** 20

test('lines: a reader that reads nothing does not hold the run; it misses lines, is told how many, and gets the report', async () => {
  const stdout = new Sleeper()
  await using view = openView({
    json: false,
    stdout,
    stderr: new PassThrough(),
    clock: new FakeClock(),
    variables,
    progress: true,
  })
  const shown = Array.from({ length: 50_000 }, (_, index) => view.show(taskEnded(`task-${index}`)))
  assert.ok(shown.every((wait) => wait === undefined))
  assert.ok(stdout.writableLength < 1.01 * mebibyte)
  await view.show(reportOf({ a: taskReport() }))
  stdout.wake()
  await settle()
  const lines = stdout.text.match(/task-\d+ succeeded/g)?.length ?? 0
  const leftOut = Number(/^\((\d+) lines left out: nobody read them in time\)$/m.exec(stdout.text)?.[1])
  assert.ok(lines > 5_000 && leftOut > 5_000)
  assert.equal(lines + leftOut, 50_000)
  assert.match(stdout.text, /succeeded \(run run-1\)/)
})

test('JSON: nobody who reads along on standard error is waited for', async () => {
  const stderr = new Sleeper()
  const stdout = new PassThrough().resume()
  await using view = openView({
    json: true,
    stdout,
    stderr,
    clock: new FakeClock(),
    variables,
    progress: true,
  })
  for (let index = 0; index < 30_000; index += 1) await view.show(taskEnded(`task-${index}`))
  assert.ok(stderr.writableLength < 1.01 * mebibyte)
})

test('JSON: what is only for the eye does not pile up in front of a reader that reads nothing', async () => {
  const stdout = new Sleeper({ highWaterMark: 64 })
  await using view = openView({
    json: true,
    stdout,
    stderr: new PassThrough(),
    clock: new FakeClock(),
    variables,
    progress: true,
  })
  const waiting = view.show(taskEnded('a'))
  const memory = {
    ...{ usedBytes: 1, tasksBytes: 1, reservedBytes: 1, claimBytes: 0 },
    ...{ loadLineBytes: 1, capacityBytes: 1 },
  }
  for (let second = 0; second < 1_000; second += 1) await view.show(at(second, { type: 'memory', ...memory }))
  assert.ok(stdout.writableLength < 2_000)
  stdout.wake()
  await waiting
  await view.show(at(2_000, { type: 'memory', ...memory }))
  assert.deepEqual(
    stdout.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).type),
    ['task-ended', 'memory'],
  )
})

test('JSON: a reader that takes nothing makes the run wait until it does, and no line is lost', async () => {
  const stdout = new PassThrough({ highWaterMark: 64 })
  await using view = openView({
    json: true,
    stdout,
    stderr: new PassThrough(),
    clock: new FakeClock(),
    variables,
    progress: true,
  })
  let shown = 0
  const showing = (async () => {
    for (let index = 0; index < 10; index += 1) {
      await view.show(taskEnded(`task-${index}`))
      shown += 1
    }
  })()
  await settle()
  assert.ok(shown < 3)
  stdout.resume()
  await showing
  assert.equal(shown, 10)
})

for (const json of [false, true]) {
  test(`${json ? 'JSON' : 'lines'}: a reader that goes away does not hold the run up`, async () => {
    const stdout = new PassThrough({ highWaterMark: 64 })
    stdout.on('error', () => undefined)
    await using view = openView({
      json,
      stdout,
      stderr: new PassThrough(),
      clock: new FakeClock(),
      variables,
      progress: true,
    })
    const showing = (async () => {
      for (let index = 0; index < 10; index += 1) await view.show(taskEnded(`task-${index}`))
      return 'went on'
    })()
    await settle()
    stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    assert.equal(await showing, 'went on')
  })
}
