import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/errors.ts'
import { diagnose } from '../../src/experts/experts.ts'
import type { EngineFacts } from '../../src/experts/words.ts'
import type { Diagnosis } from '../../src/spine.ts'

const of = (text: string, facts: EngineFacts): Promise<Diagnosis> =>
  diagnose({ logs: [{ name: 'log', chunks: [Buffer.from(text)] }], facts })

const failure = (code: ErrorCode, message: string) => ({ code, message, fix: '' })

const ended = (exitCode: number): EngineFacts => ({
  error: failure('TASK_FAILED', `it ended with exit code ${exitCode}`),
  exitCode,
})

const refused = 'Error: connect ECONNREFUSED 127.0.0.1:9000\n'

for (const [signal, exitCode, cause] of [
  ['SIGHUP', 129, 'cancelled'],
  ['SIGQUIT', 131, 'cancelled'],
  ['SIGTRAP', 133, 'crash'],
  ['SIGPIPE', 141, 'program-error'],
  ['SIGALRM', 142, 'timeout'],
  ['SIGXCPU', 152, 'resource-limit'],
  ['SIGXFSZ', 153, 'resource-limit'],
  ['SIGSYS', 159, 'crash'],
] as const)
  test(`an end by ${signal} has a cause of its own where no line says more`, async () => {
    const silent = await of('going\n', ended(exitCode))
    assert.equal(silent.cause, cause)
    assert.match(silent.explanation, new RegExp(`${signal}.*exit code ${exitCode}`))
    assert.equal((await of(refused, ended(exitCode))).cause, 'connection-refused')
  })

for (const [code, message, cause] of [
  ['TASK_REQUEUED', 'the guard stopped it to keep the machine above water', 'oom'],
  ['TASK_CANCELLED', 'the run was interrupted', 'cancelled'],
  ['STATE_FULL', 'the state directory has no room', 'disk-full'],
] as const)
  test(`${code} is the cause whatever the log says, which comes after it`, async () => {
    const diagnosis = await of(refused, { error: failure(code, message), exitCode: null })
    assert.equal(diagnosis.cause, cause)
    assert.deepEqual(diagnosis.evidence[0], { log: 'plimsoll', line: null, text: `${code} ${message}` })
    assert.equal(diagnosis.others[0]?.cause, 'connection-refused')
  })

test('what ended with a code of its own and said nothing is told as that', async () => {
  const { cause, title, explanation, evidence } = await of('going\n', ended(3))
  assert.deepEqual([cause, title, evidence], [null, 'I do not know', []])
  assert.equal(explanation, 'It ended with exit code 3, and no line tells why.')
  const strange = await of('the flux capacitor could not be charged\n', ended(3))
  assert.match(strange.explanation, /^It ended with exit code 3, and no rule knows why; these are the last/)
})

test('what failed without an exit code is told by what the engine says of it', async () => {
  const error = failure('TASK_FAILED', 'it was killed by SIGUSR1 from outside')
  const { explanation } = await of('going\n', { error, exitCode: null })
  assert.equal(explanation, 'It failed (it was killed by SIGUSR1 from outside), and no line tells why.')
})

test('a log that only says that the work failed is not told as one without a failure', async () => {
  const { cause, explanation, evidence } = await of('going\nProcess completed with exit code 3.\n', {})
  assert.deepEqual([cause, explanation], [null, 'It failed, and no line tells why.'])
  assert.deepEqual(
    evidence.map(({ line }) => line),
    [2],
  )
})

test('what the work went on after is told as that, with its line, and is no cause', async () => {
  const { cause, explanation, evidence } = await of(`${refused}server listening on port 3000\n`, {})
  assert.equal(cause, null)
  assert.equal(explanation, 'The work went on after what looks most like a failure (Connection refused).')
  assert.deepEqual(evidence, [{ log: 'log', line: 1, text: refused.trim() }])
})

test('what only warnings tell of is told as that', async () => {
  const warning = '10:00:00 WARN broker mq:9092: connection refused'
  const { cause, explanation, evidence } = await of(`${warning}\n`, {})
  assert.deepEqual([cause, explanation], [null, 'Only warnings look like a failure (Connection refused).'])
  assert.deepEqual(evidence, [{ log: 'log', line: 1, text: warning }])
})
