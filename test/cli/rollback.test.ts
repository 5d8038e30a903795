import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Folder, jsonLines } from './plimsoll.ts'

const plan = `name: shop
environments: { staging: {}, production: {} }
tasks:
  build: { run: 'echo "$PLIMSOLL_VERSION" > live' }
  migrate: { needs: build, run: 'true', undo: { run: 'echo "down $PLIMSOLL_VERSION" >> log' } }
`

const textIn = (folder: Folder, name: string): string => readFileSync(join(folder.path, name), 'utf8')

test('rollback says first what it would do, then undoes the last run, and a second time there is nothing to do', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  await folder.plimsoll(['deploy', '--version', '1'])
  const dry = await folder.plimsoll(['rollback', '--dry-run'])
  assert.equal(dry.code, 0)
  assert.match(
    dry.stdout,
    /^shop 1 \(run \S+\): 1 task would be undone, in this order\n {2}1 {2}migrate\n {2}- {2}build: it has no undo\n$/,
  )
  assert.equal(existsSync(join(folder.path, 'log')), false)
  folder.write('plimsoll.yaml', `${plan}# changed\n`)
  const [step] = jsonLines((await folder.plimsoll(['rollback', '--dry-run', '--json'])).stdout)
  assert.deepEqual(step?.tasks, [
    { task: 'migrate', action: 'undo', because: null },
    { task: 'build', action: 'leave', because: 'it has no undo' },
  ])
  assert.match(String(step?.notes), /the plan has changed since/)

  const done = await folder.plimsoll(['rollback'])
  assert.equal(done.code, 0)
  assert.match(done.stderr, /^note: the plan has changed since/)
  assert.match(done.stdout, /^shop 1 was rolled back \(run /m)
  assert.match((await folder.plimsoll(['runs'])).stdout, /rolled-back/)
  const [entry] = jsonLines((await folder.plimsoll(['audit', '--json'])).stdout)
  assert.equal(entry?.action, 'rollback')
  const again = await folder.plimsoll(['rollback'])
  assert.equal(again.code, 0)
  assert.match(again.stdout, /nothing is to be undone\n.*migrate: it was undone already/s)
  assert.equal(textIn(folder, 'log'), 'down 1\n')
})

test('rollback --to runs the recorded plan of a version again, whatever the file says now', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  await folder.plimsoll(['deploy', '--version', '1'])
  folder.write('plimsoll.yaml', plan.replace('> live', '> broken'))
  await folder.plimsoll(['deploy', '--version', '2'])
  const dry = await folder.plimsoll(['rollback', '--to', '1', '--dry-run'])
  assert.match(
    dry.stdout,
    /2 tasks would run again, in this order\n {2}1 {2}build\n {2}2 {2}migrate\nnote: the plan has changed/,
  )
  folder.write('live', '')
  const back = await folder.plimsoll(['rollback', '--to', '1'])
  assert.equal(back.code, 0)
  assert.equal(textIn(folder, 'live'), '1\n')
  assert.deepEqual(
    jsonLines((await folder.plimsoll(['runs', '--json'])).stdout).map(({ version }) => version),
    ['1', '2', '1'],
  )
  const unknown = await folder.plimsoll(['rollback', '--to', '3'])
  assert.equal(unknown.code, 2)
  assert.match(unknown.stderr, /no run of version "3" has succeeded; versions that did: 1, 2\n/)
  const both = await folder.plimsoll(['rollback', 'last', '--to', '1'])
  assert.match(both.stderr, /error USAGE: a run and --to exclude each other/)
})

test('where runs of several environments are recorded, nobody guesses which one is meant', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  for (const environment of ['staging', 'production'])
    await folder.plimsoll(['deploy', '--env', environment, '--version', environment])
  const unclear = await folder.plimsoll(['rollback'])
  assert.equal(unclear.code, 2)
  assert.match(
    unclear.stderr,
    /runs of several plans or environments are recorded: shop to production, shop to staging/,
  )
  const last = await folder.plimsoll(['rollback', 'last', '--env', 'staging'])
  assert.equal(last.code, 2)
  assert.match(
    last.stderr,
    /USAGE: run \S+ is of plan shop to production, not what --env staging says\nfix: .*plimsoll runs/,
  )
  assert.equal((await folder.plimsoll(['rollback', 'last', '--plan', 'shop.yaml', '--dry-run'])).code, 2)
  assert.equal((await folder.plimsoll(['rollback', 'last', '--env', 'production', '--dry-run'])).code, 0)
  assert.equal((await folder.plimsoll(['rollback', '--env', 'staging'])).code, 0)
  assert.equal(textIn(folder, 'log'), 'down staging\n')
  assert.equal((await folder.plimsoll(['rollback', '--env', 'nowhere'])).code, 2)
})

test('rollback takes a history file, as every command that reads the variable does', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  folder.write('damaged.jsonl', 'nothing of the kind')
  await folder.plimsoll(['deploy'])
  const variables = { PLIMSOLL_HISTORY: 'damaged.jsonl' }
  const refused = await folder.plimsoll(['rollback'], variables)
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /HISTORY_INVALID/)
  const { code } = await folder.plimsoll(['rollback', '--history', 'new.jsonl'], variables)
  assert.equal(code, 0)
  assert.match(textIn(folder, 'new.jsonl'), /plimsollHistory/)
})

test('a rollback whose engine was killed is taken up by the next one: what is undone is not undone again', async () => {
  using folder = new Folder()
  folder.write(
    'plimsoll.yaml',
    `name: shop
tasks:
  a: { run: 'true', undo: { run: 'echo a >> log' } }
  b: { needs: a, run: 'true', undo: { run: 'echo begin b >> log; for i in $(seq 1200); do [ -e go ] && break; sleep 0.05; done; echo b >> log' } }
  c: { needs: b, run: 'true', undo: { run: 'echo c >> log' } }
`,
  )
  await folder.plimsoll(['deploy'])
  const engine = folder.start(['rollback'])
  for await (const text of engine.stdout) if (/undo of b started/.test(String(text))) break
  while (!existsSync(join(folder.path, 'log')) || !/begin b/.test(textIn(folder, 'log'))) {
    assert.equal(engine.exitCode, null)
    await new Promise((resolve) => setImmediate(resolve))
  }
  engine.kill('SIGKILL')
  await once(engine, 'close')
  writeFileSync(join(folder.path, 'go'), '')
  const { code, stdout } = await folder.plimsoll(['rollback'])
  assert.equal(code, 0, stdout)
  assert.equal(textIn(folder, 'log'), 'c\nbegin b\nb\na\n')
})

test('a run that was killed before its end is not undone before it is known how far it got', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', `name: shop\ntasks: { a: { run: 'sleep 30', undo: { run: 'true' } } }`)
  const engine = folder.start(['deploy'])
  for await (const text of engine.stdout) if (/a started/.test(String(text))) break
  const alive = await folder.plimsoll(['rollback'])
  assert.equal(alive.code, 3)
  assert.match(alive.stderr, /error LOCK_HELD/)
  engine.kill('SIGKILL')
  await once(engine, 'close')
  const { code, stderr } = await folder.plimsoll(['rollback'])
  assert.equal(code, 2)
  assert.match(stderr, /error RUN_UNFINISHED: .*\nfix: Go on with it first, then undo it: plimsoll resume/)
})
