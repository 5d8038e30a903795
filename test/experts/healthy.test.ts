import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { diagnose } from '../../src/experts/experts.ts'

/** Logs of work that ended well and of services that run, full of words of failures, as the tools print them. */
const healthy = readFileSync(new URL('./healthy.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as { readonly name: string; readonly log: string })

const causeOf = async (text: string): Promise<string | null> =>
  (await diagnose({ logs: [{ name: 'log', chunks: [Buffer.from(text)] }] })).cause

for (const { name, log } of healthy) {
  test(`nothing is wrong in a log of ${name}`, async () => {
    assert.equal(await causeOf(log), null)
  })
}

const record = (second: number, text: string): string => `2026-11-01 10:00:0${second},113 ${text}\n`
const error = record(1, 'ERROR could not charge: connection refused')

test('what a service met once and went on after is no failure, and what it met last is one', async () => {
  const after = [2, 3, 4].map((second) => record(second, 'served /health')).join('')
  assert.equal(await causeOf(error + after), null)
  assert.equal(await causeOf(after + error), 'connection-refused')
})

test('that other services go on does not help the one that failed', async () => {
  const others = [2, 3, 4].map((second) => `web-1  | ${record(second, 'served /health')}`).join('')
  assert.equal(await causeOf(`api-1  | ${error}${others}`), 'connection-refused')
})

test('the exception below a warning is of that warning', async () => {
  const exception =
    'java.net.UnknownHostException: es-3\n\tat java.base/java.net.InetAddress.get(InetAddress.java:988)\n'
  assert.equal(await causeOf(record(1, 'WARN could not reach es-3') + exception), null)
  assert.equal(await causeOf(record(1, 'ERROR could not reach es-3') + exception), 'dns')
})

test('a pod that had no node at first and has one later is none that cannot be scheduled', async () => {
  const event = 'Warning  FailedScheduling  pod/web-1  0/4 nodes are available: 4 Insufficient cpu.\n'
  assert.equal(
    await causeOf(`${event}Normal  Scheduled  pod/web-1  Successfully assigned shop/web-1 to n1\n`),
    null,
  )
  assert.equal(
    await causeOf(`${event}Normal  Scheduled  pod/web-2  Successfully assigned shop/web-2 to n1\n`),
    'scheduling',
  )
})

test('the path of a module is no command to GitHub', async () => {
  const log = (word: string): string =>
    `${error}${word}initializing: operation failed\nserver listening on port 1\n`
  assert.equal(await causeOf(log('shop::server::error: ')), null)
  assert.equal(await causeOf(log('::error::')), 'connection-refused')
})

test('a client of PostgreSQL that hangs up is no failure of the server', async () => {
  const hungUp = record(1, 'UTC [18] LOG:  could not receive data from client: Connection reset by peer')
  assert.equal(await causeOf(hungUp), null)
  assert.equal(await causeOf(hungUp.replace('LOG:  could', 'ERROR:  could')), 'network')
})
