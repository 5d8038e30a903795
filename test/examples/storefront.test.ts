import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { Stage, storefront } from '../../scripts/stage.ts'
import type { Report } from '../../src/spine.ts'

const statuses = ({ tasks }: Report): Record<string, string> =>
  Object.fromEntries(Object.entries(tasks).map(([name, { status }]) => [name, status]))

/** One value of the shop's database. */
function ask(stage: Stage, sql: string): unknown {
  using database = new DatabaseSync(join(stage.data, 'shop.db'), { readOnly: true })
  return Object.values(database.prepare(sql).get() ?? {})[0]
}

async function healthOf(stage: Stage): Promise<unknown> {
  const response = await fetch(`${stage.url}/up`)
  return response.ok ? await response.json() : response.status
}

test('customers lose no request and no order while releases are switched, and a broken one is rolled back', async (t) => {
  const stage = await Stage.open({ show: false })
  t.after(() => stage.close())

  const first = await stage.deploy('plimsoll.yaml', '--version', 'v1', '--env', 'staging')
  assert.equal(first.exitCode, 0)
  assert.equal(first.report.tasks.retire?.status, 'skipped', 'there is nothing to retire')
  assert.equal(first.report.tasks.announce?.status, 'skipped', 'it is not production')
  assert.deepEqual(await healthOf(stage), { version: 'v1', schema: 1, problem: null })

  await stage.sendCustomers()
  const second = await stage.deploy('plimsoll.yaml', '--version', 'v2', '--env', 'production', '--yes')
  assert.equal(second.exitCode, 0)
  assert.deepEqual(new Set(Object.values(statuses(second.report))), new Set(['succeeded']))
  assert.match(
    await stage.ask('logs', 'last', 'announce'),
    /storefront v2 is live, its files are \d+ of \d+ bytes/,
  )

  const broken = await stage.deploy('broken.yaml')
  assert.equal(broken.exitCode, 1)
  assert.equal(broken.report.status, 'rolled-back')
  assert.deepEqual(statuses(broken.report), {
    before: 'succeeded',
    compress: 'succeeded',
    migrate: 'undone',
    start: 'undone',
    up: 'succeeded',
    switch: 'undone',
    order: 'succeeded',
    verify: 'failed',
    retire: 'cancelled',
  })
  assert.equal(broken.report.tasks.verify?.error?.code, 'PROBE_FAILED')
  assert.deepEqual(await healthOf(stage), { version: 'v2', schema: 2, problem: null })

  const counted = await stage.callCustomersBack()
  assert.deepEqual(counted.failures, [])
  assert.equal(counted.failed, 0)
  assert.ok(counted.requests > 100, `only ${counted.requests} requests`)
  assert.equal(counted.connections, 8, 'no connection of a customer was closed')
  assert.deepEqual(counted.versions, ['v1', 'v2', 'v3', 'v2'])
  assert.equal(ask(stage, `select count(*) from orders where visitor <> 'guest'`), counted.orders)
  assert.equal(ask(stage, `select count(*) from orders where visitor = 'guest'`), 3, 'one of each deployment')
  assert.equal(
    ask(stage, `select count(distinct visitor) from orders where visitor <> 'guest'`),
    8,
    'sessions lived on',
  )

  for (const version of ['v1', 'v2', 'v3']) await assertCompressed(stage, version)
  await assertNowhere(stage.sessionKey, stage.dir)
  assert.deepEqual(await stage.close(), [], 'nothing is left running')
})

async function assertCompressed(stage: Stage, version: string): Promise<void> {
  const names = await readdir(join(storefront, 'releases', version, 'public'))
  assert.ok(names.length > 0)
  for (const name of names) {
    const original = await readFile(join(storefront, 'releases', version, 'public', name))
    const brotli = await readFile(join(stage.data, 'assets', version, `${name}.br`))
    assert.ok(brotli.length < original.length, name)
    assert.deepEqual(brotliDecompressSync(brotli), original, name)
    assert.deepEqual(
      gunzipSync(await readFile(join(stage.data, 'assets', version, `${name}.gz`))),
      original,
      name,
    )
  }
}

/** In none of the logs, databases and files. */
async function assertNowhere(secret: string, dir: string): Promise<void> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  assert.ok(files.length > 20)
  for (const file of files) assert.ok(!(await readFile(file)).includes(secret), file)
}

test('a broken first release leaves the front door without one, and everything as it was', async (t) => {
  const stage = await Stage.open({ show: false })
  t.after(() => stage.close())
  const broken = await stage.deploy('broken.yaml')
  assert.equal(broken.exitCode, 1)
  assert.equal(broken.report.status, 'rolled-back')
  assert.equal(await healthOf(stage), 503)
  assert.equal(ask(stage, 'pragma user_version'), 0)
  assert.equal(ask(stage, 'select count(*) from sqlite_schema'), 0)

  const unknown = await stage.deploy('plimsoll.yaml', '--version', 'v9')
  assert.equal(unknown.exitCode, 1)
  assert.match(unknown.report.tasks.before?.lastOutput ?? '', /no release "v9"; there are: v1, v2, v3/)
  assert.deepEqual(await stage.close(), [])
})

test('an older release comes back on the newer schema, and a wrong port is refused', async (t) => {
  const stage = await Stage.open({ show: false })
  t.after(() => stage.close())
  for (const version of ['v2', 'v1']) {
    assert.equal((await stage.deploy('plimsoll.yaml', '--version', version)).exitCode, 0)
  }
  assert.deepEqual(await healthOf(stage), { version: 'v1', schema: 2, problem: null })
  // Port 1 is nobody's: the front door stays where it is.
  assert.equal(await stage.run('tasks/switch.ts', '1'), 1)
  assert.deepEqual(await healthOf(stage), { version: 'v1', schema: 2, problem: null })
  assert.equal((await stage.deploy('down.yaml')).exitCode, 0)
  assert.equal((await stage.deploy('down.yaml')).exitCode, 0, 'it may be run again')
  assert.equal(await healthOf(stage), 503)
})

test('the demo, interrupted while a release is being switched, leaves nothing behind', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'demo-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const demo = spawn(process.execPath, [resolve(import.meta.dirname, '../../scripts/demo.ts')], {
    env: { ...process.env, TMPDIR: dir },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  for await (const chunk of demo.stdout.setEncoding('utf8')) {
    output += chunk
    if (!demo.killed && /2\. The next.*switch/s.test(output)) demo.kill('SIGINT')
  }
  if (demo.exitCode === null) await once(demo, 'exit')
  assert.equal(demo.exitCode, 130)
  assert.match(output, /✔ still running +nothing/)
  const left = (await readdir(dir)).filter((name) => name.startsWith('storefront-'))
  assert.deepEqual(left, [])
})
