import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Child, Folder, jsonLines } from './plimsoll.ts'

const waiting = `name: shop
environments: { production: {}, staging: {} }
tasks: { hold: { run: "touch held; for i in $(seq 1200); do [ -e go ] && break; sleep 0.05; done" } }
`
const quick = 'name: shop\nenvironments: { production: {}, staging: {} }\ntasks: { a: { run: "true" } }\n'

type Held = AsyncDisposable & { readonly folder: Folder; readonly child: Child }

/** A folder in which a deployment runs until a file `go` is there, or this is disposed. */
async function heldFolder(): Promise<Held> {
  const folder = new Folder()
  folder.write('plimsoll.yaml', waiting)
  folder.write('quick.yaml', quick)
  const child = folder.start(['deploy', '--env', 'production'])
  while (!existsSync(join(folder.path, 'held'))) await sleep(20)
  const ended = once(child, 'close')
  return {
    folder,
    child,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGINT')
      await ended
      folder[Symbol.dispose]()
    },
  }
}

test('a second deployment to the same environment: exit code 3, who holds the lock, and what to do; others go ahead', async () => {
  await using held = await heldFolder()
  const { folder, child } = held
  const refused = await folder.plimsoll(['deploy', 'quick.yaml', '--env', 'production'])
  assert.equal(refused.code, 3)
  assert.match(
    refused.stderr,
    new RegExp(
      `^error LOCK_HELD: "shop" to production is being deployed by run \\S+, process ${child.pid} on \\S+, since `,
    ),
  )
  assert.match(refused.stderr, /\nfix: Wait for that run with --wait-for-lock/)
  assert.equal((await folder.plimsoll(['deploy', 'quick.yaml', '--env', 'staging'])).code, 0)

  const waiter = folder.start([
    'deploy',
    'quick.yaml',
    '--env',
    'production',
    '--wait-for-lock',
    '1m',
    '--json',
  ])
  const said = text(waiter.stdout)
  await once(waiter.stderr, 'data')
  folder.write('go', '')
  const lines = jsonLines(await said)
  assert.equal(lines[0]?.type, 'run-waiting')
  assert.equal(lines[0]?.reason, 'lock')
  assert.match(
    String(lines[0]?.message),
    /^waits for the lock: "shop" to production is being deployed by run /,
  )
  const report = lines.at(-1)
  assert.equal(report?.status, 'succeeded')
  assert.ok(Number(Object(report?.waitReasons).lock) > 0)
  assert.match((await folder.plimsoll(['show'])).stdout, /; waited for lock \d/)
})

test('Ctrl-C and a failure give the lock back', async () => {
  await using held = await heldFolder()
  const { folder, child } = held
  child.kill('SIGINT')
  assert.equal((await once(child, 'close'))[0], 130)
  folder.write(
    'fails.yaml',
    'name: shop\nenvironments: { production: {} }\ntasks: { a: { run: "exit 1" } }\n',
  )
  assert.equal((await folder.plimsoll(['deploy', 'fails.yaml', '--env', 'production'])).code, 1)
  assert.equal((await folder.plimsoll(['deploy', 'quick.yaml', '--env', 'production'])).code, 0)
})

test('Ctrl-C while it waits for the lock: exit code 130, and nothing is recorded', async () => {
  await using held = await heldFolder()
  const { folder } = held
  const waiter = folder.start(['deploy', 'quick.yaml', '--env', 'production', '--wait-for-lock', '1m'])
  await once(waiter.stdout, 'data')
  waiter.kill('SIGINT')
  const [stderr, [code]] = await Promise.all([text(waiter.stderr), once(waiter, 'close')])
  assert.equal(code, 130)
  assert.match(stderr, /^error INTERRUPTED: run \S+ was interrupted before it began/)
  assert.equal(jsonLines((await folder.plimsoll(['runs', '--json'])).stdout).length, 1)
})

test('a wait that is no duration is refused', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', quick)
  const { code, stderr } = await folder.plimsoll(['deploy', '--wait-for-lock', 'soon'])
  assert.equal(code, 2)
  assert.match(stderr, /--wait-for-lock is "soon", expected a duration such as/)
})

test('unlock refuses an owner that lives; with --force its tasks are killed, it says so, and the audit knows who did it', async () => {
  await using held = await heldFolder()
  const { folder, child } = held
  const refused = await folder.plimsoll(['unlock', '--env', 'production', '--yes'])
  assert.equal(refused.code, 3)
  assert.match(
    refused.stderr,
    /^error LOCK_HELD: "shop" to production is being deployed by .*; it is alive\nfix: Stop that run first/,
  )
  assert.equal((await folder.plimsoll(['unlock', '--env', 'production', '--force'])).code, 5)

  const said = text(child.stderr)
  const lines = text(child.stdout)
  const unlocked = await folder.plimsoll(['unlock', '--env', 'production', '--force', '--yes'])
  assert.deepEqual([unlocked.code, unlocked.stdout], [0, 'the lock of "shop" to production is free\n'])
  assert.equal((await once(child, 'close'))[0], 3)
  assert.match(await said, /^error LOCK_LOST: this run has lost the lock of "shop" to production/)
  assert.match(
    await lines,
    /stopping: this run has lost the lock of "shop" to production: another run has taken it/,
  )
  assert.doesNotMatch(await lines, /Ctrl-C/)
  const [entry] = jsonLines((await folder.plimsoll(['audit', '--action', 'unlock', '--json'])).stdout)
  assert.equal(entry?.environment, 'production')
  assert.match(String(entry?.detail), new RegExp(`^taken from process ${child.pid} on \\S+; it is alive$`))
  assert.equal((await folder.plimsoll(['deploy', 'quick.yaml', '--env', 'production', '--fresh'])).code, 0)
})

test('unlock of a lock that nobody holds says so; of a plan that is not there, exit code 2', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', quick)
  assert.equal((await folder.plimsoll(['deploy'])).code, 0)
  const { code, stdout } = await folder.plimsoll(['unlock'])
  assert.deepEqual([code, stdout], [0, 'nobody holds the lock of "shop"\n'])
  assert.equal((await folder.plimsoll(['unlock', 'none.yaml'])).code, 2)
  const odd = await folder.plimsoll(['unlock', '--env', 'x\ny\x1b[31m'])
  assert.deepEqual([odd.stdout.split('\n').length, odd.stdout.includes('\x1b')], [2, false])
})

test('an empty --env, such as an unset variable leaves, starts nothing', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', quick)
  const { code, stderr } = await folder.plimsoll(['deploy', '--env', ''])
  assert.equal(code, 2)
  assert.match(stderr, /USAGE.*--env names no environment: it is empty/)
})
