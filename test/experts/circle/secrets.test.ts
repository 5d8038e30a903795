import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ExpertManager } from '../../../src/experts/experts.ts'
import { plantSecrets } from '../../redact/planted.ts'
import { formats, ModelServer } from './model-server.ts'

function steady(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

const planted = plantSecrets(steady(8))
const values = planted.flatMap(({ values }) => values)

function assertNone(text: string, where: string): void {
  const left = values.filter(
    (value) => text.includes(value) || text.includes(JSON.stringify(value).slice(1, -1)),
  )
  assert.deepEqual(left, [], where)
}

test('of 49 kinds of secrets none is in a prompt, an event, an answer, an error or a file', async () => {
  assert.equal(planted.length, 49)
  const lines = planted.map(({ line }) => `${line}\n`)
  await using server = await new ModelServer(({ path }) =>
    path.includes('/chat/')
      ? { status: 400, body: JSON.stringify({ error: { message: lines.join(''), type: 'x' } }) }
      : { texts: [...(lines.join('').match(/[\s\S]{1,7}/g) ?? []), 'x'.repeat(70_000)] },
  ).listen()
  await using manager = new ExpertManager({ experts: formats.map((format) => server.source(format)) })
  const text = lines.join('')
  const question = {
    id: 'q',
    type: 'technical',
    title: 'What?',
    text,
    context: { seen: text },
    constraints: lines,
  }
  const materials = [{ name: 'log', chunks: lines.map((line) => Buffer.from(line)) }]
  let streamed = ''
  for await (const event of manager.stream(question, { materials })) {
    assertNone(JSON.stringify(event), event.type)
    if (event.type === 'text' && event.expert === 'anthropic') streamed += event.text
    if (event.type !== 'consulted') continue
    for (const { spilled } of event.consultation.answers)
      if (spilled !== null) assertNone(readFileSync(spilled.file, 'utf8'), 'the file of a long answer')
  }
  assertNone(streamed, 'the text as it came')
  assert.ok(streamed.length > 1_000)
  assert.equal(server.asked.length, 4)
  for (const { body, path } of server.asked) assertNone(body, path)
})

test('a key that a server repeats is masked, whatever it looks like', async () => {
  const key = 'correct horse battery'.replaceAll(' ', '-')
  await using server = await new ModelServer(({ headers }) => ({
    texts: [`you sent ${headers.authorization?.slice(7, 12)}`, `${headers.authorization?.slice(12)}`],
  })).listen()
  const source = server.source('compatible', { key: { from: 'environment', variable: 'HOUSE_KEY' } })
  await using manager = new ExpertManager({ experts: [source], variables: { HOUSE_KEY: key } })
  const { answers } = await manager.consult({ id: 'q', type: 'general', title: 'Well?', text: `use ${key}` })
  assert.equal(answers[0]?.text, 'you sent ***')
  assert.match(answers[0]?.prompt?.user ?? '', /use \*\*\*/)
  assert.equal(server.asked[0]?.headers.authorization, `Bearer ${key}`)
})

test('a recorded prompt can be sent again as it was', async () => {
  await using server = await new ModelServer(() => ({})).listen()
  await using manager = new ExpertManager({ experts: [server.source('anthropic')] })
  const { answers } = await manager.consult({ id: 'q', type: 'general', title: 'Well?', text: 'Is it?' })
  const prompt = answers[0]?.prompt
  assert.ok(prompt)
  const again = await manager.replay(JSON.parse(JSON.stringify(prompt)), 'anthropic')
  assert.equal(again.status, 'complete')
  assert.equal(server.asked[0]?.body, server.asked[1]?.body)
})
