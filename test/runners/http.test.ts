import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { test } from 'node:test'
import type { Work } from '../../src/spine.ts'
import { openBench } from './run-task.ts'

type Http = Extract<Work, { kind: 'http' }>

const probe = (url: string, more: Partial<Http> = {}): Http => ({
  kind: 'http',
  url: [url],
  method: 'GET',
  headers: {},
  body: null,
  expect: { status: [200], body: null },
  withinMs: 0,
  everyMs: 20,
  ...more,
})

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/up`
  return { url, [Symbol.dispose]: () => void server.close().closeAllConnections() }
}

async function serveRaw(answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    socket.once('data', () => answer(socket))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const dispose = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, [Symbol.dispose]: dispose }
}

test('a probe asks again until the answer is as expected', async () => {
  let asked = 0
  using server = await serve((_request, response) => {
    asked += 1
    response.writeHead(asked < 3 ? 503 : 200).end('warming up')
  })
  await using bench = await openBench()
  const { report } = await bench.run(probe(server.url, { withinMs: 20_000 }))
  assert.equal(report.status, 'succeeded')
  assert.equal(asked, 3)
})

test('a wrong answer is told with what was asked, what came and what the service said, without its secrets', async () => {
  using server = await serve((_request, response) =>
    response.writeHead(500).end('cannot log in\n with hunter2-hunter2'),
  )
  await using bench = await openBench({ KEY: 'hunter2-hunter2' })
  const { report } = await bench.run(probe(server.url))
  assert.equal(report.error?.code, 'PROBE_FAILED')
  assert.match(
    report.error?.message ?? '',
    /^GET .*\/up answered 500, expected 200; it said: cannot log in with \*\*\*$/,
  )
})

test('a body without the expected text is a failure', async () => {
  using server = await serve((_request, response) => response.end('version v1'))
  await using bench = await openBench()
  const work = probe(server.url, { expect: { status: [200], body: 'v2' } })
  assert.match((await bench.run(work)).report.error?.message ?? '', /without "v2" in its body/)
})

test('headers and body are filled and sent, secrets included', async () => {
  const seen: string[] = []
  using server = await serve(async (request, response) => {
    seen.push(request.method ?? '', request.headers['x-key'] as string, String(await request.toArray()))
    response.end()
  })
  await using bench = await openBench({ KEY: 'hunter2-hunter2' })
  await bench.run(
    probe(server.url, { method: 'POST', headers: { 'x-key': [{ secret: 'KEY' }] }, body: ['hello'] }),
  )
  assert.deepEqual(seen, ['POST', 'hunter2-hunter2', 'hello'])
})

test('a redirect is an answer and is not followed', async () => {
  using server = await serve((_request, response) =>
    response.writeHead(302, { location: '/elsewhere' }).end(),
  )
  await using bench = await openBench()
  assert.match((await bench.run(probe(server.url))).report.error?.message ?? '', /answered 302, expected 200/)
})

test('nobody listening, no URL and other protocols are failures with the reason', async () => {
  await using bench = await openBench()
  const messages = []
  for (const url of ['http://127.0.0.1:9/', 'nonsense', 'file:///etc/passwd']) {
    messages.push((await bench.run(probe(url))).report.error?.message)
  }
  assert.match(messages[0] ?? '', /got no answer: connect ECONNREFUSED/)
  assert.match(messages[1] ?? '', /is not an http or https URL/)
  assert.match(messages[2] ?? '', /is not an http or https URL/)
})

const strange: Readonly<Record<string, (socket: Socket) => void>> = {
  'an upgrade': (socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
  'a closed connection': (socket) => socket.end(),
  'a reset': (socket) => socket.resetAndDestroy(),
  nonsense: (socket) => socket.end('what?\r\n\r\n'),
  'half a body': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'),
  silence: () => undefined,
}

for (const [what, answer] of Object.entries(strange)) {
  test(`${what} ends the probe at the latest with its timeout`, async () => {
    using server = await serveRaw(answer)
    await using bench = await openBench()
    const { report } = await bench.run(probe(server.url), { timeoutMs: 1_000 })
    assert.equal(report.status, 'failed')
    assert.ok(['PROBE_FAILED', 'TASK_TIMEOUT'].includes(report.error?.code ?? ''))
  })
}

test('an endless body is read no further than is looked at', async () => {
  using server = await serve((_request, response) => {
    const more = (): void => {
      while (response.write(Buffer.alloc(65_536, 'x')));
    }
    response.on('drain', more)
    more()
  })
  await using bench = await openBench()
  assert.equal((await bench.run(probe(server.url))).report.status, 'succeeded')
})

test('a request under way does not outlast "within"', async () => {
  using server = await serveRaw(() => undefined)
  await using bench = await openBench()
  const { report } = await bench.run(probe(server.url, { withinMs: 300 }))
  const [, ms] = /no answer within (\d+) ms/.exec(report.error?.message ?? '') ?? []
  assert.ok(Number(ms) <= 300, report.error?.message)
})
