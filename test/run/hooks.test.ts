/** Tasks beside the deployment, run for real: before it, after a failure and at the end. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openJournal } from '../../src/journal/journal.ts'
import { openStore } from '../../src/store/store.ts'
import { linesOf } from '../plan/parsing.ts'
import { openYard, type Yard } from './deploying.ts'

const wordsOf = (yard: Yard): readonly string[] =>
  existsSync(join(yard.dir, 'said')) ? readFileSync(join(yard.dir, 'said'), 'utf8').trim().split('\n') : []

const plan = (build: string, open = 'echo before >> said') => `
name: shop
before:
  open:
    run: ${open}; echo "door=open" >> "$PLIMSOLL_OUTPUT"
tasks:
  build:
    exec: [sh, -c, "echo build \${tasks.open.outputs.door} >> said; ${build}"]
    undo: { run: echo undo >> said }
  ship:
    needs: build
    run: echo ship >> said; exit 3
    when: version == "broken"
onFailure:
  page:
    run: echo "page $PLIMSOLL_STATUS" >> said
after:
  close:
    run: echo "close $PLIMSOLL_STATUS" >> said
  tell:
    needs: close
    run: echo "tell $BUILT" >> said
    env: { BUILT: "\${tasks.build.outputs.image:-nothing}" }
`

test('hooks run before all tasks and after all tasks, and read what came before them', async () => {
  await using yard = await openYard()
  const report = await yard.deploy(plan('echo image=shop:1 >> $PLIMSOLL_OUTPUT'))
  assert.equal(report.status, 'succeeded')
  assert.deepEqual(wordsOf(yard), ['before', 'build open', 'close succeeded', 'tell shop:1'])
  const { before, after, onFailure } = report.hooks ?? {}
  assert.equal(before?.open?.status, 'succeeded')
  assert.deepEqual(Object.keys(after ?? {}), ['close', 'tell'])
  assert.equal(onFailure, undefined, 'what was not begun is not in the report')
  assert.deepEqual(Object.keys(report.tasks), ['build', 'ship'])
})

test('after a failure the undo comes first, then onFailure, then after', async () => {
  await using yard = await openYard()
  const report = await yard.deploy(plan('true'), {}, { version: 'broken' })
  assert.equal(report.status, 'rolled-back')
  assert.deepEqual(wordsOf(yard), [
    ...['before', 'build open', 'ship', 'undo', 'page rolled-back', 'close rolled-back', 'tell nothing'],
  ])
})

test('a failing task of before starts no task, and the run has failed', async () => {
  await using yard = await openYard()
  const report = await yard.deploy(plan('true', 'echo no >> said; exit 4'))
  assert.equal(report.status, 'failed')
  assert.deepEqual(wordsOf(yard), ['no', 'page failed', 'close failed', 'tell nothing'])
  assert.equal(report.hooks?.before?.open?.exitCode, 4)
  assert.match(report.tasks.build?.because ?? '', /a task of "before" failed/)
})

test('what fails afterwards is a warning, and changes nothing of the run', async () => {
  await using yard = await openYard()
  const text = 'name: shop\ntasks: { build: { run: "true" } }\nafter: { tell: { run: echo no; exit 9 } }'
  const report = await yard.deploy(text)
  assert.equal(report.status, 'succeeded')
  assert.equal(report.hooks?.after?.tell?.status, 'failed')
  const [warning] = yard.messages.flatMap((message) => (message.type === 'warning' ? [message.error] : []))
  assert.equal(warning?.code, 'HOOK_FAILED')
  assert.match(warning?.message ?? '', /^the task "tell" of "after" failed: TASK_FAILED .*exit code 9/)
})

test('nothing new begins once a person stopped the run', async () => {
  await using yard = await openYard()
  const stop = new AbortController()
  const report = await yard.deploy(
    'name: shop\ntasks: { build: { run: sleep 600 } }\nafter: { tell: { run: echo no >> said } }',
    {
      signal: stop.signal,
      onEvent: (message) => void (message.type === 'attempt-identified' && stop.abort()),
    },
  )
  assert.equal(report.status, 'interrupted')
  assert.deepEqual(wordsOf(yard), [])
})

test('hooks are in the journal with their attempts and logs, and a secret reaches only those that name it', async () => {
  await using yard = await openYard()
  const report = await yard.deploy(
    'name: shop\nsecrets: [KEY]\ntasks: { build: { run: "echo [$KEY]" } }\nafter: { tell: { run: "echo [$KEY]", env: { KEY: "${secrets.KEY}" } } }',
    { variables: { ...process.env, KEY: 'correct-horse' } },
  )
  assert.equal(report.status, 'succeeded')
  await using store = await openStore({ stateDir: join(yard.dir, '.plimsoll') })
  const attempts = await openJournal(store).attempts(report.runId)
  const said = attempts.map(({ phase, task, log }) => [
    ...[phase, task, readFileSync(join(yard.dir, '.plimsoll', log), 'utf8')],
  ])
  assert.deepEqual(said, [
    ['deploy', 'build', '[]\n'],
    ['after', 'tell', '[***]\n'],
  ])
})

const problems = (text: string): string =>
  linesOf(`name: shop\ntasks: { build: { run: x } }\n${text}`).join('\n')

test('a hook is a task of its own: what cannot be meant is told with its place', () => {
  assert.match(
    problems('after: { build: { run: x } }'),
    /after\.build: found "build", which is a task of "tasks" as well/,
  )
  assert.match(
    problems('after: { tell: { run: x, needs: build } }'),
    /found "build", which is a task of "tasks", expected one of "after"/,
  )
  assert.match(problems('before: { a: { run: x, undo: { run: y } } }'), /before\.a\.undo: unknown key/)
  assert.match(problems('before: { a: { run: x, detach: true } }'), /before\.a\.detach: unknown key/)
  assert.match(
    problems('before: { a: { run: x, needs: nobody } }'),
    /before\.a\.needs.*found "nobody", which is not a task/,
  )
  assert.match(problems('before: [a]'), /before: found a list, expected a map/)
  assert.match(problems('after: { a: make }'), /did you mean \{ run: "make" \}/)
  assert.match(
    problems('before: { a: { exec: [x, "${tasks.build.outputs.y}"] } }'),
    /"a" reads of "build" without waiting for it/,
  )
  assert.match(
    problems('onFailure: { p: { run: x } }\nafter: { a: { exec: [x, "${tasks.p.outputs.y}"] } }'),
    /"a" reads of "p" without waiting for it/,
  )
  assert.match(
    problems('after: { a: { run: x, needs: b }, b: { run: x, needs: a } }'),
    /after\.[ab]\.needs: tasks that wait for each other/,
  )
})
