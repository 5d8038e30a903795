import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parsePlan } from '../../src/plan/plan.ts'
import { predict } from '../../src/predict.ts'
import type { DeployEvent, Report } from '../../src/spine.ts'
import { openYard, type Yard } from './deploying.ts'

const statusesOf = (report: Report): string =>
  Object.entries(report.tasks)
    .map(([name, { status }]) => `${name} ${status}`)
    .join(', ')

/** Why tasks ran, as they were told of the last run. */
function reasonsOf({ messages }: Yard, { runId }: Report): Record<string, string | undefined> {
  const started = messages.filter(
    (message): message is Extract<DeployEvent, { type: 'task-started' }> =>
      message.type === 'task-started' && message.runId === runId,
  )
  return Object.fromEntries(started.map(({ task, because }) => [task, because]))
}

const linesIn = (yard: Yard, name: string): number =>
  readFileSync(join(yard.dir, name), 'utf8').split('\n').length - 1

const chain = `
name: chain
tasks:
  build:
    inputs: [src]
    outputs: [dist]
    run: 'echo x >> built; mkdir -p dist; cat src/* > dist/out; echo "rev=$(cat src/a)" >> "$PLIMSOLL_OUTPUT"'
  use:
    needs: build
    inputs: [dist]
    exec: [sh, -c, 'echo "$0" >> used', "\${tasks.build.outputs.rev}"]
  always: { needs: use, run: 'echo x >> always' }
`

async function chainYard(): Promise<Yard> {
  const yard = await openYard()
  mkdirSync(join(yard.dir, 'src'))
  writeFileSync(join(yard.dir, 'src', 'a'), '1')
  return yard
}

test('a task is skipped while nothing it depends on has changed, and hands on what it did before', async () => {
  await using yard = await chainYard()
  const first = await yard.deploy(chain)
  assert.equal(statusesOf(first), 'build succeeded, use succeeded, always succeeded')
  const second = await yard.deploy(chain)
  assert.equal(statusesOf(second), 'build skipped, use skipped, always succeeded')
  assert.equal(second.tasks.build?.because, `unchanged since run ${first.runId}`)
  assert.deepEqual(second.tasks.build?.outputs, { rev: '1' })
  // "use" is compared with the output of a task that did not run this time.
  const forced = await yard.deploy(chain, { force: ['use'] })
  assert.equal(statusesOf(forced), 'build skipped, use succeeded, always succeeded')
  assert.equal(reasonsOf(yard, forced).use, 'it was asked for')
  assert.equal(readFileSync(join(yard.dir, 'used'), 'utf8'), '1\n1\n')
  assert.equal(statusesOf(await yard.deploy(chain, { force: true })), statusesOf(first))
})

test('a changed file runs its task again, and what needs it only when content changed as well', async () => {
  await using yard = await chainYard()
  await yard.deploy(chain.replace('cat src/*', 'echo'))
  writeFileSync(join(yard.dir, 'src', 'b'), 'new')
  const report = await yard.deploy(chain.replace('cat src/*', 'echo'))
  assert.equal(statusesOf(report), 'build succeeded, use skipped, always succeeded')
  assert.equal(reasonsOf(yard, report).build, 'inputs changed: src/b')
  const other = await yard.deploy(chain)
  assert.equal(statusesOf(other), 'build succeeded, use succeeded, always succeeded')
  assert.deepEqual(reasonsOf(yard, other), {
    ...{ build: 'its command changed', use: 'inputs changed: dist/out', always: undefined },
  })
})

test('what a task made must still be there as it was', async () => {
  await using yard = await chainYard()
  await yard.deploy(chain)
  appendFileSync(join(yard.dir, 'dist', 'out'), 'by hand')
  const changed = await yard.deploy(chain)
  assert.equal(reasonsOf(yard, changed).build, 'outputs changed: dist/out')
  rmSync(join(yard.dir, 'dist'), { recursive: true })
  const gone = await yard.deploy(chain)
  assert.equal(reasonsOf(yard, gone).build, 'what it makes is not there (dist)')
  assert.equal(statusesOf(await yard.deploy(chain)), 'build skipped, use skipped, always succeeded')
})

test('a task that failed, was undone or was begun again in the meantime is not done', async () => {
  await using yard = await chainYard()
  const plan = (undo: string, last: string) => `
name: undone
tasks:
  make: { inputs: [src], run: 'echo x >> made; test "$(cat src/a)" != 2'${undo} }
  last: { needs: make, run: '${last}' }
`
  const undoable = ", undo: { run: 'echo x >> unmade' }"
  assert.equal((await yard.deploy(plan(undoable, 'false'))).status, 'rolled-back')
  const after = await yard.deploy(plan(undoable, 'true'))
  assert.equal(reasonsOf(yard, after).make, 'no success to compare with')
  assert.equal(statusesOf(await yard.deploy(plan('', 'true'))), 'make skipped, last succeeded')
  // With other inputs it ran half-way; the old ones do not make it done again.
  writeFileSync(join(yard.dir, 'src', 'a'), '2')
  assert.equal(statusesOf(await yard.deploy(plan('', 'true'))), 'make failed, last cancelled')
  writeFileSync(join(yard.dir, 'src', 'a'), '1')
  assert.equal(statusesOf(await yard.deploy(plan('', 'true'))), 'make succeeded, last succeeded')
  assert.equal(linesIn(yard, 'unmade'), 1)
})

test('a task that was skipped is not undone after a failure', async () => {
  await using yard = await chainYard()
  const plan = (last: string) => `
name: kept
tasks:
  make: { inputs: [src], run: 'true', undo: { run: 'touch unmade' } }
  last: { needs: make, run: '${last}' }
`
  await yard.deploy(plan('true'))
  const report = await yard.deploy(plan('false'))
  assert.equal(report.tasks.make?.status, 'skipped')
  assert.throws(() => statSync(join(yard.dir, 'unmade')))
})

test('each environment of a plan has its own successes', async () => {
  await using yard = await chainYard()
  const plan = `name: two\nenvironments: { a: {}, b: {} }\ntasks: { t: { inputs: [src], run: 'true' } }`
  const statusIn = async (environment: string) => statusesOf(await yard.deploy(plan, {}, { environment }))
  assert.deepEqual([await statusIn('a'), await statusIn('b')], ['t succeeded', 't succeeded'])
  assert.deepEqual([await statusIn('a'), await statusIn('b')], ['t skipped', 't skipped'])
})

test('a changed secret runs the task again; an output that holds one is not kept, and its task not skipped', async () => {
  await using yard = await chainYard()
  const plan = `
name: secrets
secrets: [PIN]
tasks:
  named: { inputs: [], run: 'true', env: { P: "\${secrets.PIN}" } }
  tells: { inputs: [], run: 'echo "pin=$P" >> "$PLIMSOLL_OUTPUT"', env: { P: "\${secrets.PIN}" } }
`
  const statusWith = async (PIN: string) =>
    statusesOf(await yard.deploy(plan, { variables: { ...process.env, PIN } }))
  assert.equal(await statusWith('4711-4711'), 'named succeeded, tells succeeded')
  assert.equal(await statusWith('4711-4711'), 'named skipped, tells succeeded')
  assert.equal(await statusWith('4712-4712'), 'named succeeded, tells succeeded')
  const state = join(yard.dir, '.plimsoll')
  assert.equal(statSync(join(state, 'seal.key')).mode & 0o777, 0o600)
  assert.equal(spawnSync('grep', ['-rlE', '471[12]-471[12]', state], { encoding: 'utf8' }).stdout, '')
})

test('why a task ran is told and recorded without secrets', async () => {
  await using yard = await openYard()
  const plan = `
name: secrets
secrets: [PIN]
tasks: { named: { inputs: ["lib-kqz7/**"], run: 'true', env: { P: "\${secrets.PIN}" } } }
`
  const report = await yard.deploy(plan, { variables: { ...process.env, PIN: 'kqz7' } })
  assert.equal(reasonsOf(yard, report).named, 'no file matches its inputs (lib-***/**)')
})

test('a service is done only while it runs', async () => {
  await using yard = await openYard()
  const plan = `name: service\ntasks: { up: { inputs: [], exec: [sleep, "60"], detach: true, undo: stop } }`
  const first = await yard.deploy(plan)
  const pid = Number(first.tasks.up?.outputs.pid)
  const second = await yard.deploy(plan)
  assert.equal(second.tasks.up?.status, 'skipped')
  assert.deepEqual(second.tasks.up?.outputs, { pid: String(pid) })
  process.kill(pid, 'SIGKILL')
  const third = await yard.deploy(plan)
  process.kill(Number(third.tasks.up?.outputs.pid), 'SIGKILL')
  assert.equal(reasonsOf(yard, third).up, 'its service does not run any more')
})

test('inputs that match nothing, or cannot be read, are told and run the task', async () => {
  await using yard = await chainYard()
  const plan = `name: odd\ntasks: { some: { inputs: [src, gone], run: 'true' }, none: { inputs: ["lib/**"], run: 'true' } }`
  await yard.deploy(plan)
  assert.equal(statusesOf(await yard.deploy(plan)), 'some skipped, none succeeded')
  const warnings = yard.messages.flatMap((message) => (message.type === 'warning' ? [message.error] : []))
  assert.deepEqual(
    new Set(warnings.map(({ code, message }) => `${code} ${message}`)),
    new Set([
      'INPUTS_UNMATCHED "some": no file matches "gone"',
      'INPUTS_UNKNOWN "none": no file matches its inputs (lib/**)',
    ]),
  )
})

test('outputs that were not made are told, and leave the task to run again', async () => {
  await using yard = await chainYard()
  const plan = `name: odd\ntasks: { t: { inputs: [src], outputs: [dist], run: 'true' } }`
  await yard.deploy(plan)
  assert.equal(statusesOf(await yard.deploy(plan)), 't succeeded')
  const warning = yard.messages.find((message) => message.type === 'warning')
  assert.match(JSON.stringify(warning), /INPUTS_UNKNOWN.*what it makes is not there \(dist\)/)
})

test('a plan tells before anything runs what is skipped, what runs and why, and what is decided later', async () => {
  await using yard = await chainYard()
  const plan = parsePlan(chain, { file: join(yard.dir, 'plimsoll.yaml') })
  const foretold = async (force: boolean | readonly string[] = false) => {
    const { tasks } = await predict(plan, { force })
    return Object.fromEntries(tasks.map(({ task, skipped, because }) => [task, skipped ?? because]))
  }
  assert.deepEqual(await foretold(), {
    ...{ build: 'no success to compare with', use: 'decided when "build" has ended', always: null },
  })
  const { runId } = await yard.deploy(chain)
  const done = `unchanged since run ${runId}`
  assert.deepEqual(await foretold(), { build: done, use: done, always: null })
  assert.deepEqual(await foretold(['build']), {
    ...{ build: 'it was asked for', use: 'decided when "build" has ended', always: null },
  })
  writeFileSync(join(yard.dir, 'src', 'b'), 'new')
  assert.deepEqual(await foretold(), {
    ...{
      build: 'inputs changed: src/b',
      use: 'decided when "build" has ended',
      always: null,
    },
  })
})

test('a name that is no task cannot be forced, and nothing is started', async () => {
  await using yard = await chainYard()
  await assert.rejects(yard.deploy(chain, { force: ['bild'] }), /"bild" is not a task.*did you mean "build"/)
  assert.throws(() => statSync(join(yard.dir, '.plimsoll')))
})
