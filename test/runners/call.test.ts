import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { enforcementHere } from '../../src/memory/memory.ts'
import type { Work } from '../../src/spine.ts'
import { openBench } from './run-task.ts'

const module = `
export const add = ({ left, right }, { log, env }) => { log('adding'); console.log(env.PLIMSOLL_TASK); return { sum: left + right, parts: [1] } }
export const fail = () => { throw new Error('no luck with ' + process.env.TOKEN) }
export const failEmpty = () => { throw undefined }
export const leave = () => process.exit(0)
export const wait = (_argument, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
export const spoil = () => ({ 'a key': 'x' })
export const late = () => { setTimeout(() => { throw null }, 5); return new Promise(() => setInterval(() => undefined, 1000)) }
export const notMine = () => 'text'
export const number = 5
`

const call = (dir: string, exportName: string, place: 'inline' | 'thread' | 'process'): Work => {
  writeFileSync(join(dir, 'tasks.mjs'), module)
  const argument = { map: { left: { plain: 2 }, right: { plain: 3 } } }
  return { kind: 'call', module: join(dir, 'tasks.mjs'), exportName, argument, place }
}

for (const place of ['inline', 'thread', 'process'] as const) {
  test(`in ${place}: a function gets its argument, its output is the task's log, its scalars are handed on`, async () => {
    await using bench = await openBench()
    const { report, outputs } = await bench.run(call(bench.dir, 'add', place))
    assert.equal(report.status, 'succeeded', JSON.stringify(report.error))
    assert.deepEqual(outputs, { sum: '5' })
    assert.equal(readFileSync(join(bench.dir, 'runs/test/1.log'), 'utf8'), 'adding\ntask\n')
    const spool = place === 'process' ? ['worker-1.spool'] : []
    assert.deepEqual(readdirSync(join(bench.dir, 'runs/test')), ['1.log', ...spool])
  })

  test(`in ${place}: what a function throws is a failure with its message, and no secret in it`, async () => {
    await using bench = await openBench({ KEY: 'hunter2-hunter2' })
    process.env.TOKEN = 'hunter2-hunter2' // an inline function sees the engine's own environment
    const { report } = await bench.run(call(bench.dir, 'fail', place), {
      env: { TOKEN: [{ secret: 'KEY' }] },
    })
    delete process.env.TOKEN
    assert.equal(report.error?.code, 'CALL_FAILED')
    assert.equal(report.error?.message, 'no luck with ***')
    const empty = await bench.run(call(bench.dir, 'failEmpty', place))
    assert.equal(empty.report.error?.code, 'CALL_FAILED')
  })

  test(`in ${place}: an export that is missing or no function is told with what was found`, async () => {
    await using bench = await openBench()
    const missing = await bench.run(call(bench.dir, 'nowhere', place))
    assert.match(missing.report.error?.message ?? '', /exports nothing as "nowhere", expected a function/)
    const number = await bench.run(call(bench.dir, 'number', place))
    assert.match(number.report.error?.message ?? '', /exports a number as "number"/)
    assert.equal(number.report.error?.code, 'CALL_NOT_FOUND')
  })

  test(`in ${place}: a function that listens to its signal ends at its timeout`, async () => {
    await using bench = await openBench()
    const { report } = await bench.run(call(bench.dir, 'wait', place), { timeoutMs: 400 })
    assert.equal(report.error?.code, 'TASK_TIMEOUT')
  })

  test(`in ${place}: values whose names could not be written in a plan are refused`, async () => {
    await using bench = await openBench()
    const { report } = await bench.run(call(bench.dir, 'spoil', place))
    assert.equal(report.error?.code, 'OUTPUT_INVALID')
  })
}

for (const place of ['thread', 'process'] as const) {
  test(`in ${place}: a function that exits without an answer has failed`, async () => {
    await using bench = await openBench()
    const { report } = await bench.run(call(bench.dir, 'leave', place))
    assert.equal(report.error?.code, 'WORKER_ENDED')
    assert.match(report.error?.message ?? '', /ended without an answer/)
  })
}

test('null thrown from a timer of a thread is a failure of its task', async () => {
  await using bench = await openBench()
  const { report } = await bench.run(call(bench.dir, 'late', 'thread'))
  assert.equal(report.error?.code, 'WORKER_ENDED')
})

test('a call in a process is measured and its secrets are in no file that stays', async () => {
  await using bench = await openBench({ KEY: 'hunter2-hunter2' })
  const work = call(bench.dir, 'add', 'process')
  const env = { TOKEN: [{ secret: 'KEY' }] }
  const { report } = await bench.run(work, { env })
  assert.equal(report.enforcement, 'watchdog')
  assert.ok(report.peakMemoryBytes.lower > 10 * 2 ** 20)
  assert.ok((report.cpuMs ?? -1) >= 0)
  const declared = await bench.run(work, { env, limitBytes: 500 * 2 ** 20 })
  assert.equal(declared.report.enforcement, enforcementHere({ clock: systemClock }).level)
  assert.equal(existsSync(join(bench.dir, 'runs/test/1.request')), false)
})
