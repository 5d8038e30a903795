import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type RollbackOptions, rollback } from '../../src/deploy.ts'
import type { Report, RunMessage } from '../../src/spine.ts'
import { openYard, type Yard } from './deploying.ts'

const textIn = ({ dir }: Yard, name: string): string => readFileSync(join(dir, name), 'utf8')

const rollBack = (yard: Yard, run: string, options: Partial<RollbackOptions> = {}): Promise<Report> =>
  rollback(run, {
    stateDir: join(yard.dir, '.plimsoll'),
    onEvent: (message) => void yard.messages.push(message),
    ...options,
  })

const statusesOf = ({ tasks }: Report): string[] =>
  Object.entries(tasks).map(
    ([name, { status, undo }]) => `${name} ${status}${undo ? ` (undo ${undo.status})` : ''}`,
  )

const undoOf = (name: string): string => `undo: { run: 'echo ${name} >> order' }`

test('a run that went well is undone in reverse order of its graph, with the values that its tasks handed on', async () => {
  await using yard = await openYard()
  const deployed = await yard.deploy(`
name: back
tasks:
  a: { run: 'echo "db=shop" >> "$PLIMSOLL_OUTPUT"', ${undoOf('a')} }
  between: { needs: a, run: 'true' }
  b:
    needs: between
    run: 'true'
    undo: { exec: [sh, -c, 'echo "b $0" >> order', "\${tasks.a.outputs.db}"] }
  skipped: { needs: a, when: environment == "x", run: 'true', ${undoOf('skipped')} }
`)
  const report = await rollBack(yard, 'last')
  assert.equal(report.runId, deployed.runId)
  assert.equal(report.status, 'rolled-back')
  assert.equal(textIn(yard, 'order'), 'b shop\na\n')
  assert.deepEqual(statusesOf(report), [
    ...['a undone (undo succeeded)', 'between succeeded', 'b undone (undo succeeded)', 'skipped skipped'],
  ])
  const again = await rollBack(yard, deployed.runId)
  assert.deepEqual(again, report)
  assert.equal(textIn(yard, 'order'), 'b shop\na\n')
})

test('an undo that fails is told and stops no other; the next rollback tries that one alone, with all its attempts', async () => {
  await using yard = await openYard()
  await yard.deploy(`
name: back
tasks:
  a: { run: 'true', ${undoOf('a')} }
  b: { needs: a, run: 'true', retry: { attempts: 2, delay: 10ms }, undo: { run: 'echo try >> tries; test -e allowed' } }
  c: { needs: b, run: 'true', ${undoOf('c')} }
`)
  const first = await rollBack(yard, 'last')
  assert.equal(first.status, 'failed')
  assert.equal(first.tasks.b?.undo?.error?.code, 'TASK_FAILED')
  assert.equal(textIn(yard, 'order'), 'c\na\n')
  assert.equal((await rollBack(yard, 'last')).status, 'failed')
  assert.equal(textIn(yard, 'tries'), 'try\n'.repeat(4))
  writeFileSync(join(yard.dir, 'allowed'), '')
  assert.equal((await rollBack(yard, 'last')).status, 'rolled-back')
  assert.equal(textIn(yard, 'tries'), 'try\n'.repeat(5))
  assert.equal(textIn(yard, 'order'), 'c\na\n')
})

test('a run that was undone in part after its failure is undone whole', async () => {
  await using yard = await openYard()
  const plan = `
name: back
tasks:
  a: { run: 'true', ${undoOf('a')} }
  b: { needs: a, run: 'true', ${undoOf('b')} }
  bad: { needs: b, run: 'false', ${undoOf('bad')} }
`
  assert.equal((await yard.deploy(plan, { undo: false })).status, 'failed')
  assert.equal((await rollBack(yard, 'last')).status, 'rolled-back')
  assert.equal(textIn(yard, 'order'), 'b\na\n')
})

test('the undo keeps to the load line as the deployment did', async () => {
  await using yard = await openYard()
  // Less than the machine has in use already: then one task runs at a time.
  const names = ['a', 'b', 'c']
  const tasks = names.map(
    (name) =>
      `  ${name}: { run: 'true', undo: { run: 'echo begin >> order; sleep 0.2; echo end >> order' } }`,
  )
  await yard.deploy(`name: back\nmemory: { budget: 1MiB }\ntasks:\n${tasks.join('\n')}`)
  yard.messages.length = 0
  assert.equal((await rollBack(yard, 'last')).status, 'rolled-back')
  assert.equal(textIn(yard, 'order'), 'begin\nend\n'.repeat(3))
  const isWait = (message: RunMessage): boolean =>
    message.type === 'task-waiting' && message.phase === 'undo' && message.reason !== 'slot'
  assert.ok(yard.messages.some(isWait))
})

test('the service of a run is stopped from its record', async () => {
  await using yard = await openYard()
  const deployed = await yard.deploy(
    `name: back\ntasks: { up: { exec: [sleep, "60"], detach: true, undo: stop } }`,
  )
  const pid = Number(deployed.tasks.up?.outputs.pid)
  assert.equal(process.kill(pid, 0), true)
  assert.equal((await rollBack(yard, 'last')).status, 'rolled-back')
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
})

test('secrets are looked up again, only those of tasks that are undone; what held one is not made up', async () => {
  await using yard = await openYard()
  const plan = `
name: back
secrets: [KEY, OTHER]
tasks:
  a:
    run: 'echo "token=$KEY" >> "$PLIMSOLL_OUTPUT"'
    env: { KEY: "\${secrets.KEY}" }
    undo: { run: 'printf %s "$KEY" > seen' }
  b: { needs: a, run: 'true', env: { O: "\${secrets.OTHER}" } }
  c: { needs: a, run: 'true', undo: { exec: [sh, -c, 'echo $0 > wrong', "\${tasks.a.outputs.token:-default}"] } }
`
  await yard.deploy(plan, { variables: { ...process.env, KEY: 'first-key-1', OTHER: 'other-key-1' } })
  const without = rollBack(yard, 'last', { variables: { PATH: process.env.PATH } })
  await assert.rejects(without, { code: 'SECRET_MISSING' })
  const report = await rollBack(yard, 'last', { variables: { ...process.env, KEY: 'second-key-2' } })
  assert.equal(textIn(yard, 'seen'), 'second-key-2')
  assert.equal(report.status, 'failed')
  assert.match(report.tasks.c?.undo?.error?.message ?? '', /"a" handed on as "token" held a secret/)
  assert.equal(existsSync(join(yard.dir, 'wrong')), false)
})

test('a task that was undone is not skipped as done, and a consent is asked for again', async () => {
  await using yard = await openYard()
  writeFileSync(join(yard.dir, 'in'), '1')
  const plan = `
name: back
environments: { production: { approve: true } }
tasks: { t: { inputs: [in], run: 'true', ${undoOf('t')} } }
`
  const deploy = () => yard.deploy(plan, { yes: true }, { environment: 'production' })
  await deploy()
  await assert.rejects(rollBack(yard, 'last'), { code: 'APPROVAL_NEEDED' })
  assert.equal(existsSync(join(yard.dir, 'order')), false)
  assert.equal((await rollBack(yard, 'last', { yes: true })).status, 'rolled-back')
  assert.equal((await deploy()).tasks.t?.status, 'succeeded')
})

test('a module of the plan that is gone fails its own undo only', async () => {
  await using yard = await openYard()
  const module = join(yard.dir, 'm.mjs')
  writeFileSync(module, 'export const back = () => ({})\n')
  await yard.deploy(`
name: back
tasks:
  a: { run: 'true', ${undoOf('a')} }
  b: { needs: a, run: 'true', undo: { call: ./m.mjs#back } }
`)
  rmSync(module)
  const report = await rollBack(yard, 'last')
  assert.deepEqual(statusesOf(report), ['a undone (undo succeeded)', 'b succeeded (undo failed)'])
  assert.equal(report.tasks.b?.undo?.error?.code, 'CALL_NOT_FOUND')
})

test('a rollback is no failure: no hook of the plan runs', async () => {
  await using yard = await openYard()
  await yard.deploy(`
name: back
before: { prepare: { run: 'echo before >> hooks' } }
onFailure: { tell: { run: 'echo failed >> hooks' } }
after: { clean: { run: 'echo after >> hooks' } }
tasks: { a: { run: 'true', ${undoOf('a')} } }
`)
  assert.equal((await rollBack(yard, 'last')).status, 'rolled-back')
  assert.equal(textIn(yard, 'hooks'), 'before\nafter\n')
})
