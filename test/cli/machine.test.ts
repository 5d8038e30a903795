import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { planSchema } from '../../src/plan/plan.ts'
import { Folder, jsonLines, mainFile } from './plimsoll.ts'

test('memory tells the capacity, the use, the load line, every level, and what enforces limits', async () => {
  using folder = new Folder()
  const { code, stdout } = await folder.plimsoll(['memory'])
  assert.equal(code, 0)
  for (const word of [
    /^pressure +(?:calm|tight|critical): /m,
    /^capacity +\d/m,
    /^used +\d/m,
    /^load line +\d/m,
    /^room +\d.* the line, \d.* to the limit$/m,
    /^stalled +(?:\d|not told)/m,
    /^ {2}\[[#.]*\|[#.]*\] {2}\d.* used of \d/m,
    /enforced by: (?:hard|watchdog|none): ./,
  ])
    assert.match(stdout, word)
})

/** Only root may hide the /proc of one command from it. */
const isolated = spawnSync('unshare', ['-m', 'true']).status === 0
const whereIsolated = { skip: isolated ? false : 'needs root and unshare' }

test(
  'memory on a machine without /proc says what is missing, and claims to watch nothing',
  whereIsolated,
  () => {
    const script = 'mount -t tmpfs none /proc && exec "$0" "$1" memory'
    const words = ['-m', 'sh', '-c', script, process.execPath, mainFile]
    const { status, stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.match(
      stdout,
      /^missing: without \/proc\/meminfo, .* control groups, .* process trees can be measured$/m,
    )
    assert.match(stdout, /^stalled +not told on the machine, not told in our control group$/m)
    assert.match(stdout, /limit is enforced by: none: neither control groups nor a \/proc/)
  },
)

test('memory --json is one object with the numbers', async () => {
  using folder = new Folder()
  const [reading = {}, ...others] = jsonLines((await folder.plimsoll(['memory', '--json'])).stdout)
  assert.equal(others.length, 0)
  assert.equal(reading.type, 'memory')
  assert.ok(Number(reading.capacityBytes) >= Number(reading.loadLineBytes))
  assert.ok(Number(reading.usedBytes) > 0)
  assert.equal(reading.pressure, Number(reading.roomBytes) < 0)
  assert.match(String(reading.level), /^(?:calm|tight|critical)$/)
  assert.ok('stalls' in reading)
  const { level, because } = reading.enforcement as Record<string, unknown>
  assert.match(String(level), /^(?:hard|watchdog|none)$/)
  assert.ok(String(because).length > 0)
})

test('memory and doctor measure against the load line that the variables set, as a deployment does', async () => {
  using folder = new Folder()
  const budget = { PLIMSOLL_MEMORY_BUDGET_BYTES: String(123 * 2 ** 20) }
  const [memory] = jsonLines((await folder.plimsoll(['memory', '--json'], budget)).stdout)
  assert.equal(memory?.loadLineBytes, 123 * 2 ** 20)
  assert.match((await folder.plimsoll(['doctor'], budget)).stdout, /memory: .*load line at 123 MiB/)
  const share = { PLIMSOLL_MEMORY_PRESSURE_THRESHOLD: '0.5' }
  const [half] = jsonLines((await folder.plimsoll(['memory', '--json'], share)).stdout)
  const { capacityBytes = 0, loadLineBytes } = half as Record<string, number>
  assert.ok(Math.abs(Number(loadLineBytes) - capacityBytes / 2) <= 1)

  const junk = { PLIMSOLL_MEMORY_PRESSURE_THRESHOLD: 'junk' }
  const { code, stderr } = await folder.plimsoll(['memory'], junk)
  assert.equal(code, 2)
  assert.match(stderr, /OPTION_INVALID: PLIMSOLL_MEMORY_PRESSURE_THRESHOLD is "junk"/)
  const doctor = await folder.plimsoll(['doctor'], junk)
  assert.equal(doctor.code, 1)
  assert.match(doctor.stdout, /^FAIL +variables: PLIMSOLL_MEMORY_PRESSURE_THRESHOLD is "junk"/m)
})

test('memory --watch gives one line after another until Ctrl-C, which is a success', async () => {
  using folder = new Folder()
  const child = folder.start(['memory', '--watch', '--json'])
  const lines: Record<string, unknown>[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(JSON.parse(line))
    if (lines.length === 2) child.kill('SIGINT')
  }
  const [code] = child.exitCode === null ? await once(child, 'close') : [child.exitCode]
  assert.equal(code, 0)
  // It may have said more before the signal came.
  assert.ok(lines.length >= 2)
  for (const { type, atMs, limitRoomBytes } of lines)
    assert.deepEqual([type, typeof atMs, typeof limitRoomBytes], ['memory', 'number', 'number'])
})

test('memory --watch ends when its reader goes away', async () => {
  using folder = new Folder()
  const child = folder.start(['memory', '--watch'])
  const closed = once(child, 'exit')
  await once(child.stdout, 'data')
  child.stdout.destroy()
  assert.deepEqual(await closed, [0, null])
})

test('schema prints the JSON Schema of a plan, and init leaves the same beside it', async () => {
  using folder = new Folder()
  const { stdout } = await folder.plimsoll(['schema'])
  assert.deepEqual(JSON.parse(stdout), JSON.parse(JSON.stringify(planSchema())))
  const init = await folder.plimsoll(['init', 'shop.yaml', '--json'])
  const written = ['shop.yaml', 'plimsoll.schema.json'].map((name) => join(folder.path, name))
  assert.deepEqual(
    jsonLines(init.stdout),
    written.map((file) => ({ type: 'written', file })),
  )
  assert.equal(readFileSync(`${folder.path}/plimsoll.schema.json`, 'utf8'), stdout)
  assert.match(readFileSync(`${folder.path}/shop.yaml`, 'utf8'), /\$schema=.*plimsoll\.schema\.json/)
})

test('doctor finds a working machine fit, and leaves nothing behind', async () => {
  using folder = new Folder()
  const { code, stdout } = await folder.plimsoll(['doctor'])
  assert.equal(code, 0)
  assert.match(stdout, /^ok +Node\.js: 24\.|^ok +Node\.js: 2[5-9]\./m)
  assert.match(stdout, /^ok +state directory: /m)
  assert.match(stdout, /^(?:ok|warn) +limits of tasks: (?:hard|watchdog|none): /m)
})

test('doctor on a machine without /proc does not call control groups fine', whereIsolated, () => {
  const script = 'mount -t tmpfs none /proc && exec "$0" "$1" doctor'
  const words = ['-m', 'sh', '-c', script, process.execPath, mainFile]
  const { stdout } = spawnSync('unshare', words, { encoding: 'utf8', cwd: tmpdir() })
  assert.match(stdout, /^warn +control groups: none tells us/m)
  assert.match(stdout, /^warn +memory: without \/proc\/meminfo/m)
})

test('doctor fails with what to do when the state directory cannot be written', async () => {
  using folder = new Folder()
  folder.write('file', '')
  const { code, stdout } = await folder.plimsoll(['doctor', '--state', 'file/state', '--json'])
  const check = jsonLines(stdout).find(({ name }) => name === 'state directory')
  assert.equal(check?.ok, false)
  assert.match(String(check?.found), /--state DIR/)
  assert.equal(code, 1)
})
