import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/errors.ts'
import { diagnose } from '../../src/experts/experts.ts'
import type { EngineFacts } from '../../src/experts/words.ts'
import type { Diagnosis } from '../../src/spine.ts'

const MiB = 2 ** 20

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
  ['SIGUSR1', 138, 'cancelled'],
  ['SIGSEGV', 139, 'crash'],
  ['SIGALRM', 142, 'timeout'],
  ['SIGTERM', 143, 'cancelled'],
  ['SIGXCPU', 152, 'resource-limit'],
  ['SIGXFSZ', 153, 'resource-limit'],
  ['SIGSYS', 159, 'crash'],
] as const)
  test(`an end by ${signal} is a fact that goes before the log, unless that names what ends processes`, async () => {
    const silent = await of('going\n', ended(exitCode))
    assert.equal(silent.cause, cause)
    assert.match(silent.explanation, new RegExp(`${signal}.*exit code ${exitCode}`))
    const telling = await of(refused, ended(exitCode))
    assert.deepEqual([telling.cause, telling.others[0]?.cause], [cause, 'connection-refused'])
    const outOfMemory = 'java.lang.OutOfMemoryError: Java heap space\n'
    assert.equal((await of(outOfMemory, ended(exitCode))).cause, 'oom')
  })

for (const [why, exitCode, cause] of [
  ['SIGABRT', 134, 'crash'],
  ['SIGPIPE', 141, 'program-error'],
  ['a command that was not found', 127, 'command-not-found'],
] as const)
  test(`an exit code that tells of ${why} is the cause where no line says more`, async () => {
    assert.equal((await of('going\n', ended(exitCode))).cause, cause)
    assert.equal((await of(refused, ended(exitCode))).cause, 'connection-refused')
  })

test('a peak over a limit that nothing held is the cause where no line says more', async () => {
  const over = {
    ...ended(1),
    peakMemoryBytes: 300 * MiB,
    limitBytes: 100 * MiB,
    enforcement: 'none',
  } as const
  const { cause, explanation } = await of('going\n', over)
  assert.equal(cause, 'oom')
  assert.match(explanation, /300 MiB of 100 MiB/)
  assert.equal((await of(refused, over)).cause, 'connection-refused')
  assert.equal((await of('going\n', { ...over, peakMemoryBytes: 90 * MiB })).cause, null)
})

test('what the guard did to a task is told with what ended it', async () => {
  const facts = {
    ...ended(143),
    peakMemoryBytes: 90 * MiB,
    limitBytes: 100 * MiB,
    requeues: 2,
    suspendedMs: 61_000,
  }
  const [line] = (await of('going\n', facts)).evidence
  assert.match(
    line?.text ?? '',
    /peak memory 90 MiB, limit 100 MiB, put back in the queue 2 times, suspended by the guard for 1 m 01 s$/,
  )
})

for (const [cpuMs, told] of [
  [58_000, ' It was working, not waiting: 58.0 s of 1 m 00 s at the processor.'],
  [20_000, ''],
  [null, ''],
] as const)
  test(`a timeout tells whether the time was spent on work: ${cpuMs} ms of a minute`, async () => {
    const error = failure('TASK_TIMEOUT', 'its timeout of 1 m was over')
    const { cause, explanation } = await of('going\n', { error, exitCode: null, durationMs: 60_000, cpuMs })
    assert.equal(cause, 'timeout')
    assert.equal(explanation, `The engine stopped the task because its timeout was over.${told}`)
  })

const asked = 'GET https://shop.example/up'
for (const [message, cause] of [
  [`${asked} got no answer: no answer within 2.0 s`, 'timeout'],
  [`${asked} got no answer: getaddrinfo ENOTFOUND shop.example`, 'dns'],
  [`${asked} got no answer: getaddrinfo ESERVFAIL shop.example`, 'dns'],
  [
    `${asked} got no answer: Hostname/IP does not match certificate's altnames: Host: shop.example. is not in the cert's altnames: DNS:other`,
    'tls',
  ],
  [`${asked} got no answer: unable to verify the first certificate`, 'tls'],
  [`${asked} answered 401, expected 200`, 'auth'],
  [`${asked} answered 429, expected 200`, 'rate-limit'],
  [`${asked} answered 503, expected 200`, 'remote-unavailable'],
  [`${asked} answered 302, expected 200`, 'probe-failed'],
  [`${asked} answered 200, expected 204`, 'probe-failed'],
  [`${asked} answered without "ready" in its body`, 'probe-failed'],
] as const)
  test(`a probe that failed has a cause: ${message.slice(asked.length, 90)}`, async () => {
    const { cause: named } = await of('', { error: failure('PROBE_FAILED', message), exitCode: null })
    assert.equal(named, cause)
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
