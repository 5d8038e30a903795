import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseExitRecord } from '../../src/runners/supervisor.ts'
import type { Work } from '../../src/spine.ts'
import { isAlive, until } from '../pool/pools.ts'
import { openBench } from './run-task.ts'

const source = `
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { getHeapStatistics } from 'node:v8'
import { threadId } from 'node:worker_threads'
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
export const where = async () => { await rest(20); return { pid: process.pid, threadId, word: process.env.WORD ?? 'none', cwd: process.cwd() } }
export const say = () => { console.log('my word is ' + process.env.WORD); console.error('that is all') }
export const leave = () => { spawn('sleep', ['1000'], { stdio: 'ignore' }).unref(); spawn('sleep', ['1000'], { env: {}, stdio: 'ignore' }).unref(); return { pid: process.pid } }
export const slow = async () => { console.log('begun'); await rest(1_500); console.log('ended'); return { done: true } }
export const held = async () => { console.log('begun'); while (!existsSync('go')) await rest(20); console.log('ended'); return { done: true } }
export const heap = () => ({ isSmall: getHeapStatistics().heap_size_limit < 500 * 2 ** 20 })
export const wait = () => rest(60_000)
`

type Place = 'thread' | 'process'

const call = (dir: string, exportName: string, place: Place): Work => {
  const module = join(dir, 'tasks.mjs')
  if (!existsSync(module)) writeFileSync(module, source)
  return { kind: 'call', module, exportName, argument: { plain: null }, place }
}

for (const place of ['thread', 'process'] as const) {
  test(`in a ${place}: calls share a worker, each with its own variables and its own log`, async () => {
    await using bench = await openBench({ KEY: 'hunter2-hunter2' })
    const one = await bench.run(call(bench.dir, 'where', place), { env: { WORD: ['first'] } })
    const two = await bench.run(call(bench.dir, 'where', place))
    assert.deepEqual([one.outputs.word, two.outputs.word], ['first', 'none'])
    assert.equal(one.outputs.pid, two.outputs.pid)
    assert.equal(one.outputs.threadId, two.outputs.threadId)
    if (place === 'process') assert.equal(one.outputs.cwd, bench.dir)
    await bench.run(call(bench.dir, 'say', place), { env: { WORD: [{ secret: 'KEY' }] } })
    await bench.run(call(bench.dir, 'say', place), { env: { WORD: ['plain'] } })
    const logs = [3, 4].map((number) => readFileSync(join(bench.dir, `runs/test/${number}.log`), 'utf8'))
    assert.deepEqual(logs, ['my word is ***\nthat is all\n', 'my word is plain\nthat is all\n'])
  })

  test(`in a ${place}: the time that a call waits for a worker does not count against its timeout`, async () => {
    await using bench = await openBench({}, { workers: { maxWorkersThread: 1, maxWorkersProcess: 1 } })
    const first = bench.run(call(bench.dir, 'slow', place))
    const second = bench.run(call(bench.dir, 'where', place), { timeoutMs: 1_300 })
    assert.deepEqual(
      (await Promise.all([first, second])).map(({ report }) => report.status),
      ['succeeded', 'succeeded'],
    )
  })

  test(`in a ${place}: what a call leaves is stopped before anything else`, async () => {
    await using bench = await openBench()
    const { outputs } = await bench.run(call(bench.dir, 'leave', place))
    const ended = bench.events.find((event) => event.type === 'attempt-ended')
    assert.ok(ended?.type === 'attempt-ended')
    const { leftovers } = ended.result
    // What threw its token away is known by its session, which a thread shares with the engine.
    assert.equal(leftovers.length, place === 'process' ? 2 : 1)
    for (const pid of leftovers) assert.equal(isAlive(pid), false)
    if (place === 'process') assert.ok(!leftovers.includes(Number(outputs.pid)))
  })
}

test('a call with a declared limit has a process of its own, which counts as a worker', async () => {
  await using bench = await openBench({}, { workers: { maxWorkersProcess: 1 } })
  const [shared, own] = await Promise.all([
    bench.run(call(bench.dir, 'where', 'process')),
    bench.run(call(bench.dir, 'where', 'process'), { limitBytes: 300 * 2 ** 20 }),
  ])
  assert.notEqual(shared.outputs.pid, own.outputs.pid)
  assert.deepEqual([shared.report.exitCode, own.report.exitCode], [null, 0])
})

test('a variable that is read when a process starts gets one of its own', async () => {
  await using bench = await openBench()
  const env = { NODE_OPTIONS: ['--max-old-space-size=50'] }
  const { outputs } = await bench.run(call(bench.dir, 'heap', 'process'), { env })
  assert.equal(outputs.isSmall, 'true')
})

test('a directory that is missing is told as everywhere', async () => {
  await using bench = await openBench()
  const { report } = await bench.run(call(bench.dir, 'where', 'process'), { dir: join(bench.dir, 'nowhere') })
  assert.equal(report.error?.code, 'TASK_NOT_STARTED')
  assert.match(report.error?.message ?? '', /nowhere does not exist/)
})

test('a call in a process can be suspended and evicted like every process', async () => {
  await using bench = await openBench()
  const { report } = await bench.run(
    call(bench.dir, 'wait', 'process'),
    {},
    {
      onControl: (control) => {
        if (control === null) return
        assert.ok(control.currentBytes() > 0)
        control.suspend()
        control.evict('others need its memory')
      },
    },
  )
  assert.equal(report.error?.code, 'TASK_REQUEUED')
})

test('when the engine is killed a call in a process goes on, and its answer, exit code and output are on disk', async () => {
  await using bench = await openBench()
  call(bench.dir, 'held', 'process')
  const file = (ending: string): string => join(bench.dir, `runs/test/1.${ending}`)
  const program = new URL('./killed-call-engine.ts', import.meta.url).pathname
  const engine = spawn(process.execPath, [program, bench.dir, join(bench.dir, 'tasks.mjs')], {
    stdio: 'inherit',
  })
  await until(() => existsSync(file('spool')) && readFileSync(file('spool'), 'utf8') === 'begun\n')
  engine.kill('SIGKILL')
  writeFileSync(join(bench.dir, 'go'), '')
  await until(() => existsSync(file('exit')))
  assert.equal(parseExitRecord(readFileSync(file('exit'), 'utf8'))?.exitCode, 0)
  assert.equal(readFileSync(file('request.answer'), 'utf8'), '{"outputs":{"done":"true"}}')
  assert.equal(readFileSync(file('spool'), 'utf8'), 'begun\nended\n')
})
