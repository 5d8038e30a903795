import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { ExpertManager, type ExpertManagerOptions } from '../../../src/experts/experts.ts'
import { type Format, formats, ModelServer, type Script } from './model-server.ts'

const question = { id: 'q', type: 'technical', title: 'Why?', text: 'Is it so?' }

async function ask(format: Format, script: (number: number) => Script, options: ExpertManagerOptions = {}) {
  await using server = await new ModelServer((_asked, number) => script(number)).listen()
  await using manager = new ExpertManager({ experts: [server.source(format)], ...options })
  const { answers } = await manager.consult(question)
  const [answer] = answers
  assert.ok(answer)
  const spilled = answer.spilled && {
    text: readFileSync(answer.spilled.file, 'utf8'),
    mode: statSync(answer.spilled.file).mode & 0o777,
  }
  return { answer, spilled, requests: server.asked, report: manager.getPerformanceReport() }
}

for (const format of formats) {
  test(`${format}: a whole answer is complete, with its tokens and what they cost`, async () => {
    const { answer, requests } = await ask(format, () => ({ texts: ['It ', 'is ', 'so.'] }))
    assert.equal(answer.error, null)
    assert.equal(answer.status, 'complete')
    assert.equal(answer.text, 'It is so.')
    assert.deepEqual(answer.usage, {
      inputTokens: 100,
      outputTokens: 50,
      isEstimated: false,
      costUsd: 0.0006,
    })
    assert.equal(requests.length, 1)
    assert.match(requests[0]?.body ?? '', /1000/, 'the most tokens are always said')
  })

  test(`${format}: an answer at its limit of tokens is cut, and what came is kept`, async () => {
    const { answer } = await ask(format, () => ({ texts: ['It is'], end: 'length' }))
    assert.equal(answer.status, 'cut')
    assert.equal(answer.error?.code, 'EXPERT_ANSWER_CUT')
    assert.equal(answer.text, 'It is')
  })

  test(`${format}: an answer that ends without a last word is cut`, async () => {
    const { answer } = await ask(format, () => ({ texts: ['It is'], end: 'ends' }))
    assert.equal(answer.status, 'cut')
    assert.equal(answer.text, 'It is')
  })

  test(`${format}: a connection that is lost in the midst is tried again`, async () => {
    const { answer, requests } = await ask(format, (number) =>
      number === 1 ? { texts: ['It is', ' not'], end: 'cut' } : { texts: ['It is so.'] },
    )
    assert.equal(answer.error, null)
    assert.equal(answer.text, 'It is so.')
    assert.equal(requests.length, 2)
    assert.equal(answer.attempts, 2)
    assert.ok(answer.usage.isEstimated, 'the lost attempt is counted, too')
    assert.ok(answer.usage.inputTokens > 100)
  })

  test(`${format}: an error in the midst of an answer is no complete answer`, async () => {
    const { answer } = await ask(format, () => ({ texts: ['It is'], end: 'error' }))
    assert.equal(answer.status, format === 'google' ? answer.status : 'failed')
    assert.notEqual(answer.status, 'complete')
    assert.ok(answer.error)
  })

  test(`${format}: an event that is not JSON fails the answer`, async () => {
    const { answer } = await ask(format, () => ({ texts: ['It is'], end: 'malformed' }))
    assert.equal(answer.status, 'failed')
    assert.equal(answer.error?.code, 'EXPERT_FAILED')
  })

  test(`${format}: bytes that come one by one make the same answer`, async () => {
    const { answer } = await ask(format, () => ({ texts: ['It is so: ü €'], isSlow: true }))
    assert.equal(answer.text, 'It is so: ü €')
  })

  test(`${format}: 429 and 529 are tried again when the server says so`, async () => {
    const { answer, requests, report } = await ask(format, (number) =>
      number < 3 ? { status: number === 1 ? 429 : 529, headers: { 'retry-after': '0' } } : {},
    )
    assert.equal(answer.error, null)
    assert.equal(requests.length, 3)
    assert.equal(report.experts[0]?.retries, 2)
  })

  test(`${format}: a key that is refused is not tried again`, async () => {
    const { answer, requests } = await ask(format, () => ({ status: 401 }))
    assert.equal(answer.error?.code, 'EXPERT_REFUSED')
    assert.equal(requests.length, 1)
    assert.equal(answer.usage.costUsd, 0)
  })

  test(`${format}: a page of a web server is no model`, async () => {
    const { answer } = await ask(format, () => ({
      body: '<html>hello</html>',
      headers: { 'content-type': 'text/html' },
    }))
    assert.equal(answer.error?.code, 'EXPERT_NOT_A_MODEL')
    assert.match(answer.error.message, /text\/html/)
  })

  test(`${format}: a long answer is in a file that only its owner may read`, async () => {
    const { answer, spilled } = await ask(format, () => ({
      texts: Array(100).fill('0123456789\n'.repeat(200)),
    }))
    assert.equal(answer.status, 'complete')
    assert.equal(answer.text.length, 64 * 1024)
    assert.equal(answer.spilled?.bytes, 220_000)
    assert.equal(spilled?.text, '0123456789\n'.repeat(20_000))
    assert.equal(spilled?.mode, 0o600)
  })
}

test('a redirect is not followed: a key stays where it was sent', async () => {
  const { answer, requests } = await ask('anthropic', () => ({
    status: 307,
    headers: { location: 'http://127.0.0.1:1/' },
  }))
  assert.equal(answer.error?.code, 'EXPERT_NOT_A_MODEL')
  assert.equal(requests.length, 1)
})

test('an event without an end does not fill memory', async () => {
  const { answer } = await ask('compatible', () => ({ texts: ['x'.repeat(2 * 1024 ** 2)] }))
  assert.equal(answer.error?.code, 'EXPERT_NOT_A_MODEL')
})

test('a key comes from the variable or the file that is named, and a missing one is told by name', async () => {
  await using server = await new ModelServer(() => ({})).listen()
  const sourceOf = (name: string, variable: string) =>
    server.source('compatible', { name, key: { from: 'environment', variable } })
  await using manager = new ExpertManager({
    experts: [
      sourceOf('there', 'SHOP_KEY'),
      sourceOf('missing', 'NO_SUCH_KEY'),
      server.source('anthropic', { name: 'file', key: { from: 'file', file: '/no/such/file' } }),
    ],
    variables: { SHOP_KEY: 'key-of-the-shop\n' },
  })
  const { answers } = await manager.consult(question)
  const errorOf = (name: string) => answers.find(({ expert }) => expert === name)?.error
  assert.equal(errorOf('there'), null)
  assert.equal(server.asked[0]?.headers.authorization, 'Bearer key-of-the-shop')
  assert.equal(errorOf('missing')?.code, 'EXPERT_KEY_MISSING')
  assert.match(errorOf('missing')?.message ?? '', /NO_SUCH_KEY/)
  assert.equal(errorOf('file')?.code, 'EXPERT_KEY_MISSING')
})

test('a server that is not there is told of, and the other answers stay', async () => {
  await using server = await new ModelServer(() => ({})).listen()
  const gone = await new ModelServer(() => ({})).listen()
  const experts = [server.source('compatible'), server.source('openai', { baseUrl: gone.url })]
  await gone[Symbol.asyncDispose]()
  await using manager = new ExpertManager({ experts })
  const { answers, error } = await manager.consult(question)
  assert.equal(error, null)
  assert.equal(answers.find(({ expert }) => expert === 'openai')?.error?.code, 'EXPERT_UNREACHABLE')
  assert.equal(answers.find(({ expert }) => expert === 'compatible')?.status, 'complete')
})
