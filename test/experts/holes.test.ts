/** What the holes of a rule hold, as it is said. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose } from '../../src/experts/experts.ts'
import { holesIn } from '../../src/experts/filled.ts'
import { parsePhrase } from '../../src/experts/phrase.ts'
import { rules } from '../../src/experts/rules/rules.ts'

const held = (phrase: string, line: string): string | undefined => holesIn(line, parsePhrase(phrase)).what

const explained = async (line: string): Promise<string> =>
  (await diagnose({ logs: [{ name: 'log', chunks: [Buffer.from(`${line}\n`)] }] })).explanation

test('what a hole holds ends with the string of JSON that it is in', () => {
  const said = (message: string): readonly string[] => {
    const pino = JSON.stringify({ level: 50, msg: message, pid: 12, host: 'web', err: { name: 'Error' } })
    const docker = JSON.stringify({ log: `${pino}\n`, stream: 'stderr' })
    return [
      pino,
      `web-1  | ${pino}`,
      docker,
      JSON.stringify({ errors: [message, 'other'], x: 1 }),
      JSON.stringify({ a: { b: message } }),
      JSON.stringify({ a: [message] }, null, 1).replaceAll('\n', ''),
      JSON.stringify({ stack: `${message}\n    at lookup (dns.js:1:2)` }),
      `{"msg": "${message}", "name": "Error"}`,
    ]
  }
  for (const line of said('cannot find the host db.internal'))
    assert.equal(held('cannot find the host {what}', line), 'db.internal', line)
  for (const line of said('cannot find the host db.internal'))
    assert.equal(held('the host {what@}', line), 'db.internal', line)
  for (const line of said('db.internal was not found anywhere'))
    assert.equal(held('{what} was not found', line), 'db.internal', line)
})

test('quotes within a string of JSON, and in other lines, are part of what is said', () => {
  const message = JSON.stringify({ msg: 'unknown fields "a", "b" in it', pid: 1 })
  assert.equal(held('unknown fields {what}', message), '"a", "b" in it')
  for (const said of ['"a", "b" in it', '["a","b"] of {"c"}', 'a\\nb'])
    assert.equal(held('unknown fields {what}', `error: unknown fields ${said}`), said)
})

test('what a hole holds ends with the quoted field that it is in', () => {
  for (const line of [
    "##teamcity[message text='cannot find the host db.internal' status='ERROR']",
    "##teamcity[message text='cannot find the host db.internal']",
    'level=error msg="cannot find the host db.internal" component=web code=3',
    'level=error msg="cannot find the host db.internal"',
    '<error message="cannot find the host db.internal"/>',
  ])
    assert.equal(held('cannot find the host {what}', line), 'db.internal', line)
  for (const said of ["'a' or 'b'", "the shop's 'a'", 'x of "a" b="c"', "a='b' c='d'", "don't"])
    assert.equal(held('unknown fields {what}', `error: unknown fields ${said}`), said)
})

test('of a failure that several tools tell in the same words the tool is named whose they are', async () => {
  assert.match(await explained('Tests:       1 failed, 5 passed, 6 total'), /JavaScript/)
  assert.match(
    await explained('FATAL: password authentication failed for user shop'),
    /^The database .* user shop /,
  )
})

test('what begins a line is found behind what a CI system puts before it, and said', () => {
  const line = '2026-07-31T01:17:30.9Z npm error code ETARGET'
  assert.equal(held('^npm error code {what@}', line), 'ETARGET')
})

test('what a hole holds is short, however long a line is', () => {
  for (const { says = '', phrases, anyCase } of rules) {
    for (const text of phrases) {
      const phrase = parsePhrase(text, anyCase)
      const line = text.replaceAll(/\{\w*[!#@]?\}/g, '7'.repeat(1_000)).replaceAll(/^\^|\$$/g, '')
      const holes = holesIn(line, phrase)
      for (const value of Object.values(holes)) assert.ok(value.length <= 121, `${says}: ${value.length}`)
    }
  }
  const long = held('cannot find {what}', `cannot find ${'db '.repeat(1_000)}`)
  assert.match(long ?? '', /db…$/)
})

test('examples of loggers are explained in the words of the message alone', async () => {
  const dns = {
    type: 'error',
    message: 'getaddrinfo ENOTFOUND db.internal',
    name: 'Error',
    stack: 'Error: could not be resolved',
  }
  assert.match(await explained(JSON.stringify(dns)), /\bdb\.internal[^",]*$/)
  const port = { level: 60, msg: 'listen EADDRINUSE: address already in use 0.0.0.0:8080', pid: 12 }
  assert.equal(await explained(JSON.stringify(port)), 'The address 0.0.0.0:8080 is taken by another process.')
})

test('colours within JSON, and within JSON in JSON, are not shown', async () => {
  const message = '\u001b[1;31mError: listen EADDRINUSE: address already in use 0.0.0.0:8080\u001b[39m'
  const pino = JSON.stringify({ level: 50, msg: message })
  for (const line of [pino, JSON.stringify({ log: `${pino}\n` })]) {
    const { evidence } = await diagnose({ logs: [{ name: 'log', chunks: [Buffer.from(line)] }] })
    assert.match(evidence[0]?.text ?? '', /"msg\\?":\\?"Error: listen EADDRINUSE: .* 0\.0\.0\.0:8080\\?"/)
  }
})
