import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createRedactor } from '../../src/redact/redact.ts'
import { AttemptLog, openSpool, SpoolCopy } from '../../src/runners/attempt-log.ts'
import { mountSmallDisk, whyNoSmallDisk } from '../run/small-disk.ts'

const secret = 'correct-horse-battery'

/** Lines of 32 bytes with a secret now and then, also over the border of two chunks. */
const lines = (from: number, count: number): string =>
  Array.from({ length: count }, (_, index) => {
    const word = (from + index) % 7 === 0 ? secret : 'nothing to be masked!'
    return `${String(from + index).padStart(9, '0')} ${word}\n`
  }).join('')

for (const secrets of [[], [secret]])
  test(`output that found no room on the disk is in the log when there is room again, with ${secrets.length} secrets`, {
    skip: whyNoSmallDisk,
  }, async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'plimsoll-log-'))
    t.after(() => rmSync(dir, { recursive: true }))
    using disk = mountSmallDisk(dir, 2)
    const ballast = join(disk.stateDir, 'ballast')
    const file = join(disk.stateDir, 'log')
    const path = join(dir, 'spool')
    await using log = await AttemptLog.open(file, createRedactor(secrets))
    await using output = await openSpool(path)
    const spool = new SpoolCopy(output, log)

    writeFileSync(ballast, Buffer.alloc(1_900_000))
    appendFileSync(path, lines(0, 10_000))
    for (let time = 0; time < 3; time += 1) await assert.rejects(spool.copy(), { code: 'ENOSPC' })
    assert.ok(statSync(file).size > 0, 'some of it had room')
    appendFileSync(path, lines(10_000, 10_000))
    await assert.rejects(spool.copy(), { code: 'ENOSPC' })

    rmSync(ballast)
    await spool.finish()
    await log.finish()
    const expected = createRedactor(secrets).text(lines(0, 20_000))
    assert.ok(readFileSync(file, 'utf8') === expected)
    assert.ok(log.lastOutput !== '' && expected.trimEnd().endsWith(log.lastOutput))
  })

test('logs that somebody removed keep no later task from its own; without the state directory there is none', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-log-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const state = join(dir, 'state')
  const file = join(state, 'runs', 'run', '2.log')
  mkdirSync(state)
  {
    await using log = await AttemptLog.open(file, createRedactor([]))
    await log.write(Buffer.from('said\n'))
  }
  assert.equal(readFileSync(file, 'utf8'), 'said\n')
  assert.equal(statSync(join(state, 'runs', 'run')).mode & 0o777, 0o700)
  rmSync(state, { recursive: true })
  await assert.rejects(AttemptLog.open(file, createRedactor([])), { code: 'STATE_UNWRITABLE' })
  assert.equal(existsSync(state), false)
})
