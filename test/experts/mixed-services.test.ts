/** What one service among many says, and whose record a line is part of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose } from '../../src/experts/experts.ts'

const causeOf = async (...lines: readonly string[]): Promise<string | null> =>
  (await diagnose({ logs: [{ name: 'log', chunks: [Buffer.from(`${lines.join('\n')}\n`)] }] })).cause

const journal = (time: string, writer: string, text: string): string =>
  `Nov 29 ${time} host ${writer}: ${text}`
const warned = (second: number): string =>
  journal(`10:00:0${second}`, 'shop[110]', 'WARN could not refresh the cache')
const heap = 'java.lang.OutOfMemoryError: Java heap space'
const thrown = { 'java.net.UnknownHostException: db.internal': 'dns', [heap]: 'oom' }

test('an exception that has a stamp of its own is no part of a warning of another second or service', async () => {
  for (const [text, cause] of Object.entries(thrown)) {
    const line = journal('10:00:01', 'shop[110]', text)
    assert.equal(await causeOf(warned(0), line), cause)
    assert.equal(
      await causeOf(journal('10:00:01', 'bank[7]', 'WARN could not refresh the cache'), line),
      cause,
    )
    assert.equal(await causeOf('bank-1  | WARN could not refresh the cache', `shop-1  | ${text}`), cause)
    assert.equal(await causeOf(warned(1), line), null)
    assert.equal(await causeOf('WARN could not refresh the cache', text), null)
  }
})

test('when a line came is read of it also where lines of its shape came before', async () => {
  const lines = [0, 1, 2].flatMap((second) => [
    warned(second),
    journal(`10:00:0${second}`, 'shop[110]', heap),
  ])
  assert.equal(await causeOf(...lines), null)
  assert.equal(await causeOf(...lines.with(-2, warned(1))), 'oom')
})

test('what caused an exception below a warning is of that warning, also a second later', async () => {
  const head = journal('10:00:01', 'shop[110]', 'java.lang.IllegalStateException: no stock')
  const cause = (writer: string): string => journal('10:00:02', writer, `Caused by: ${heap}`)
  assert.equal(await causeOf(warned(1), head, cause('shop[110]')), null)
  assert.equal(await causeOf(warned(1), head, cause('bank[7]')), 'oom')
})

test('what a unit says right before systemd tells that it failed is why, also below a warning', async () => {
  const end = journal('10:00:01', 'systemd[1]', "shop.service: Failed with result 'exit-code'.")
  for (const [text, cause] of Object.entries(thrown))
    assert.equal(await causeOf(warned(1), journal('10:00:01', 'shop[110]', text), end), cause)
})

test('an exception below a record of JSON is no part of it', async () => {
  assert.equal(await causeOf('{"time":"10:00:00","level":"info","msg":"connection refused"}', heap), 'oom')
})

const reset = 'connection reset by peer (client)'

test('records below the level of warnings name no cause, however many services write them', async () => {
  for (const records of [
    [`a-1  | 2026-11-29T10:00:00Z INFO ${reset}`, `b-1  | 2026-11-29T10:00:00Z INFO ${reset}`],
    [journal('10:00:00', 'a[1]', `INFO ${reset}`), journal('10:00:01', 'a[1]', `INFO ${reset}`)],
    [`{"level":"info","msg":"${reset}"}`, `{"level_name":"debug","msg":"${reset}"}`],
    [`{"service":"${'a'.repeat(60)}","msg":"INFO ${reset}"}`],
    [`[pod/shop-7d9f8c6b5-abcde/shop] 2026-11-29T10:00:00.123456789Z INFO ${reset}`],
  ]) {
    assert.equal(await causeOf(...records, ...records), null, records[0])
    assert.equal(await causeOf(...records, 'make: *** [deploy] Error 1'), 'network', records[0])
    assert.equal(await causeOf(...records, heap, ...records), 'oom', records[0])
  }
})

test('of warnings to the last line only those of one service tell that it is stuck', async () => {
  const warning = (service: string): string => `${service}-1  | WARN connection reset by peer`
  assert.equal(await causeOf(warning('a'), warning('a')), 'network')
  assert.equal(await causeOf(warning('a'), warning('b')), null)
})

test('a service that says no more did not go on because others did', async () => {
  const written = {
    pod: (service: string, time: string, text: string) => `[pod/${service}-7d9f/${service}] ${time} ${text}`,
    json: (service: string, time: string, text: string) =>
      `{"service":"${service}","time":"${time}","msg":"${text}"}`,
    stern: (service: string, time: string, text: string) =>
      `${service}-7d9f8c6b5-bcdfg ${service} ${time} ${text}`,
    logfmt: (service: string, time: string, text: string) =>
      `time=2026-11-29T${time} service=${service} msg="${text}"`,
    journal: (service: string, time: string, text: string) =>
      `2026-11-29T${time}+0000 host ${service}[12]: ${text}`,
  }
  for (const [form, write] of Object.entries(written)) {
    const error = write('shop', '10:00:00', 'password authentication failed for user shop')
    const served = (service: string): readonly string[] =>
      ['10:00:01', '10:00:02', '10:00:03'].map((time) => write(service, time, 'served /health'))
    assert.equal(await causeOf(error, ...served('bank')), 'auth', form)
    assert.equal(await causeOf(error, ...served('shop')), null, form)
  }
})

test('what another service tries again is not what this one failed at', async () => {
  const failing = 'shop-1  | ERROR listen EADDRINUSE: address already in use 0.0.0.0:8080'
  assert.equal(await causeOf(failing, 'bank-1  | retrying in 3 s'), 'port-in-use')
  assert.equal(await causeOf(failing, 'bank-1  | the cache is optional'), 'port-in-use')
  assert.equal(await causeOf(failing, 'shop-1  | retrying in 3 s'), null)
})

test('an error is found among many warnings that say the same', async () => {
  const unknown = (level: string, host: string): string =>
    `shop-1  | ${level} getaddrinfo ENOTFOUND ${host}.internal`
  const warnings = Array.from({ length: 100 }, (_, at) => unknown(at % 2 ? 'WARN' : 'DEBUG', 'cache'))
  const log = [...warnings, unknown('FATAL', 'db'), ...warnings, 'exited with code 1'].join('\n')
  const { cause, evidence } = await diagnose({ logs: [{ name: 'log', chunks: [Buffer.from(log)] }] })
  assert.equal(cause, 'dns')
  assert.equal(evidence[0]?.line, 101)
})
