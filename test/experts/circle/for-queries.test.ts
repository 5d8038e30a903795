import assert from 'node:assert/strict'
import { consultWith, ExpertManager } from '../../../src/experts/experts.ts'
import { QueryHandler } from '../../../src/queries/queries.ts'
import { onBothStores } from '../../store/both-stores.ts'
import { ModelServer } from './model-server.ts'

const line = 'Error: listen EADDRINUSE: address already in use 0.0.0.0:8080'
const claim = JSON.stringify({
  ...{ cause: 'port-in-use', explanation: 'taken', next: ['look'], sure: 'high' },
  evidence: [{ line: 1, quote: 'listen EADDRINUSE' }],
})

onBothStores('answers, prompts and long texts of the circle are kept with the query', async (openEmpty) => {
  await using server = await new ModelServer(({ body }) => ({
    texts: body.includes('diagnosis-please') ? [claim] : ['x'.repeat(100_000)],
  })).listen()
  await using manager = new ExpertManager({ experts: [server.source('compatible'), server.source('openai')] })
  await using store = await openEmpty()
  const logs = () => ({ logs: [{ name: 'web.log', chunks: [Buffer.from(`${line}\n`)] }] })
  const consult = consultWith(manager, { evidenceOf: async () => logs() })
  await using queries = new QueryHandler({ store, consult })
  const run = await queries.createDiagnosisQuery({ runId: 'r', task: 'diagnosis-please' })
  const diagnosed = await queries.submitQuery(run)
  assert.equal(diagnosed.query.status, 'answered')
  assert.deepEqual(diagnosed.answers.map(({ expert, cause }) => [expert, cause]).sort(), [
    ['compatible', 'port-in-use'],
    ['offline', 'port-in-use'],
    ['openai', 'port-in-use'],
  ])
  const [answer] = diagnosed.answers.filter(({ expert }) => expert === 'openai')
  assert.deepEqual(answer?.evidence, [{ source: 'web.log', line: 1, text: line, supported: true }])
  assert.ok(answer.prompt)
  const prompt = (await Array.fromAsync(queries.readText(answer.prompt.textId))).join('')
  assert.match(prompt, /\[1\] Error: listen EADDRINUSE/)
  const long = await queries.createQuery({ title: 'Much?', text: 'Say much.' })
  const { answers } = await queries.submitQuery(long)
  const stored = answers[0]?.storedText
  assert.ok(stored)
  const text = (await Array.fromAsync(queries.readText(stored.textId))).join('')
  assert.equal(text.length, 100_000)
})
