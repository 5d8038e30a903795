import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose } from '../../src/experts/experts.ts'
import { FamiliarLines } from '../../src/experts/familiar.ts'

/** Names without digits: lines that differ in more than numbers. */
const nameOf = (at: number): string => at.toString(2).replaceAll('0', 'q').replaceAll('1', 'z')
const missing = Array.from(
  { length: 800 },
  (_, at) => `Error: ENOENT: no such file or directory, open '/srv/${nameOf(at)}.json'\n`,
)
const log = (lines: readonly string[]) => ({ name: 'task', chunks: [Buffer.from(lines.join(''))] })

test('what a green run said is no cause wherever it stood in its log', async () => {
  const logs = [log(missing.slice(0, 420))]
  const facts = { exitCode: 3 }
  assert.equal((await diagnose({ logs, facts })).cause, 'file-not-found')
  assert.equal((await diagnose({ logs, facts, earlier: [log(missing)] })).cause, null)
})

test('a line is familiar by its words, whatever its numbers', () => {
  const familiar = new FamiliarLines()
  familiar.add('error at 0x7f3a09: read 12 of 4096 in cafe')
  assert.ok(familiar.has('error at 0x11: read 9999 of 1 in cafe'))
  assert.ok(!familiar.has('error at 0x11: read 9999 of 1 in face'))
  assert.ok(!familiar.has('error at 0x11: write 9999 of 1 in cafe'))
})

test('as many lines are remembered as there is room for', () => {
  const familiar = new FamiliarLines()
  for (let at = 0; at < 30_000; at += 1) familiar.add(nameOf(at))
  assert.ok(familiar.has(nameOf(0)))
  assert.ok(familiar.has(nameOf(19_999)))
  assert.ok(!familiar.has(nameOf(29_999)))
})
