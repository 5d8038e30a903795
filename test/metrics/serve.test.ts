import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { MetricsServer, type ServeOptions } from '../../src/metrics/serve.ts'
import type { Sample } from '../../src/metrics/words.ts'
import { FakeClock } from '../fake-clock.ts'

const up: Sample = { name: 'up', labels: { host: 'a' }, timestampMs: 1_500, value: 1 }
const serve = (samples: Iterable<Sample> | AsyncIterable<Sample>, options: Partial<ServeOptions> = {}) =>
  MetricsServer.open({
    latest: async function* () {
      yield* samples
    },
    port: 0,
    ...options,
  })

test('a scraper gets what it accepts, on an address that nobody else can reach', async () => {
  await using server = await serve([up])
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/)
  const plain = await fetch(server.url)
  assert.equal(plain.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  assert.equal(await plain.text(), '# TYPE up untyped\nup{host="a"} 1\n')
  const open = await fetch(server.url, { headers: { accept: 'application/openmetrics-text' } })
  assert.match(open.headers.get('content-type') ?? '', /^application\/openmetrics-text; version=1\.0\.0/)
  assert.equal(await open.text(), '# TYPE up unknown\nup{host="a"} 1\n# EOF\n')
})

test('with timestamps each sample tells when it was taken', async () => {
  await using server = await serve([up], { timestamps: true })
  assert.match(await (await fetch(server.url)).text(), /up\{host="a"\} 1 1500/)
})

test('other paths and methods are told what there is', async () => {
  await using server = await serve([up])
  const other = await fetch(new URL('/', server.url))
  assert.deepEqual([other.status, await other.text()], [404, 'The metrics are at /metrics\n'])
  const posted = await fetch(server.url, { method: 'POST', body: 'x' })
  assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD'])
  const head = await fetch(server.url, { method: 'HEAD' })
  assert.deepEqual([head.status, await head.text()], [200, ''])
})

test('a reading that fails at once is a 500; one that fails later breaks the answer off', async () => {
  const errors: unknown[] = []
  const failing = async function* (count: number) {
    for (let index = 0; index < count; index += 1) yield up
    throw new Error('the disk is gone')
  }
  await using atOnce = await serve(failing(0), { onError: (error) => errors.push(error) })
  assert.equal((await fetch(atOnce.url)).status, 500)
  await using later = await serve(failing(10_000), { onError: (error) => errors.push(error) })
  await assert.rejects(async () => await (await fetch(later.url)).text())
  assert.deepEqual(errors.map(String), ['Error: the disk is gone', 'Error: the disk is gone'])
})

test('a fifth scrape at once is asked to come again; who does not read holds nothing but its place', async () => {
  let pulled = 0
  const endless = async function* () {
    for (;;) {
      pulled += 1
      yield up
    }
  }
  // Whose clock stands still: four that do not read are not late.
  await using server = await serve([], { latest: endless, clock: new FakeClock() })
  const { port } = new URL(server.url)
  const sockets = Array.from({ length: 4 }, () => connect(Number(port), '127.0.0.1'))
  try {
    for (const socket of sockets) {
      socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n')
      await once(socket, 'readable')
    }
    const refused = await fetch(server.url)
    assert.equal(refused.status, 503)
    assert.equal(refused.headers.get('retry-after'), '1')
    const before = pulled
    await new Promise((resolve) => setTimeout(resolve, 100))
    // Some buffers of the sockets may still have been filled; an endless source would have run on by millions.
    assert.ok(pulled - before < 1_000_000, String(pulled - before))
  } finally {
    for (const socket of sockets) socket.destroy()
  }
})

test('a port that is taken is told', async () => {
  await using server = await serve([up])
  const port = Number(new URL(server.url).port)
  await assert.rejects(serve([up], { port }), {
    code: 'METRICS_SERVE_FAILED',
    message: new RegExp(`cannot listen on 127.0.0.1:${port}: .*EADDRINUSE`),
  })
})

test('closing does not wait for who reads slowly', async () => {
  const endless = async function* () {
    for (;;) yield up
  }
  const server = await serve([], { latest: endless })
  const answer = await fetch(server.url)
  await server[Symbol.asyncDispose]()
  await assert.rejects(answer.text())
})
