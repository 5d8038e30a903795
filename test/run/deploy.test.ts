import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openJournal } from '../../src/journal/journal.ts'
import { parsePlan } from '../../src/plan/plan.ts'
import { predict } from '../../src/predict.ts'
import { openStoreForReading } from '../../src/store/store.ts'
import { openYard } from './deploying.ts'

const textIn = (dir: string, name: string): string => readFileSync(join(dir, name), 'utf8')

test('values that a task hands on reach later tasks, in words, environments and conditions', async () => {
  await using yard = await openYard()
  const report = await yard.deploy(`
name: outputs
tasks:
  build: { run: 'echo "file=a b.txt" >> "$PLIMSOLL_OUTPUT"' }
  use: { needs: build, exec: [sh, -c, 'echo "$0 $1" > out', "\${tasks.build.outputs.file}", "\${tasks.build.outputs.none:-default}"] }
  seen: { needs: build, when: tasks.build.outputs.file == "a b.txt", run: 'true' }
  unseen: { needs: build, when: tasks.build.outputs.file == "other", run: 'false' }
  missing: { needs: build, exec: [echo, "\${tasks.build.outputs.constructor}"] }
`)
  assert.equal(textIn(yard.dir, 'out'), 'a b.txt default\n')
  assert.equal(report.tasks.seen?.status, 'succeeded')
  assert.equal(report.tasks.unseen?.status, 'skipped')
  assert.equal(report.tasks.missing?.error?.code, 'OUTPUT_MISSING')
})

test('after a failure what succeeded is undone in reverse order of the graph, and the report says so', async () => {
  await using yard = await openYard()
  const undo = (name: string): string => `undo: { run: 'echo ${name} >> order' }`
  const report = await yard.deploy(`
name: undo
tasks:
  a: { run: 'true', ${undo('a')} }
  between: { needs: a, run: 'true' }
  b: { needs: between, run: 'true', ${undo('b')} }
  c: { needs: b, run: 'true', undo: { run: 'exit 3' } }
  bad: { needs: c, run: 'exit 1', ${undo('bad')} }
  after: { needs: bad, run: 'true', ${undo('after')} }
`)
  assert.equal(report.status, 'failed')
  assert.equal(textIn(yard.dir, 'order'), 'b\na\n')
  const statuses = Object.entries(report.tasks).map(([name, { status }]) => `${name} ${status}`)
  assert.deepEqual(statuses, [
    'a undone',
    'between succeeded',
    'b undone',
    'c succeeded',
    'bad failed',
    'after cancelled',
  ])
  assert.equal(report.tasks.c?.undo?.status, 'failed')
})

test('a run whose undo went well is rolled back, and without undo it has failed', async () => {
  await using yard = await openYard()
  const text = `
name: rollback
tasks:
  a: { run: 'touch made', undo: { exec: [rm, made] } }
  bad: { needs: a, run: 'exit 1' }
`
  assert.equal((await yard.deploy(text)).status, 'rolled-back')
  assert.equal(existsSync(join(yard.dir, 'made')), false)
  assert.equal((await yard.deploy(text, { undo: false })).status, 'failed')
  assert.equal(existsSync(join(yard.dir, 'made')), true)
})

test('a condition on how an earlier task ended lets a task run after a failure', async () => {
  await using yard = await openYard()
  const report = await yard.deploy(`
name: when
tasks:
  bad: { run: 'exit 1' }
  onFailure: { needs: bad, when: tasks.bad.status == "failed", run: 'true' }
  onSuccess: { needs: bad, when: tasks.bad.status == "succeeded", run: 'true' }
  skippedFor: { needs: onSuccess, run: 'true' }
`)
  const statuses = Object.values(report.tasks).map(({ status }) => status)
  assert.deepEqual(statuses, ['failed', 'succeeded', 'skipped', 'succeeded'])
})

test('a secret reaches the task that names it, no other, and nothing that is kept', async () => {
  await using yard = await openYard()
  const variables = { ...process.env, API_KEY: 'hunter2-hunter2' }
  const report = await yard.deploy(
    `
name: secrets
secrets: [API_KEY]
tasks:
  named: { run: 'printf %s "$KEY" > named; echo "$KEY"', env: { KEY: "\${secrets.API_KEY}" } }
  other: { run: 'printf %s "\${API_KEY-none}" > other' }
`,
    { variables },
  )
  assert.equal(report.status, 'succeeded')
  assert.equal(textIn(yard.dir, 'named'), 'hunter2-hunter2')
  assert.equal(textIn(yard.dir, 'other'), 'none')
  assert.equal(JSON.stringify([report, yard.messages]).includes('hunter2'), false)
  const search = spawnSync('grep', ['-rl', 'hunter2', join(yard.dir, '.plimsoll')], { encoding: 'utf8' })
  assert.deepEqual([search.status, search.stdout], [1, ''])
})

test('what cannot fit, a secret without a value and a missing consent start nothing', async () => {
  await using yard = await openYard()
  const tasks = `tasks: { a: { run: 'touch started', memory: { expect: 900TiB, limit: 950TiB } } }`
  await assert.rejects(yard.deploy(`name: big\n${tasks}`), (error: Error) => {
    assert.match(error.message, /"a" needs 900 TiB; there are /)
    return 'code' in error && error.code === 'NEED_EXCEEDS_CAPACITY'
  })
  const secret = `name: s\nsecrets: [NO_SUCH]\ntasks: { a: { run: 'touch started', env: { K: "\${secrets.NO_SUCH}" } } }`
  await assert.rejects(yard.deploy(secret, { variables: {} }), { code: 'SECRET_MISSING' })
  const approve = `name: p\nenvironments: { production: { approve: true } }\ntasks: { a: { run: 'touch started' } }`
  const unapproved = await yard.deploy(approve, {}, { environment: 'production' })
  assert.deepEqual([unapproved.status, unapproved.error?.code], ['interrupted', 'APPROVAL_NEEDED'])
  assert.equal(existsSync(join(yard.dir, 'started')), false)
  assert.equal((await yard.deploy(approve, { yes: true }, { environment: 'production' })).status, 'succeeded')
})

test('the journal tells the same as the report, task by task', async () => {
  await using yard = await openYard()
  const report = await yard.deploy(
    `name: journal\ntasks: { a: { run: 'echo hi' }, b: { needs: a, run: 'exit 4' } }`,
  )
  await using store = await openStoreForReading({ stateDir: join(yard.dir, '.plimsoll') })
  assert.ok(store)
  const journal = openJournal(store)
  assert.deepEqual((await journal.run('last')).report, report)
  const attempts = await journal.attempts(report.runId)
  assert.deepEqual(
    attempts.map(({ task, result }) => [task, result?.exitCode, result?.lastOutput ?? '']),
    [
      ['a', 0, ''],
      ['b', 4, ''],
    ],
  )
  const events = []
  for await (const event of journal.events(report.runId)) events.push(event)
  assert.deepEqual(
    events,
    yard.messages.filter(({ type }) => type !== 'memory' && type !== 'report'),
  )
})

test('the memory of a run is recorded, with the peak that its report tells and the load line', async () => {
  await using yard = await openYard()
  const report = await yard.deploy(`
name: memory
tasks:
  large: { run: 'head -c 50000000 /dev/zero | tail | { sleep 1.5; cat > /dev/null; }' }
  after: { needs: large, run: 'sleep 0.3' }
`)
  assert.ok(report.peakMemoryBytes > 40_000_000)
  await using store = await openStoreForReading({ stateDir: join(yard.dir, '.plimsoll') })
  assert.ok(store)
  const journal = openJournal(store)
  const run = await journal.run('last')
  const points = await journal.memory(run.runId)
  assert.equal(Math.max(...points.map(({ tasksBytes }) => tasksBytes)), report.peakMemoryBytes)
  for (const [index, { atMs, usedBytes, loadLineBytes, capacityBytes }] of points.entries()) {
    assert.ok(atMs > (points[index - 1]?.atMs ?? run.startedAtMs - 1_000) && atMs <= report.atMs)
    assert.ok(0 < usedBytes && usedBytes <= capacityBytes && loadLineBytes < capacityBytes)
  }
})

test('an interruption stops what runs, starts nothing and undoes nothing; the report says interrupted', async () => {
  await using yard = await openYard()
  const stop = new AbortController()
  const report = await yard.deploy(
    `
name: interrupted
tasks:
  a: { run: 'touch made', undo: { exec: [rm, made] } }
  b: { needs: a, run: 'sleep 1000' }
  c: { needs: b, run: 'true' }
`,
    {
      signal: stop.signal,
      onEvent: (message) => {
        if (message.type === 'attempt-identified' && message.task === 'b') stop.abort()
      },
    },
  )
  assert.equal(report.status, 'interrupted')
  assert.deepEqual(
    Object.values(report.tasks).map(({ status }) => status),
    ['succeeded', 'cancelled', 'cancelled'],
  )
  assert.equal(existsSync(join(yard.dir, 'made')), true)
})

test('a prediction knows the times of earlier runs and what will be skipped', async () => {
  await using yard = await openYard()
  const text = `name: predict\ntasks: { a: { run: 'sleep 0.05' }, b: { needs: a, when: environment == "production", run: 'true' } }`
  const plan = parsePlan(text, { file: join(yard.dir, 'plimsoll.yaml') })
  const before = await predict(plan)
  assert.equal(before.tasks[0]?.expectedMs, null)
  assert.equal(before.tasks[1]?.skipped, 'its "when" does not hold')
  await yard.deploy(text)
  const after = await predict(plan)
  assert.ok((after.tasks[0]?.expectedMs ?? 0) >= 50)
  assert.equal(after.durationMs, after.tasks[0]?.expectedMs)
})
