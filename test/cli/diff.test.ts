import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Report } from '../../src/spine.ts'
import { Folder, jsonLines } from './plimsoll.ts'

const before = `name: shop
vars: { PORT: "80", SAME: x }
concurrency: 3
tasks:
  build: { run: "true", env: { A: "1", B: "2" } }
  same: { run: "true" }
  old: { run: "true" }
`
const after = `name: shop
vars: { PORT: "81", SAME: x, NEW: y }
concurrency: 4
tasks:
  build: { exec: [sh, -c, "exit 3"], env: { A: "1", B: "3" }, when: environment != "x", retry: 2 }
  same: { run: "true" }
  new: { needs: same, run: "true", env: { T: "\${tasks.same.outputs.t:-none}" } }
`

async function twoRuns(folder: Folder): Promise<readonly string[]> {
  folder.write('plimsoll.yaml', before)
  await folder.plimsoll(['deploy', '--version', '1'])
  folder.write('plimsoll.yaml', after)
  await folder.plimsoll(['deploy', '--version', '2'])
  return jsonLines((await folder.plimsoll(['runs', '--json'])).stdout).map(({ runId }) => String(runId))
}

/** What the record says of the times, for which the machine must not matter. */
function record(folder: Folder, runId: string, durationsMs: Readonly<Record<string, number>>): void {
  using database = new DatabaseSync(join(folder.path, '.plimsoll/plimsoll.db'))
  const row = database.prepare('select report from runs where id = ?').get(runId)
  const report: Report = JSON.parse(String(row?.report))
  const tasks = Object.entries(report.tasks).map(([name, task]) => [
    name,
    { ...task, durationMs: durationsMs[name] ?? 50, peakMemoryBytes: { lower: 2 ** 20, upper: 2 ** 20 } },
  ])
  const text = JSON.stringify({ ...report, tasks: Object.fromEntries(tasks) })
  database.prepare('update runs set report = ? where id = ?').run(text, runId)
}

test('diff tells what changed in the plan, task by task, and how the runs went', async () => {
  using folder = new Folder()
  const [second = '', first = ''] = await twoRuns(folder)
  record(folder, first, { build: 400, same: 150 })
  record(folder, second, { build: 1_500, same: 240 })
  const { code, stdout } = await folder.plimsoll(['diff', first])
  assert.equal(code, 0)
  for (const line of [
    `${first} -> ${second}`,
    'version      1          2',
    'status       succeeded  failed',
    '    variable PORT\n    - 80\n    + 81',
    '    variable NEW\n    + y',
    '    executor.maxConcurrentTasks\n    - 3\n    + 4',
    '~ build\n    work\n    - run true\n    + exec ["sh","-c","exit 3"]',
    '    when\n    + (',
    '    env B\n    - 2\n    + 3',
    '    succeeded -> failed',
    '    attempts 1 -> 2',
    '+ new: succeeded in ',
    '- old: it succeeded in ',
    '1 task went alike',
  ])
    assert.ok(stdout.includes(line), `${line}\n--- in ---\n${stdout}`)
  assert.match(stdout, /time 400 ms -> 1\.5 s \(\+275 %\)/)
  assert.equal(stdout.includes('SAME'), false)

  const [diff] = jsonLines((await folder.plimsoll(['diff', second, first, '--json'])).stdout)
  const { tasks } = diff as never as { tasks: { task: string; change: string; after: { status: string } }[] }
  assert.deepEqual(
    tasks.map(({ task, change }) => `${task} ${change}`),
    ['build changed', 'same same', 'old added', 'new removed'],
  )
  assert.equal(tasks[0]?.after.status, 'succeeded')
})

test('diff without a run, or with one that is not recorded, is a mistake of the call', async () => {
  using folder = new Folder()
  await twoRuns(folder)
  assert.match((await folder.plimsoll(['diff'])).stderr, /error USAGE: a run is missing/)
  assert.match((await folder.plimsoll(['diff', 'nope'])).stderr, /error RUN_UNKNOWN/)
})

test('export writes everything of a run as one JSON object, to a file that only its owner may read', async () => {
  using folder = new Folder()
  const [second] = await twoRuns(folder)
  const { stdout } = await folder.plimsoll(['export'])
  const exported = JSON.parse(stdout)
  assert.equal(exported.run.runId, second)
  assert.equal(exported.run.report.status, 'failed')
  assert.equal(exported.run.definition.tasks.length, 3)
  assert.deepEqual(Object.keys(exported.run.report.tasks).sort(), ['build', 'new', 'same'])
  assert.equal(exported.attempts.length, 4)
  assert.equal(exported.tasks.length, 3)
  assert.equal(exported.events[0].type, 'run-started')
  assert.equal(exported.events.filter(({ type }: { type: string }) => type === 'attempt-ended').length, 4)
  assert.ok(exported.memory.length > 0)

  const toFile = await folder.plimsoll(['export', 'last', '--output', 'run.json'])
  assert.deepEqual([toFile.code, toFile.stdout], [0, ''])
  assert.equal(readFileSync(join(folder.path, 'run.json'), 'utf8'), stdout)
  assert.equal(statSync(join(folder.path, 'run.json')).mode & 0o777, 0o600)
  const nowhere = await folder.plimsoll(['export', '--output', 'no/such/run.json'])
  assert.equal(nowhere.code, 1)
  assert.match(nowhere.stderr, /error EXPORT_UNWRITABLE: no\/such\/run\.json: ENOENT/)
})
