import assert from 'node:assert/strict'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { DeployOptions } from '../../src/deploy.ts'
import { readHistory } from '../../src/history/history.ts'
import { parsePlan } from '../../src/plan/plan.ts'
import { predict } from '../../src/predict.ts'
import type { Report, RunMessage } from '../../src/spine.ts'
import { openYard, type Yard } from './deploying.ts'

/** Ends a moment after the engine has looked at it. */
const untilSeen =
  'for i in $(seq 1200); do [ -e "seen-$PLIMSOLL_TASK" ] && break; sleep 0.05; done; sleep 0.1'

/** Whatever is told of an attempt is told after the first look at its process. */
function deploy(yard: Yard, plan: string, options: DeployOptions = {}): Promise<Report> {
  const onEvent = (message: RunMessage): void => {
    yard.messages.push(message)
    if (message.type === 'attempt-identified') writeFileSync(join(yard.dir, `seen-${message.task}`), '')
  }
  return yard.deploy(plan, { onEvent, ...options })
}

const text = `
name: carried
version: v1.0
tasks:
  a: { run: '${untilSeen}' }
  b: { exec: [sh, -c, '${untilSeen}'], needs: a }
`
const sources = (report: Report): readonly (string | undefined)[] =>
  Object.values(report.tasks).map(({ estimate }) => estimate?.source)

test('what a task needed in the first run is what the second run expects, with a margin', async () => {
  await using yard = await openYard()
  const first = await deploy(yard, text)
  assert.deepEqual(sources(first), ['guess', 'guess'])
  const second = await deploy(yard, text)
  assert.deepEqual(sources(second), ['history', 'history'])
  for (const [name, { peakMemoryBytes }] of Object.entries(first.tasks)) {
    const bytes = second.tasks[name]?.estimate?.bytes ?? 0
    const peak = peakMemoryBytes.upper ?? peakMemoryBytes.lower
    assert.ok(bytes >= peak && bytes <= peak * 1.11 + 1, `${name}: ${bytes} after ${peak}`)
  }
})

test('a history file carries it to a machine without a state, also to another directory and version', async () => {
  await using yard = await openYard()
  await using elsewhere = await openYard()
  const historyFile = join(yard.dir, 'cache', 'history.jsonl')
  assert.deepEqual(sources(await deploy(yard, text, { historyFile })), ['guess', 'guess'])
  assert.equal((await readHistory(historyFile)).length, 2)
  const report = await deploy(elsewhere, text.replace('v1.0', 'v1.1'), { historyFile })
  assert.deepEqual(sources(report), ['history', 'history'])
  assert.equal((await readHistory(historyFile)).length, 4)
  // What was carried in stays in the state, so that a run without the file knows it too.
  assert.deepEqual(sources(await deploy(elsewhere, text)), ['history', 'history'])
})

test('a version inside a command and the place of a module are not a change; another command is', async () => {
  await using yard = await openYard()
  await using elsewhere = await openYard()
  const plan = (version: string, more = '') => `
name: versions
version: ${version}
tasks:
  image: { exec: [sh, -c, '${untilSeen}; echo "\${version}"${more}'] }
  call: { call: './work.ts#work', in: process }
`
  for (const { dir } of [yard, elsewhere]) {
    const work = 'export const work = () => new Promise((end) => setTimeout(end, 300))'
    writeFileSync(join(dir, 'work.ts'), work)
  }
  const historyFile = join(yard.dir, 'history.jsonl')
  await deploy(yard, plan('1.0.7'), { historyFile })
  assert.deepEqual(sources(await deploy(elsewhere, plan('1.0.8'), { historyFile })), ['history', 'history'])
  const changed = await deploy(elsewhere, plan('1.0.8', '; true'), { historyFile })
  assert.notEqual(changed.tasks.image?.estimate?.source, 'history')
})

test('the file is written also when a task failed, with what succeeded', async () => {
  await using yard = await openYard()
  const historyFile = join(yard.dir, 'history.jsonl')
  const report = await deploy(
    yard,
    `name: failing\ntasks: { a: { run: '${untilSeen}' }, b: { needs: a, run: '${untilSeen}; exit 1' } }`,
    { historyFile },
  )
  assert.equal(report.status, 'failed')
  assert.deepEqual(
    (await readHistory(historyFile)).map(({ task }) => task),
    ['a'],
  )
})

test('a file that cannot be written at the end is a warning before the report, and the run has succeeded', async () => {
  await using yard = await openYard()
  const historyFile = join(yard.dir, 'cache')
  const report = await deploy(yard, `name: late\ntasks: { a: { run: 'mkdir cache' } }`, { historyFile })
  assert.equal(report.status, 'succeeded')
  const [warning, last] = yard.messages.filter(({ type }) => type !== 'memory').slice(-2)
  assert.equal(last, report)
  assert.ok(warning?.type === 'warning' && warning.error.message.includes(historyFile))
  assert.ok(warning.error.fix.length > 0)
})

test('a file that is no history is refused before anything starts or is recorded', async () => {
  await using yard = await openYard()
  const historyFile = join(yard.dir, 'history.jsonl')
  writeFileSync(historyFile, '{"plimsollHistory":1}\n{"peakBytes":-1}\n')
  const started = `name: none\ntasks: { a: { run: 'touch started' } }`
  await assert.rejects(
    deploy(yard, started, { variables: { ...process.env, PLIMSOLL_HISTORY: historyFile } }),
    {
      code: 'HISTORY_INVALID',
      exitCode: 2,
    },
  )
  assert.equal(existsSync(join(yard.dir, 'started')), false)
  assert.equal(existsSync(join(yard.dir, '.plimsoll')), false)
})

test('a prediction uses what the file carries, and says of the rest that it is a guess', async () => {
  await using yard = await openYard()
  const historyFile = join(yard.dir, 'history.jsonl')
  await deploy(yard, text, { historyFile })
  const both = text.replace('tasks:', "tasks:\n  c: { run: 'true' }\n  up: { http: 'http://127.0.0.1:1/' }")
  const plan = parsePlan(both, { file: join(yard.dir, 'plimsoll.yaml') })
  const stateDir = join(yard.dir, 'none')
  mkdirSync(stateDir)
  const prediction = await predict(plan, { stateDir, historyFile })
  const estimates = new Map(prediction.tasks.map(({ task, estimate }) => [task, estimate]))
  assert.deepEqual(
    [estimates.get('a')?.source, estimates.get('a')?.runs, estimates.get('c')?.source, estimates.get('up')],
    ['history', 1, 'guess', null],
  )
  const known = prediction.tasks.filter(({ task }) => task === 'a' || task === 'b')
  assert.ok(known.every(({ expectedMs }) => expectedMs !== null && expectedMs >= 100))
  assert.equal(prediction.tasks.find(({ task }) => task === 'c')?.expectedMs, null)
  assert.deepEqual(existsSync(join(stateDir, 'plimsoll.db')), false)
  rmSync(historyFile)
  const cold = await predict(plan, { stateDir, historyFile })
  assert.ok(cold.tasks.every(({ estimate }) => estimate === null || estimate.source === 'guess'))
})
