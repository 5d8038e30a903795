import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { PlimsollError } from '../../src/errors.ts'
import { isTransient, retry } from '../../src/retry/retry.ts'
import { FakeClock } from '../fake-clock.ts'

const error = (fields: object): Error => Object.assign(new Error('it failed'), fields)
const thrownBy = async (work: () => unknown): Promise<unknown> => {
  try {
    await work()
  } catch (caught) {
    return caught
  }
  throw new Error('nothing was thrown')
}

/** A port of 127.0.0.1 on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

test('a refused connection of fetch is tried again, a wrong URL and an abort of it are not', async () => {
  const port = await closedPort()
  const refused = await thrownBy(() => fetch(`http://127.0.0.1:${port}/`))
  assert.ok(refused instanceof TypeError)
  assert.equal(isTransient({ error: refused }), true)
  assert.equal(isTransient({ error: await thrownBy(() => fetch('no url')) }), false)
  assert.equal(
    isTransient({
      error: await thrownBy(() => fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.abort() })),
    }),
    false,
  )
})

test('an answer that does not come in time is tried again', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const late = await thrownBy(() => fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(20) }))
  server.close()
  assert.equal(isTransient({ error: late }), true)
})

test('a file that does not exist is not there the next time either', async () => {
  assert.equal(isTransient({ error: await thrownBy(() => readFile('/no/such/file')) }), false)
})

const transientStatuses = [408, 425, 429, 500, 502, 503, 504]

test('of all http statuses those that may pass are tried again, wherever the status stands', () => {
  for (let status = 200; status <= 599; status += 1) {
    const expected = transientStatuses.includes(status)
    const ends = [
      { value: new Response(null, { status }) },
      { value: { statusCode: status, headers: {}, body: null } },
      { error: error({ status }) },
      { error: error({ statusCode: status }) },
      { error: error({ response: { status, headers: {} } }) },
      { error: error({ code: 'ERR_BAD_RESPONSE', response: { statusCode: status } }) },
    ]
    for (const end of ends) assert.equal(isTransient(end), expected, `${status} ${JSON.stringify(end)}`)
  }
})

test('a value that only looks a little like an answer is a value', () => {
  for (const value of [
    { status: 503 },
    503,
    'HTTP 503',
    null,
    undefined,
    { status: '503', headers: {} },
    { headers: {} },
  ])
    assert.equal(isTransient({ value }), false)
})

const states: Readonly<Record<string, boolean>> = {
  '08006': true,
  '40001': true,
  '40P01': true,
  '53300': true,
  '55P03': true,
  '57P01': true,
  '57P03': true,
  '23505': false,
  '42P01': false,
  '28P01': false,
  '57014': false,
  '22012': false,
}
for (const [code, expected] of Object.entries(states)) {
  test(`PostgreSQL ${code} is ${expected ? '' : 'not '}tried again`, () => {
    assert.equal(isTransient({ error: error({ code, severity: 'ERROR' }) }), expected)
  })
}

const codes: Readonly<Record<string, boolean>> = {
  ECONNRESET: true,
  EPIPE: true,
  EAI_AGAIN: true,
  UND_ERR_SOCKET: true,
  UND_ERR_HEADERS_TIMEOUT: true,
  ENOENT: false,
  EACCES: false,
  ERR_INVALID_ARG_TYPE: false,
  UND_ERR_INVALID_ARG: false,
}
for (const [code, expected] of Object.entries(codes)) {
  test(`${code} is ${expected ? '' : 'not '}tried again, also as a cause`, () => {
    assert.equal(isTransient({ error: error({ code }) }), expected)
    assert.equal(isTransient({ error: new Error('outer', { cause: error({ code }) }) }), expected)
  })
}

test('gRPC is tried again when it is unavailable or out of resources', () => {
  for (let code = 1; code <= 16; code += 1) {
    assert.equal(isTransient({ error: error({ code, metadata: {} }) }), code === 8 || code === 14)
  }
})

test('programming errors are not tried again unless asked', async () => {
  for (const type of [TypeError, RangeError, ReferenceError, SyntaxError, EvalError, URIError]) {
    assert.equal(isTransient({ error: new type('oops') }), false)
  }
  assert.equal(isTransient({ error: await thrownBy(() => assert.equal(1, 2)) }), false)
  let calls = 0
  const wrong = (): never => {
    calls += 1
    throw new TypeError('oops')
  }
  await assert.rejects(retry(wrong, { minDelayMs: 0 }), TypeError)
  assert.equal(calls, 1)
  await assert.rejects(retry(wrong, { minDelayMs: 0, shouldRetry: () => true }), TypeError)
  assert.equal(calls, 4)
})

test('an error of which nothing is known is tried again, and what the engine says is final is not', () => {
  assert.equal(isTransient({ error: new Error('who knows') }), true)
  assert.equal(isTransient({ error: 'a text' }), true)
  assert.equal(isTransient({ error: undefined }), true)
  assert.equal(isTransient({ error: new PlimsollError('RETRY_TIMEOUT', 'late') }), true)
  assert.equal(isTransient({ error: new PlimsollError('OPTION_INVALID', 'wrong') }), false)
})

test('a ring of causes has an end', () => {
  const one = new Error('one')
  const other = new Error('other', { cause: one })
  one.cause = other
  assert.equal(isTransient({ error: one }), true)
})

test('whatever is thrown or returned, it is judged', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withMap: true }), (value) => {
      assert.equal(typeof isTransient({ error: value }), 'boolean')
      assert.equal(typeof isTransient({ value }), 'boolean')
    }),
  )
  const hostile = new Proxy(
    {},
    { get: () => assert.fail('hostile'), getPrototypeOf: () => assert.fail('hostile') },
  )
  assert.equal(isTransient({ error: hostile }), true)
  assert.equal(isTransient({ value: hostile }), false)
})

/** The waits before each further attempt, when every answer carries this. */
async function waitsAfter(said: object, isError: boolean): Promise<readonly number[]> {
  const clock = new FakeClock()
  await clock.pass(Date.parse('2026-01-01T00:00:00Z'))
  const fn = async (): Promise<unknown> => {
    if (isError) throw error(said)
    return said
  }
  const config = { strategy: 'fixed', minDelayMs: 100, maxDelayMs: 10_000, clock } as const
  const ended = retry(fn, config).catch(() => undefined)
  await clock.pass(100_000)
  await ended
  return clock.sleeps
}

const hints: readonly (readonly [headers: Record<string, string>, waits: readonly number[]])[] = [
  [{ 'retry-after': '2' }, [2_000, 2_000]],
  [{ 'retry-after': '0.5' }, [500, 500]],
  [{ 'retry-after-ms': '1500' }, [1_500, 1_500]],
  [{ 'retry-after-ms': '1500', 'retry-after': '9' }, [1_500, 1_500]],
  [{ 'x-amz-retry-after': '700' }, [700, 700]],
  [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:03 GMT' }, [3_000, 100]],
  [{ 'retry-after': 'Thursday, 01-Jan-26 00:00:03 GMT' }, [3_000, 100]],
  // In the past, or less than one would wait anyway: nothing changes.
  [{ 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, [100, 100]],
  [{ 'retry-after': '0' }, [100, 100]],
  // What cannot be read says nothing.
  [{ 'retry-after': '-5' }, [100, 100]],
  [{ 'retry-after': 'soon' }, [100, 100]],
  [{ 'retry-after': '' }, [100, 100]],
  [{ 'retry-after': 'NaN' }, [100, 100]],
  [{ 'retry-after': '1e9' }, [100, 100]],
  // Longer than any wait may be: it is over.
  [{ 'retry-after': '31536000' }, []],
  [{ 'retry-after': '9'.repeat(90) }, []],
  [{ 'retry-after': 'Fri, 01 Jan 2027 00:00:00 GMT' }, []],
]

for (const [headers, waits] of hints) {
  const [text = ''] = Object.entries(headers).map((pair) => pair.join(': ').slice(0, 60))
  test(`"${text}" means waits of ${waits.join(', ') || 'nothing more'} ms`, async () => {
    assert.deepEqual(await waitsAfter({ status: 503, headers }, false), waits)
    assert.deepEqual(await waitsAfter(new Response(null, { status: 503, headers }), false), waits)
    assert.deepEqual(
      await waitsAfter({ response: { status: 503, headers: new Headers(headers) } }, true),
      waits,
    )
  })
}

test('a server that says a year is not asked again, and its answer is what is returned', async () => {
  const answer = new Response('maintenance', { status: 503, headers: { 'retry-after': '31536000' } })
  assert.equal(await retry(async () => answer), answer)
  assert.equal(await answer.text(), 'maintenance')
})

const pushbacks: readonly (readonly [string, readonly number[]])[] = [
  ['1200', [1_200, 1_200]],
  ['0', [100, 100]],
  ['-1', []],
  ['soon', []],
]
for (const [pushback, waits] of pushbacks) {
  test(`a pushback of gRPC of "${pushback}" means waits of ${waits.join(', ') || 'nothing more'}`, async () => {
    const metadata = new Map([['grpc-retry-pushback-ms', [pushback]]])
    assert.deepEqual(await waitsAfter({ code: 14, metadata }, true), waits)
  })
}
