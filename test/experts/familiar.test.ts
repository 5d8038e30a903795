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
  const lines = [
    'error at 0x11: read 9999 of 1 in cafe',
    'error at 0x11: read 9999 of 1 in face',
    'error at 0x11: write 9999 of 1 in cafe',
  ]
  const familiar = new FamiliarLines(lines)
  familiar.add('error at 0x7f3a09: read 12 of 4096 in cafe')
  assert.deepEqual(
    lines.map((line) => familiar.has(line)),
    [true, false, false],
  )
})

test('what a green run said last is familiar, however much it had said before', async () => {
  const green = Array.from({ length: 30_000 }, (_, at) => `Error: cannot open /srv/${nameOf(at)}.json\n`)
  const refused = 'cache: connect ECONNREFUSED 127.0.0.1:6399\n'
  const ofBoth = { logs: [log([refused])], facts: { exitCode: 3 } }
  assert.equal((await diagnose(ofBoth)).cause, 'connection-refused')
  assert.equal((await diagnose({ ...ofBoth, earlier: [log([...green, refused])] })).cause, null)
})

const ended = { exitCode: 1 }

for (const [green, red, cause] of [
  ['Tests run: 40, Failures: 0, Errors: 0', 'Tests run: 40, Failures: 3, Errors: 0', 'test-failure'],
  ['Tests: 0 failed, 40 passed', 'Tests: 3 failed, 37 passed', 'test-failure'],
  [
    'Found 0 errors. Watching for file changes.',
    'Found 3 errors. Watching for file changes.',
    'quality-gate',
  ],
] as const)
  test(`a count of none in a green run does not hide that some failed: ${red}`, async () => {
    const logs = [log([`${red}\n`])]
    assert.equal((await diagnose({ logs, facts: ended })).cause, cause)
    assert.equal((await diagnose({ logs, facts: ended, earlier: [log([`${green}\n`])] })).cause, cause)
  })

test('codes are told apart, and the zeros of times, shares and addresses are not', () => {
  const [same, other] = [1, 137].map(
    (code) => `11:17:31.5 worker 10.9.3.8 took 7ms, 9% left, exit code ${code}`,
  ) as [string, string]
  const familiar = new FamiliarLines([same, other])
  familiar.add('10:00:00.0 worker 10.0.0.7 took 0ms, 0% left, exit code 1')
  assert.ok(familiar.has(same))
  assert.ok(!familiar.has(other))
})

test('where no rule knows why it failed, the lines are cited that no green run had', async () => {
  const same = ['building 12 parts\n', 'linking\n', 'took 3 s\n']
  const logs = [log([...same, 'the frobnicator lost its flange\n', 'stopping\n'])]
  const earlier = [log([...same, 'stopping\n'])]
  const { cause, explanation, evidence } = await diagnose({ logs, facts: ended, earlier })
  assert.equal(cause, null)
  assert.equal(explanation, 'It ended with exit code 1; these are the last lines that no green run had.')
  assert.deepEqual(evidence, [{ log: 'task', line: 4, text: 'the frobnicator lost its flange' }])
})

test('where only what green runs said as well looks like a failure, it is told so, with what they did not say', async () => {
  const refused = 'connect ECONNREFUSED 10.0.0.7:9000\n'
  const logs = [log(['waiting\n', refused, refused, refused, 'enough of this\n'])]
  const earlier = [log(['waiting\n', refused, 'ready\n'])]
  const { cause, explanation, evidence } = await diagnose({ logs, facts: ended, earlier })
  assert.equal(cause, null)
  assert.match(
    explanation,
    /^It ended with exit code 1\. Green runs, too, said .*\(Connection refused\); these/,
  )
  assert.deepEqual(
    evidence.map(({ line }) => line),
    [4, 5],
  )
})
