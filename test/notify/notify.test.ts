/** Receivers on the loopback interface: real servers, real requests, and the check that the documentation shows. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { linesOf } from '../plan/parsing.ts'
import { openYard, type Yard } from '../run/deploying.ts'

type Request = { readonly headers: IncomingHttpHeaders; readonly body: string; readonly path: string }
type Receiver = AsyncDisposable & { readonly url: string; readonly requests: Request[] }

/** Answers with the statuses in their order, the last one again and again; 0 never answers, -1 closes the connection. */
async function openReceiver(statuses: readonly number[]): Promise<Receiver> {
  const requests: Request[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const status = statuses[Math.min(requests.length, statuses.length - 1)] ?? 200
    requests.push({
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      path: request.url ?? '',
    })
    if (status === -1) request.socket.destroy()
    if (status <= 0) return
    response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {})
    response.end('thank you')
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const key = 'correct-horse-battery'
const variables = { ...process.env, HOOK_KEY: key }

const planWith = (notify: string, task = 'echo done'): string =>
  `name: shop\nversion: "1.4"\nsecrets: [HOOK_KEY]\ntasks: { ship: { run: ${JSON.stringify(task)} } }\nnotify:\n  ops: ${notify}\n`

const warningsOf = (yard: Yard): readonly string[] =>
  yard.messages.flatMap((message) =>
    message.type === 'warning' ? [`${message.error.code} ${message.error.message}`] : [],
  )

/** The function that docs/notifications.md shows, as it stands there. */
async function documentedCheck(): Promise<
  (header: string, body: string, key: string, nowMs?: number) => boolean
> {
  const page = readFileSync(new URL('../../docs/notifications.md', import.meta.url), 'utf8')
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? []
  const module = await import(`data:text/javascript,${encodeURIComponent(code)}`)
  return module.isFromPlimsoll
}

test('a receiver gets one signed message, and the documented check accepts it and nothing else', async () => {
  await using receiver = await openReceiver([204])
  await using yard = await openYard()
  const report = await yard.deploy(planWith(`{ url: "${receiver.url}/hook", secret: HOOK_KEY }`), {
    variables,
  })
  const [request] = receiver.requests
  assert.equal(receiver.requests.length, 1)
  const body = request?.body ?? ''
  const { type, runId, status, counts, failures, text } = JSON.parse(body)
  assert.deepEqual(
    [type, runId, status, counts, failures],
    ['run-ended', report.runId, 'succeeded', { succeeded: 1 }, []],
  )
  assert.match(text, /^shop 1\.4: succeeded in .* \(1 succeeded\)$/)
  assert.equal(request?.headers['content-type'], 'application/json')

  const isFromPlimsoll = await documentedCheck()
  const header = String(request?.headers['x-plimsoll-signature'])
  assert.equal(isFromPlimsoll(header, body, key), true)
  assert.equal(isFromPlimsoll(header, `${body} `, key), false)
  assert.equal(isFromPlimsoll(header, body, 'another key'), false)
  assert.equal(isFromPlimsoll(header.replace('t=1', 't=2'), body, key), false)
  assert.equal(isFromPlimsoll(header, body, key, Date.now() + 3_600_000), false, 'an old message sent again')
  assert.equal(isFromPlimsoll('', body, key), false)
  assert.deepEqual(warningsOf(yard), [])
})

test('a receiver that is down for a moment is told again, with the same key for all attempts', async () => {
  await using receiver = await openReceiver([503, -1, 200])
  await using yard = await openYard()
  await yard.deploy(planWith(`{ url: "${receiver.url}", secret: HOOK_KEY, within: 30s }`), { variables })
  assert.equal(receiver.requests.length, 3)
  const keys = new Set(receiver.requests.map(({ headers }) => headers['idempotency-key']))
  assert.equal(keys.size, 1)
  assert.match(String([...keys][0]), /^[\w-]+%3A\d+%3Aops$/)
  assert.deepEqual(warningsOf(yard), [])
})

test('a receiver that never answers holds the end of the run no longer than it may, and fails nothing', async () => {
  await using receiver = await openReceiver([0])
  await using yard = await openYard()
  const report = await yard.deploy(planWith(`{ url: "${receiver.url}", within: 300ms }`), { variables })
  assert.equal(report.status, 'succeeded')
  const [warning = '', ...others] = warningsOf(yard)
  assert.match(warning, /^NOTIFY_FAILED "ops" was not told how the run ended, within 300 ms: /)
  assert.deepEqual(others, [])
})

test('what is refused is not tried again, and a redirect is not followed', async () => {
  for (const [status, says] of [
    [404, /it answered 404$/],
    [302, /it answered 302, and redirects are not followed$/],
  ] as const) {
    await using receiver = await openReceiver([status])
    await using yard = await openYard()
    await yard.deploy(planWith(`{ url: "${receiver.url}" }`), { variables })
    assert.match(warningsOf(yard).join('\n'), says)
    assert.equal(receiver.requests.length, 1)
  }
})

test('a failed run is told with what failed and without any secret, also where the address is one', async () => {
  await using receiver = await openReceiver([200])
  await using other = await openReceiver([500])
  await using yard = await openYard()
  const token = `ghp_${'aB3'.repeat(12)}`
  const text = `${planWith(`{ url: "\${secrets.URL}", on: failed }`, `echo $TOKEN; exit 3`)}  never: { url: "${other.url}", on: [succeeded] }\n`
  const secrets = text
    .replace('secrets: [HOOK_KEY]', 'secrets: [HOOK_KEY, URL]')
    .replace('run: ', 'env: { TOKEN: "${secrets.HOOK_KEY}" }, run: ')
  const url = `${receiver.url}/${token}`
  const report = await yard.deploy(secrets, { variables: { ...variables, URL: url } })
  assert.equal(report.status, 'failed')
  assert.equal(other.requests.length, 0)
  const [request] = receiver.requests
  assert.equal(request?.path, `/${token}`)
  const { failures } = JSON.parse(request?.body ?? '{}')
  assert.deepEqual([failures[0].task, failures[0].code], ['ship', 'TASK_FAILED'])
  for (const secret of [key, token]) {
    assert.ok(!request?.body.includes(secret))
    assert.ok(!JSON.stringify(yard.messages).includes(secret))
  }
})

test('the name of a receiver is data: whatever is in it, it makes no header and no line', async () => {
  await using receiver = await openReceiver([200])
  await using yard = await openYard()
  const name = JSON.stringify('ops\r\nX-Forged: 1 "é')
  await yard.deploy(planWith(`{ url: "${receiver.url}" }`).replace('  ops:', `  ${name}:`), { variables })
  assert.deepEqual(warningsOf(yard), [])
  const [request] = receiver.requests
  assert.equal(request?.headers['x-forged'], undefined)
  assert.match(String(request?.headers['idempotency-key']), /%0D%0AX-Forged%3A%201/)
})

test('a second interruption ends the waiting for receivers', async () => {
  await using receiver = await openReceiver([0])
  await using yard = await openYard()
  const kill = new AbortController()
  const deploying = yard.deploy(planWith(`{ url: "${receiver.url}", within: 60s }`), {
    variables,
    killSignal: kill.signal,
  })
  while (receiver.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
  kill.abort()
  assert.match(
    warningsOf(yard)
      .concat((await deploying).status)
      .join('\n'),
    /succeeded|interrupted/,
  )
})

test('what cannot be meant is told with its place', () => {
  const problems = (notify: string): string =>
    linesOf(`name: shop\nsecrets: [KEY]\ntasks: { a: { run: x } }\nnotify: { ops: ${notify} }`).join('\n')
  assert.equal(problems('{ url: "https://a.example/${secrets.KEY}", secret: KEY }'), '')
  assert.match(
    problems('{ url: ftp://a.example }'),
    /notify\.ops\.url: found "ftp:\/\/a\.example", expected a URL/,
  )
  assert.match(problems('{ secret: KEY }'), /notify\.ops\.url: is missing/)
  assert.match(
    problems('{ url: "http://a", secret: KEZ }'),
    /found "KEZ", which is not listed under "secrets"; did you mean "KEY"/,
  )
  assert.match(
    problems('{ url: "http://a", on: broken }'),
    /one of succeeded, failed, rolled-back, interrupted/,
  )
  assert.match(
    problems('{ url: "http://a", within: 5m }'),
    /notify\.ops\.within: found 300000 ms, expected at most 60000 ms/,
  )
  assert.match(problems('{ url: "http://a/${tasks.a.outputs.x}" }'), /known before the run starts/)
  assert.match(problems('{ url: "http://a", headers: { "a b": c } }'), /found the header "a b"/)
})
