import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consensusOf, makerOf, type Voter } from '../../../src/experts/circle/consensus.ts'
import type { CauseName } from '../../../src/experts/experts.ts'
import { type Evidence, ExpertManager } from '../../../src/experts/experts.ts'
import { ModelServer, type Script } from './model-server.ts'

const line = { log: 'build.log', line: 3, text: 'Error: listen EADDRINUSE', supported: true }

const voter = (expert: string, maker: string, cause: CauseName | null, isUnsupported = false): Voter => ({
  expert,
  maker,
  claim: {
    ...{ cause, explanation: '', next: [`ask ${expert}`], certainty: 'high', isUnsupported },
    evidence: isUnsupported ? [] : [line],
  },
})

test('experts who name one cause agree, and the lines that most cite come first', () => {
  const result = consensusOf([voter('a', 'x', 'oom'), voter('b', 'y', 'oom')])
  assert.equal(result.status, 'agreed')
  assert.equal(result.cause, 'oom')
  assert.equal(result.effectiveVotes, 2)
  assert.deepEqual(result.evidence, [{ ...line, experts: ['a', 'b'] }])
})

test('models of one maker share one vote', () => {
  const result = consensusOf([voter('a', 'x', 'oom'), voter('b', 'x', 'oom'), voter('c', 'x', 'oom')])
  assert.equal(result.status, 'single')
  assert.equal(result.effectiveVotes, 1)
  const outvoted = consensusOf([
    ...[voter('a', 'x', 'oom'), voter('b', 'x', 'oom'), voter('c', 'x', 'oom')],
    ...[voter('d', 'y', 'timeout'), voter('e', 'z', 'timeout')],
  ])
  assert.equal(outvoted.cause, 'timeout')
  assert.equal(outvoted.status, 'majority')
  assert.deepEqual(outvoted.dissent, [{ cause: 'oom', experts: ['a', 'b', 'c'], votes: 1 }])
})

test('a claim without a line that exists is no vote, and who does not know dissents from nobody', () => {
  const result = consensusOf([
    voter('a', 'x', 'oom'),
    voter('b', 'y', 'timeout', true),
    voter('c', 'z', null),
  ])
  assert.equal(result.cause, 'oom')
  assert.deepEqual([result.unsupported, result.undecided, result.dissent], [['b'], ['c'], []])
  assert.equal(result.effectiveVotes, 1)
})

test('without more than half there is no cause', () => {
  const result = consensusOf([voter('a', 'x', 'oom'), voter('b', 'y', 'timeout')])
  assert.equal(result.status, 'split')
  assert.equal(result.cause, null)
  assert.equal(result.dissent.length, 2)
  assert.equal(consensusOf([]).status, 'none')
})

test('the maker of a model is known whoever serves it', () => {
  assert.equal(makerOf('anthropic/claude-sonnet-4.5'), 'anthropic')
  assert.equal(makerOf('us.anthropic.claude-opus'), 'anthropic')
  assert.equal(makerOf('openai/gpt-5'), 'openai')
  assert.equal(makerOf('meta-llama/Llama-3.3-70B'), 'meta')
  assert.equal(makerOf('house-model'), 'house-model')
})

const log = 'starting\nlistening soon\nError: listen EADDRINUSE: address already in use 0.0.0.0:8080\nbye\n'
const evidence = (): Evidence => ({ logs: [{ name: 'web.log', chunks: [Buffer.from(log)] }] })
const question = { id: 'q', type: 'diagnosis', title: 'Why did web fail?', text: 'Name the cause.' }
const said = (cause: string, quote: string, number = 3): string =>
  JSON.stringify({
    cause,
    explanation: 'so',
    evidence: [{ line: number, quote }],
    next: ['do'],
    sure: 'high',
  })

async function diagnosed(scripts: Readonly<Record<string, Script>>, options = {}) {
  await using server = await new ModelServer(
    ({ body }) => Object.entries(scripts).find(([model]) => body.includes(`"${model}"`))?.[1] ?? {},
  ).listen()
  const experts = Object.keys(scripts).map((model) => server.source('compatible', { name: model, model }))
  await using manager = new ExpertManager({ experts })
  return {
    ...(await manager.consult(question, { evidence: evidence(), ...options })),
    requests: server.asked,
  }
}

test('the offline expert votes with the models, over the same lines', async () => {
  const { consensus, answers, requests } = await diagnosed({
    'gpt-x': { texts: ['```json\n', said('port-in-use', 'EADDRINUSE: address already in use'), '\n```'] },
    'claude-x': { texts: [said('oom', 'the kernel killed it')] },
    'gemini-x': { texts: [said('port-in-use', 'listen EADDRINUSE', 99)] },
    'qwen-x': { texts: ['I think it is the port.'] },
    'llama-x': { texts: [said('gremlins', 'listen EADDRINUSE')] },
  })
  assert.equal(consensus?.status, 'agreed')
  assert.equal(consensus.cause, 'port-in-use')
  assert.deepEqual([...consensus.agreeing].sort(), ['gpt-x', 'offline'])
  assert.deepEqual([...consensus.unsupported].sort(), ['claude-x', 'gemini-x'])
  assert.equal(consensus.evidence[0]?.line, 3)
  assert.deepEqual([...(consensus.evidence[0]?.experts ?? [])].sort(), ['gpt-x', 'offline'])
  const errorOf = (name: string) => answers.find(({ expert }) => expert === name)?.error
  assert.equal(errorOf('qwen-x')?.code, 'EXPERT_ANSWER_MALFORMED')
  assert.match(errorOf('llama-x')?.message ?? '', /cause/)
  const prompt = requests[0]?.body ?? ''
  assert.match(prompt, /\[3\] Error: listen EADDRINUSE/)
  assert.doesNotMatch(prompt, /is taken by another process/, 'what the offline expert thinks is not told')
})

test('independent experts who agree are enough; the slow ones are cancelled', async () => {
  const { consensus, answers, isEarly } = await diagnosed(
    { 'gpt-x': { texts: [said('port-in-use', 'listen EADDRINUSE')] }, 'claude-x': { isSilent: true } },
    { minResponses: 2 },
  )
  assert.ok(isEarly)
  assert.equal(consensus?.status, 'agreed')
  assert.equal(answers.find(({ expert }) => expert === 'claude-x')?.status, 'cancelled')
})

test('a log of any length is shown in part, with its numbers, and without what moves a cursor', async () => {
  const lines = Array.from({ length: 200_000 }, (_, index) => `\u001b[31mline ${index + 1}\u001b[0m\r\n`)
  const long = { logs: [{ name: 'web.log', chunks: lines.map((text) => Buffer.from(text)) }] }
  await using server = await new ModelServer(() => ({ texts: [said('oom', 'line 200000', 1)] })).listen()
  await using manager = new ExpertManager({ experts: [server.source('compatible')] })
  const { answers } = await manager.consult(question, { evidence: long })
  const prompt = answers.find(({ prompt }) => prompt !== null)?.prompt?.user ?? ''
  assert.ok(prompt.length < 300_000, `${prompt.length}`)
  assert.match(prompt, /^\[1\] line 1$/m)
  assert.match(prompt, /^\[\d+\] line 200000$/m)
  assert.match(prompt, /lines are left out/)
})
