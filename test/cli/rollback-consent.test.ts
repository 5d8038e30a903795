import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { Folder, jsonLines } from './plimsoll.ts'

const plan = `name: shop
environments: { production: { approve: true } }
tasks: { live: { run: "echo live >> did", undo: { run: "echo taken back >> did" } } }
`
const did = (folder: Folder): string => readFileSync(join(folder.path, 'did'), 'utf8')

async function deployed(): Promise<Folder> {
  const folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  assert.equal((await folder.plimsoll(['deploy', '--env', 'production', '--yes'])).code, 0)
  return folder
}

test('to undo what an environment asks consent for waits durably: exit code 5, approve, and rollback does it once', async () => {
  using folder = await deployed()
  const asked = await folder.plimsoll(['rollback', 'last'])
  assert.equal(asked.code, 5, asked.stderr)
  assert.match(asked.stderr, /APPROVAL_NEEDED: to undo run (\S+) asks for a person's consent/)
  assert.match(asked.stderr, /fix: plimsoll approve (\S+), then plimsoll rollback \1; or run it with --yes/)
  const shown = await folder.plimsoll(['show'])
  assert.match(shown.stderr, /^its rollback waits for approval: plimsoll approve \S+\n$/)
  assert.match((await folder.plimsoll(['runs'])).stdout, /succeeded, asks for approval/)

  const approved = await folder.plimsoll(['approve', 'last', '--reason', 'prices are wrong'])
  assert.match(approved.stdout, /^approved: the rollback of run \S+\n$/)
  assert.match(approved.stderr, /plimsoll rollback \S+\n$/)
  assert.equal(did(folder), 'live\n')
  const undone = await folder.plimsoll(['rollback', 'last'])
  assert.equal(undone.code, 0, undone.stderr)
  assert.equal(did(folder), 'live\ntaken back\n')
  const [entry] = jsonLines((await folder.plimsoll(['audit', '--action', 'approve', '--json'])).stdout)
  assert.deepEqual([entry?.task, entry?.detail], [null, 'of the rollback: prices are wrong'])

  assert.equal((await folder.plimsoll(['resume', 'last', '--yes'])).code, 0)
  const again = await folder.plimsoll(['rollback', 'last'])
  assert.equal(again.code, 5, 'the consent was for the run as it stood')
})

test('a rollback that was denied leaves the run as it was, and asks again', async () => {
  using folder = await deployed()
  assert.equal((await folder.plimsoll(['rollback', 'last'])).code, 5)
  assert.equal((await folder.plimsoll(['approve', 'last', '--deny', '--reason', 'no need'])).code, 0)
  const again = await folder.plimsoll(['rollback', 'last'])
  assert.equal(again.code, 1)
  assert.match(again.stderr, /APPROVAL_DENIED: .* denied it: no need/)
  assert.equal((await folder.plimsoll(['rollback', 'last'])).code, 5)
  assert.equal((await folder.plimsoll(['rollback', 'last', '--yes'])).code, 0)
  assert.equal(did(folder), 'live\ntaken back\n')
})

test('a rollback that waits goes on when somebody approves it elsewhere; meanwhile nothing is held', async () => {
  using folder = await deployed()
  const child = folder.start(['rollback', 'last', '--wait-for-approval', '10m', '--json'])
  const said = text(child.stdout)
  let told = ''
  for await (const chunk of child.stderr) {
    told += chunk
    if (told.includes('waits for approval to undo run')) break
  }
  assert.match((await folder.plimsoll(['unlock', '--env', 'production'])).stdout, /nobody holds the lock/)
  assert.equal((await folder.plimsoll(['approve', 'last'])).code, 0)
  assert.equal(jsonLines(await said).at(-1)?.status, 'rolled-back')
})

test('what somebody gives as a reason is kept without what looks like a secret', async () => {
  using folder = await deployed()
  await folder.plimsoll(['rollback', 'last'])
  const token = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`
  const { stdout } = await folder.plimsoll(['approve', 'last', '--reason', `use ${token}`, '--json'])
  assert.equal(stdout.includes(token), false)
  assert.equal((await folder.plimsoll(['audit', '--json'])).stdout.includes(token), false)
})

test('commands that read make no directory where nothing is recorded, and say so', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const calls = [
    ['unlock', '--yes'],
    ['runs'],
    ['show'],
    ['logs'],
    ['audit'],
    ['audit', '--verify'],
    ['approve', 'last'],
    ['diff', 'last'],
    ['export'],
    ['diagnose'],
    ['resume'],
    ['rollback'],
    ['history', 'export', 'h.jsonl'],
  ]
  for (const words of calls) {
    const { code, stderr } = await folder.plimsoll([...words, '--state', 'mistyped'])
    assert.equal(existsSync(join(folder.path, 'mistyped')), false, words.join(' '))
    assert.equal(code, 2, `${words.join(' ')}: ${stderr}`)
    assert.match(stderr, /RUN_UNKNOWN: nothing has been recorded in \S+mistyped/, words.join(' '))
  }
})
