import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { plainStyle, renderMarkdown, renderReport } from '../../src/report/report.ts'
import { openYard, type Yard } from './deploying.ts'

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

const building = (bytes: number): string => {
  const line = (at: number): string =>
    `[ 42%] Building CXX object src/shop.dir/part_${`${at}`.padStart(7, '0')}.cpp.o\n`
  return Array.from({ length: bytes / line(0).length }, (_, at) => line(at)).join('')
}
const undeclared = 'cart.cpp:12:5: error: ‘total’ was not declared in this scope\n'
const mib = 1024 ** 2

/** A task that prints this and fails. */
function printing(yard: Yard, text: string): string {
  const file = join(yard.dir, 'printed')
  writeFileSync(file, text)
  return `{ run: 'cat ${file}; exit 2' }`
}

test('where the end of a large log names no cause, more of it is read', async () => {
  await using yard = await openYard()
  const text = `${building(6 * mib)}${undeclared}${building(2 * mib)}make: *** [Makefile:91: all] Error 2\n`
  const { tasks } = await yard.deploy(`name: shop\ntasks:\n  build: ${printing(yard, text)}\n`)
  const { cause, evidence, partial } = tasks.build?.diagnosis ?? {}
  assert.equal(cause, 'compile-error')
  assert.equal(evidence?.[0]?.text, undeclared.trim())
  assert.ok((partial?.readBytes ?? 0) > 2 * mib)
})

test('what a second reading may take is shared by all failed tasks', async () => {
  await using yard = await openYard()
  const text = `${building(1.6 * mib)}${undeclared}${building(0.23 * mib)}make: *** [Makefile:91: all] Error 2\n`
  const work = printing(yard, text)
  const names = ['a', 'b', 'c', 'd', 'e']
  const { tasks } = await yard.deploy(
    `name: shop\ntasks:\n${names.map((name) => `  ${name}: ${work}\n`).join('')}`,
  )
  assert.deepEqual(
    names.map((name) => tasks[name]?.diagnosis?.cause),
    names.map(() => 'compile-error'),
  )
  const read = names.reduce((sum, name) => sum + (tasks[name]?.diagnosis?.partial?.readBytes ?? 0), 0)
  assert.ok(read <= 8 * mib)
})

test('a log that takes long to look at is not read further, wherever its many complaints stand', async () => {
  await using yard = await openYard()
  const names = Array.from({ length: 40_000 }, (_, at) =>
    at.toString(2).replaceAll('0', 'q').replaceAll('1', 'z'),
  )
  const warnings = names.map((name) => `WARN cart: request of ${name} failed, retrying\n`).join('')
  const ending = 'make: *** [Makefile:91: all] Error 2\n'
  for (const text of [
    `${warnings}${ending}`,
    `${building(mib)}${undeclared}${warnings}${building(1.2 * mib)}${ending}`,
  ]) {
    const { tasks } = await yard.deploy(`name: shop\ntasks:\n  build: ${printing(yard, text)}\n`)
    const { cause, partial } = tasks.build?.diagnosis ?? {}
    assert.equal(cause, null)
    assert.equal(partial?.readBytes, mib)
  }
})

test('a green run is compared with as far as the failed one was read, from its beginning and from its end', async () => {
  await using yard = await openYard()
  const known = 'cache: connect ECONNREFUSED 127.0.0.1:6399\n'
  const [before, after] = [building(0.35 * mib), building(0.3 * mib)]
  const plan = (text: string, code: number): string =>
    `name: shop\ntasks:\n  up: ${printing(yard, text).replace('exit 2', `exit ${code}`)}\n`
  await yard.deploy(plan(`${before}${known}${after}`, 0))
  const same = await yard.deploy(plan(`${before}${known}${after}the flux could not be kept\n`, 1))
  assert.equal(same.tasks.up?.diagnosis?.cause, null)
  await yard.deploy(plan(`${before}${known}${after}${building(3 * mib)}`, 0))
  await yard.deploy(plan(`${building(3 * mib)}${before}${known}${after}`, 0))
  const sooner = await yard.deploy(plan(`${before}${known}`, 1))
  assert.equal(sooner.tasks.up?.diagnosis?.cause, null)
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

test('of many failures the first are explained, and the report says how many more there are', async () => {
  await using yard = await openYard()
  const tasks = Array.from({ length: 7 }, (_, at) => `  t${at}: { run: 'cat /nowhere/${at}' }\n`).join('')
  const report = await yard.deploy(`name: many\ntasks:\n${tasks}`)
  const explained = Object.values(report.tasks).filter(({ diagnosis }) => diagnosis !== undefined)
  assert.equal(explained.length, 5)
  const last = JSON.parse(JSON.stringify(yard.messages.at(-1)))
  assert.equal(last.undiagnosed, 2)
  const { runId } = report
  const facts = { recordOptions: ' --state elsewhere' }
  const text = renderReport(report, plainStyle, facts)
  assert.match(text, new RegExp(`^why 2 more failed: plimsoll diagnose ${runId} --state elsewhere$`, 'm'))
  assert.match(
    renderMarkdown(report).replaceAll('\\', ''),
    new RegExp(`^why 2 more failed: plimsoll diagnose ${runId}$`, 'm'),
  )

  await using other = await openYard()
  const few = await other.deploy("name: few\ntasks: { a: { run: 'cat /nowhere/a' } }\n")
  assert.equal(few.undiagnosed, undefined)
  assert.doesNotMatch(renderReport(few, plainStyle), /more failed/)
})
