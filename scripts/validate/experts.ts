import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExpertManager, type Question } from '../../src/experts/experts.ts'
import { collectGarbage } from '../../src/memory/memory.ts'
import { formatSize } from '../../src/units.ts'
import { formats, ModelServer } from '../../test/experts/circle/model-server.ts'
import { rowsOf } from './row.ts'

const mebibyte = 1024 ** 2

const questionOf = (id: string | number): Question => ({
  id: `${id}`,
  type: 'general',
  title: `number-${id}.`,
  text: 'Well?',
})

async function* slowly(times: number, ms: number, text = 'word '): AsyncIterable<string> {
  for (let time = 0; time < times; time += 1) {
    await sleep(ms)
    yield text
  }
}

const slowServer = (): Promise<ModelServer> => new ModelServer(() => ({ texts: slowly(2, 3) })).listen()

async function neverTooManyAtOnce(): Promise<string> {
  // No answer before five have been asked for: on a slow machine the first would have ended before the fifth began.
  async function* together(): AsyncIterable<string> {
    for (let look = 0; look < 2_000 && server.mostAtOnce < 5; look += 1) await sleep(2)
    yield* slowly(2, 3)
  }
  await using server = await new ModelServer(() => ({ texts: together() })).listen()
  await using manager = new ExpertManager({ experts: [server.source('anthropic')] })
  const asked = Array.from({ length: 40 }, (_, index) => manager.consult(questionOf(index)))
  const ends = await Promise.all(asked)
  assert.ok(ends.every(({ error }) => error === null))
  assert.equal(server.mostAtOnce, 5)
  return `40 questions of 40 callers: ${server.mostAtOnce} at once on the server, all answered`
}

async function bytesStayWithinTheBudget(): Promise<string> {
  await using server = await new ModelServer(() => ({ texts: slowly(20, 2, 'x'.repeat(100_000)) })).listen()
  const experts = Array.from({ length: 10 }, (_, index) => server.source('compatible', { name: `e${index}` }))
  await using manager = new ExpertManager({ experts, memoryBudgetMb: 16 })
  const { answers } = await manager.consult(questionOf('large'))
  assert.ok(answers.every(({ status, spilled }) => status === 'complete' && spilled !== null))
  const { memory } = manager.getPerformanceReport()
  assert.ok(memory.peakReservedBytes <= memory.budgetBytes)
  assert.ok(memory.peakHeldByStreamBytes <= 4 * mebibyte)
  return `10 answers of 2 MB in ${formatSize(memory.budgetBytes)}: ${server.mostAtOnce} at once, at most ${formatSize(memory.peakReservedBytes)} set aside, ${formatSize(memory.peakHeldByStreamBytes)} really held by a stream`
}

async function theRestWaitsInOrder(): Promise<string> {
  await using server = await slowServer()
  await using manager = new ExpertManager({ experts: [server.source('openai')], maxConcurrentQueries: 1 })
  await Promise.all(Array.from({ length: 25 }, (_, index) => manager.consult(questionOf(index))))
  const order = server.asked.map(({ body }) => Number(/number-(\d+)\./.exec(body)?.[1]))
  assert.deepEqual(
    order,
    Array.from({ length: 25 }, (_, index) => index),
  )
  return '25 questions, one at a time: asked in the order in which they came'
}

async function pressureSlows(): Promise<string> {
  let level: 'calm' | 'tight' = 'tight'
  await using server = await slowServer()
  const memory = { read: () => ({ level }) }
  await using manager = new ExpertManager({ experts: [server.source('google')], memory })
  const asked = Promise.all(Array.from({ length: 10 }, (_, index) => manager.consult(questionOf(index))))
  while (server.asked.length < 3) await sleep(2)
  const underPressure = server.mostAtOnce
  level = 'calm'
  const ends = await asked
  assert.equal(underPressure, 1)
  assert.ok(ends.every(({ error }) => error === null))
  return `above the load line ${underPressure} question at a time, ${server.mostAtOnce} at once afterwards, none of 10 failed`
}

async function answersStream(): Promise<string> {
  await using server = await new ModelServer(() => ({ texts: slowly(100, 5) })).listen()
  await using manager = new ExpertManager({ experts: formats.map((format) => server.source(format)) })
  const order: string[] = []
  for await (const event of manager.stream(questionOf('s'))) {
    if (event.type === 'text') order.push(event.expert)
    if (event.type === 'answered') order.push('end')
  }
  const before = order.indexOf('end')
  const experts = new Set(order.slice(0, before))
  assert.equal(experts.size, 4)
  return `${before} pieces of ${experts.size} experts arrived, mixed, before the first answer had ended`
}

async function endedStateIsCollectable(): Promise<string> {
  await using server = await new ModelServer(() => ({})).listen()
  await using manager = new ExpertManager({ experts: [server.source('anthropic')] })
  const refs: WeakRef<object>[] = []
  const ask = async (id: number): Promise<void> => {
    const question = questionOf(id)
    const consultation = await manager.consult(question, { timeoutMs: 60_000 })
    refs.push(...[question, consultation, ...consultation.answers].map((value) => new WeakRef(value)))
  }
  for (let id = 0; id < 50; id += 1) await ask(id)
  // Sockets close in their own time.
  let alive = refs.length
  for (let look = 0; look < 100 && alive > 0; look += 1) {
    await sleep(20)
    collectGarbage()
    alive = refs.filter((ref) => ref.deref() !== undefined).length
  }
  assert.equal(alive, 0)
  return `50 questions have ended: ${alive} of ${refs.length} of their objects are alive`
}

async function batchesKeepWhatSucceeded(): Promise<string> {
  await using server = await new ModelServer(({ body }) =>
    /number-\d*7\./.test(body) ? { status: 400 } : { texts: slowly(3, 10) },
  ).listen()
  await using manager = new ExpertManager({
    experts: [server.source('compatible')],
    maxConcurrentQueries: 3,
  })
  let good = 0
  let bad = 0
  const questions = Array.from({ length: 30 }, (_, index) => ({ question: questionOf(index) }))
  for await (const entry of manager.batch(questions)) {
    if (entry.ok && entry.consultation.error === null) good += 1
    else bad += 1
  }
  assert.deepEqual([good, bad], [27, 3])
  assert.ok(server.mostAtOnce <= 3)
  return `30 questions: ${good} answered, ${bad} refused by the server, never more than ${server.mostAtOnce} at once`
}

async function performanceIsReported(): Promise<string> {
  await using server = await new ModelServer((_asked, number) =>
    number === 1 ? { status: 503, headers: { 'retry-after-ms': '1' } } : { texts: slowly(2, 5) },
  ).listen()
  await using manager = new ExpertManager({ experts: [server.source('anthropic')] })
  for (let id = 0; id < 5; id += 1) await manager.consult(questionOf(id))
  const { experts, spending } = manager.getPerformanceReport()
  const [expert] = experts
  assert.ok(expert?.durationMs && expert.firstTextMs)
  assert.deepEqual([expert.answers.complete, expert.retries, expert.inputTokens], [5, 1, 500])
  assert.ok(spending.spentUsd > 0)
  return `5 answers, 1 retry, ${expert.inputTokens} tokens in and ${expert.outputTokens} out for $${spending.spentUsd.toFixed(4)}, p50 ${expert.durationMs.p50.toFixed(0)} ms`
}

export const expertRows = rowsOf('ExpertManager', [
  ['never more than maxConcurrentQueries', neverTooManyAtOnce],
  ['bytes held stay within memoryBudgetMb', bytesStayWithinTheBudget],
  ['the rest waits in order', theRestWaitsInOrder],
  ['pressure during consultations slows, never fails them', pressureSlows],
  ['answers stream as they come', answersStream],
  ['the state of an ended query is collectable', endedStateIsCollectable],
  ['batches keep to the limits and keep what succeeded', batchesKeepWhatSucceeded],
  ['performance report', performanceIsReported],
])
