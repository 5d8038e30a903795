import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseExitRecord, supervised } from '../../src/runners/supervisor.ts'

test('the file of the exit code is there, empty, while the command runs, and holds it in the end', (context) => {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-test-'))
  context.after(() => rmSync(dir, { recursive: true }))
  const exit = join(dir, '1.exit')
  const script = 'test -f "$0" && wc -c <"$0"; exit 3'
  const [command, words] = supervised({ exit, join: null, isService: false }, ['/bin/sh', '-c', script, exit])
  const { status, stdout } = spawnSync(command, words, { encoding: 'utf8' })
  assert.deepEqual([status, stdout.trim()], [3, '0'])
  assert.equal(parseExitRecord(readFileSync(exit, 'utf8'))?.exitCode, 3)
})

test('a record that was not written to its end is none, wherever it was cut', () => {
  const record = '12\n0m0.000000s 0m0.010000s\n0m1.250000s 0m0.250000s'
  for (let length = 0; length < record.length; length += 1)
    assert.equal(parseExitRecord(record.slice(0, length)), undefined, `after ${length} characters`)
  assert.deepEqual(parseExitRecord(record), { exitCode: 12, cpuMs: 1_500 })
})
