import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainStyle, renderMarkdown, renderReport } from '../../src/report/report.ts'
import { openYard } from './deploying.ts'

const noise = 'echo "cache: connect ECONNREFUSED 127.0.0.1:6399"'

test('a failed task is explained in the report, for a terminal, as Markdown and as JSON', async () => {
  await using yard = await openYard()
  const report = await yard.deploy(`
name: shop
tasks:
  config: { run: 'echo reading; cat /nowhere/config.yaml' }
  after: { needs: config, run: 'true' }
`)
  const { diagnosis } = report.tasks.config ?? {}
  assert.equal(diagnosis?.cause, 'file-not-found')
  assert.deepEqual(
    diagnosis?.evidence.map(({ log, line }) => `${log}:${line}`),
    ['config:2'],
  )
  assert.equal(report.tasks.after?.diagnosis, undefined)
  assert.match(
    renderReport(report, plainStyle),
    /File not found \(file-not-found\): .*\n.*\| config:2: cat: /,
  )
  assert.match(renderMarkdown(report), /\*\*File not found\*\* \(file\\-not\\-found\)/)
  const last = JSON.parse(JSON.stringify(yard.messages.at(-1)))
  assert.equal(last.tasks.config.diagnosis.cause, 'file-not-found')
})

test('a failed task of a hook is explained as well', async () => {
  await using yard = await openYard()
  const { hooks } = await yard.deploy(`
name: shop
before: { prepare: { run: 'cat /nowhere/prepare.yaml', retry: { attempts: 1 } } }
tasks: { a: { run: 'true' } }
`)
  const { diagnosis } = hooks?.before?.prepare ?? {}
  assert.equal(diagnosis?.cause, 'file-not-found')
  assert.deepEqual(
    diagnosis?.evidence.map(({ log, line }) => `${log}:${line}`),
    ['prepare:1'],
  )
})

test('an undo that failed shows its last output and is explained, beside the failure that led to it', async () => {
  await using yard = await openYard()
  const report = await yard.deploy(`
name: shop
tasks:
  port: { run: 'true', undo: { run: 'echo "bind: Address already in use"; exit 1' } }
  gone: { run: 'echo taken back', undo: { run: 'true' } }
  config: { needs: [port, gone], run: 'cat /nowhere/config.yaml' }
`)
  const { status, undo } = report.tasks.port ?? {}
  assert.deepEqual(
    [status, undo?.status, undo?.lastOutput],
    ['succeeded', 'failed', 'bind: Address already in use'],
  )
  assert.equal(undo?.diagnosis?.cause, 'port-in-use')
  assert.equal(report.tasks.gone?.undo?.diagnosis, undefined)
  assert.equal(report.tasks.config?.diagnosis?.cause, 'file-not-found')
  const undone = /undo of port: TASK_FAILED .*\n.*\n {2}last output:\n.*bind: .*\n.*\(port-in-use\)/
  assert.match(renderReport(report, plainStyle), undone)
  assert.match(renderMarkdown(report), /### undo of port\n[^#]*\(port\\-in\\-use\)/)
})

test('what the engine saw itself goes before what the log says', async () => {
  await using yard = await openYard()
  const { tasks } = await yard.deploy(`
name: facts
tasks:
  slow: { run: '${noise}; exec sleep 600', timeout: 300ms }
  probe: { http: "http://name.invalid/up" }
  missing: { exec: [no-such-program] }
  outputs: { run: 'echo nonsense > "$PLIMSOLL_OUTPUT"' }
`)
  const causes = Object.entries(tasks).map(([name, { diagnosis }]) => [name, diagnosis?.cause])
  assert.deepEqual(Object.fromEntries(causes), {
    slow: 'timeout',
    probe: 'dns',
    missing: 'command-not-found',
    outputs: 'config-error',
  })
  assert.equal(tasks.slow?.diagnosis?.evidence[0]?.log, 'plimsoll')
})

test('a task over its limit ran out of memory, whatever it printed', async () => {
  await using yard = await openYard()
  const { tasks } = await yard.deploy(`
name: hungry
tasks:
  eat: { memory: 64MiB, run: '${noise}; exec perl -e "my \\$x = q(x) x 300000000; sleep 60"' }
`)
  assert.equal(tasks.eat?.diagnosis?.cause, 'oom')
})

test('what a task also prints when it succeeds is not why it failed', async () => {
  await using yard = await openYard()
  const plan = (ending: string): string => `
name: habits
tasks:
  up: { run: '${noise}; ${ending}' }
`
  await yard.deploy(plan('true'))
  const { tasks } = await yard.deploy(plan('echo the flux could not be kept; exit 1'))
  assert.equal(tasks.up?.diagnosis?.cause, null)
  assert.deepEqual(
    tasks.up?.diagnosis?.evidence.map(({ text }) => text),
    ['the flux could not be kept'],
  )
  const known = await yard.deploy(plan('echo "fatal: could not resolve host: db.invalid"; exit 1'))
  assert.equal(known.tasks.up?.diagnosis?.cause, 'dns')

  await using stranger = await openYard()
  const first = await stranger.deploy(plan('echo the flux is gone; exit 1'))
  assert.notEqual(first.tasks.up?.diagnosis?.cause, null)
})

test('of a large log the beginning and the end are read, and the diagnosis says so', async () => {
  await using yard = await openYard()
  const lines =
    'for i in $(seq 100000); do echo "$i of many lines that say nothing at all of interest to anybody here"; done'
  const { tasks } = await yard.deploy(`
name: talkative
tasks:
  talk: { run: '${lines}; echo "bind: Address already in use"; exit 1' }
`)
  const { diagnosis } = tasks.talk ?? {}
  assert.equal(diagnosis?.cause, 'port-in-use')
  assert.deepEqual(diagnosis?.evidence, [{ log: 'talk', line: null, text: 'bind: Address already in use' }])
  assert.ok((diagnosis?.partial?.readBytes ?? 0) < (diagnosis?.partial?.ofBytes ?? 0))
})

for (const [is, made, why] of [
  ['gone', 'true', /^its log is gone: runs\/.*\.log$/],
  ['a fifo', 'mkfifo "$log"', /^its log cannot be read: .* is no file$/],
  ['a folder', 'mkdir "$log"', /^its log cannot be read: .* is no file$/],
] as const)
  test(`when the log of a task is ${is}, its diagnosis tells of it, and others are explained`, async () => {
    await using yard = await openYard()
    const own = 'until log=$(grep -l "^mine" .plimsoll/runs/*/*.log); do sleep 0.05; done'
    const { tasks } = await yard.deploy(`
name: careless
tasks:
  tidy: { run: 'echo mine; ${own}; rm "$log"; ${made}; exit 3' }
  config: { run: 'cat /nowhere/config.yaml' }
`)
    const { diagnosis } = tasks.tidy ?? {}
    assert.equal(diagnosis?.cause, null)
    assert.doesNotMatch(diagnosis?.explanation ?? '', /Nothing in what was read/)
    assert.match(diagnosis?.evidence.at(-1)?.text ?? '', why)
    assert.equal(tasks.config?.diagnosis?.cause, 'file-not-found')
  })

test('a run that succeeds has no diagnosis', async () => {
  await using yard = await openYard()
  const report = await yard.deploy(`
name: fine
tasks:
  build: { run: 'echo "error: only words"' }
`)
  assert.equal(report.tasks.build?.diagnosis, undefined)
})
