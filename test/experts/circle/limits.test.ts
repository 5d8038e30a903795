import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { PlimsollError } from '../../../src/errors.ts'
import { ExpertManager, type Question } from '../../../src/experts/experts.ts'
import { collectGarbage } from '../../collect-garbage.ts'
import { formats, ModelServer } from './model-server.ts'

const questionOf = (id: string): Question => ({ id, type: 'general', title: `Question ${id}`, text: 'Well?' })
const isCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof PlimsollError && error.code === code

async function* slowly(text: string, times: number, ms: number): AsyncIterable<string> {
  for (let time = 0; time < times; time += 1) {
    await sleep(ms)
    yield text
  }
}

test('never more questions at once than allowed, over all callers, in the order in which they came', async () => {
  await using server = await new ModelServer(() => ({ texts: slowly('.', 2, 5) })).listen()
  await using manager = new ExpertManager({ experts: [server.source('compatible')], maxConcurrentQueries: 3 })
  const ids = Array.from({ length: 30 }, (_, index) => `number-${index}.`)
  const consultations = await Promise.all(ids.map((id) => manager.consult(questionOf(id))))
  assert.ok(consultations.every(({ error }) => error === null))
  assert.equal(server.mostAtOnce, 3)
  const order = server.asked.map(({ body }) => /number-\d+\./.exec(body)?.[0])
  const late = order.filter((id, index) => Math.abs(ids.indexOf(id ?? '') - index) > 2)
  assert.deepEqual(late, [])
  assert.equal(manager.getPerformanceReport().queries.peakRunning, 3)
})

test('streams wait for their share of the memory, and the budget is never exceeded', async () => {
  await using server = await new ModelServer(() => ({ texts: slowly('.', 3, 5) })).listen()
  const experts = Array.from({ length: 8 }, (_, index) => server.source('compatible', { name: `e${index}` }))
  await using manager = new ExpertManager({ experts, memoryBudgetMb: 12 })
  const { answers } = await manager.consult(questionOf('q'))
  assert.equal(answers.filter(({ status }) => status === 'complete').length, 8)
  assert.equal(server.mostAtOnce, 3)
  const { memory } = manager.getPerformanceReport()
  assert.equal(memory.peakReservedBytes, 12 * 1024 ** 2)
  assert.equal(memory.reservedBytes, 0)
})

test('a slow reader stops the server: no more than 4 MB of an answer are on their way', async () => {
  for (const format of formats) {
    await using server = await new ModelServer(() => ({
      texts: Array(25_000).fill('0123456789abcdef'.repeat(256)),
    })).listen()
    await using manager = new ExpertManager({ experts: [server.source(format)] })
    let read = 0
    for await (const event of manager.stream(questionOf('q'))) {
      if (event.type !== 'text') continue
      read += event.text.length
      if (read > 200_000) break
      if (read > 100_000) await sleep(20)
    }
    const { peakHeldByStreamBytes } = manager.getPerformanceReport().memory
    assert.ok(server.sentBytes < read + 12_000_000, `${format}: ${server.sentBytes} bytes were sent`)
    assert.ok(peakHeldByStreamBytes <= 4 * 1024 ** 2, `${format}: ${peakHeldByStreamBytes} bytes were held`)
  }
})

test('under pressure new questions wait, one at a time goes on, and none fails', async () => {
  let level: 'calm' | 'tight' = 'tight'
  await using server = await new ModelServer(() => ({ texts: slowly('.', 2, 10) })).listen()
  await using manager = new ExpertManager({
    experts: [server.source('compatible')],
    memory: { read: () => ({ level }) },
  })
  const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => manager.consult(questionOf(id))))
  while (server.asked.length < 2) await sleep(5)
  assert.equal(server.mostAtOnce, 1)
  level = 'calm'
  assert.ok((await all).every(({ error }) => error === null))
})

test('who stops reading cancels the experts, and their connections close', async () => {
  await using server = await new ModelServer(() => ({
    texts: slowly('word ', 1_000, 1),
    end: 'hangs',
  })).listen()
  await using manager = new ExpertManager({ experts: formats.map((format) => server.source(format)) })
  for await (const event of manager.stream(questionOf('q'))) if (event.type === 'text') break
  while (server.sockets.size > 0) await sleep(5)
  const { experts, queries } = manager.getPerformanceReport()
  assert.equal(queries.running, 0)
  const cancelled = experts.filter(({ answers }) => answers.cancelled === 1)
  assert.equal(cancelled.length, 4)
  assert.ok(cancelled.some(({ outputTokens, costUsd }) => outputTokens > 0 && (costUsd ?? 0) > 0))
})

test('after 1,000 cancelled questions there is no socket, no timer and no file', async () => {
  await using server = await new ModelServer((_asked, number) =>
    number % 2 === 0
      ? { isSilent: true }
      : { texts: ['x'.repeat(100_000), 'y'.repeat(100_000)], end: 'hangs' },
  ).listen()
  const calm = { read: () => ({ level: 'calm' }) as const }
  const options = { experts: [server.source('compatible')], maxConcurrentQueries: 50, memory: calm }
  await using manager = new ExpertManager(options)
  for await (const event of manager.stream(questionOf('first'))) if (event.type === 'text') break
  while (server.sockets.size > 0) await sleep(5)
  const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const files = readdirSync('/proc/self/fd').length
  const ends = await Promise.allSettled(
    Array.from({ length: 1_000 }, async (_, index) => {
      const control = new AbortController()
      const asked = manager.consult(questionOf(`${index}`), { signal: control.signal })
      void sleep(20 + (index % 50)).then(() => control.abort())
      return asked
    }),
  )
  assert.equal(ends.filter(({ status }) => status === 'rejected').length, 1_000)
  while (server.sockets.size > 0) await sleep(5)
  const { queries, memory } = manager.getPerformanceReport()
  assert.deepEqual([queries.running, queries.waiting, memory.reservedBytes], [0, 0, 0])
  const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  assert.ok(timers <= before + 1, `${timers} timers`)
  // The test does not end while one is left.
  while (readdirSync('/proc/self/fd').length > files) await sleep(5)
})

test('what a question made is let go at its end', async () => {
  await using server = await new ModelServer(() => ({ texts: ['yes'] })).listen()
  await using manager = new ExpertManager({ experts: [server.source('compatible')] })
  const refs: WeakRef<object>[] = []
  const ask = async (index: number): Promise<void> => {
    const question = questionOf(`${index}`)
    const control = new AbortController()
    const consultation = await manager.consult(question, { signal: control.signal, timeoutMs: 60_000 })
    refs.push(
      ...[question, control, consultation, ...consultation.answers].map((value) => new WeakRef(value)),
    )
  }
  for (let index = 0; index < 20; index += 1) await ask(index)
  const alive = (): number => refs.filter((ref) => ref.deref() !== undefined).length
  // Sockets close in their own time.
  for (let round = 0; round < 100 && (round === 0 || alive() > 0); round += 1) {
    await sleep(20)
    collectGarbage()
  }
  assert.equal(alive(), 0)
})

test('an expert that never answers ends after its time, and the others are kept', async () => {
  await using server = await new ModelServer(({ body }) => ({ isSilent: body.includes('"never"') })).listen()
  await using manager = new ExpertManager({
    experts: [
      server.source('compatible', { name: 'never', model: 'never', timeoutMs: 2_000 }),
      server.source('compatible', { name: 'soon' }),
    ],
  })
  const { answers, error } = await manager.consult(questionOf('q'))
  assert.equal(error, null)
  assert.deepEqual(
    answers.map(({ expert, status, error }) => [expert, status, error?.code]),
    [
      ['soon', 'complete', undefined],
      ['never', 'failed', 'EXPERT_TIMEOUT'],
    ],
  )
})

test('when the time of a consultation is over, what was answered stays and is told in the stream', async () => {
  await using server = await new ModelServer(({ body }) => ({ isSilent: body.includes('"never"') })).listen()
  await using manager = new ExpertManager({
    experts: [server.source('compatible', { name: 'never', model: 'never' }), server.source('anthropic')],
  })
  // The first question also waits for a thread to start.
  await manager.consult(questionOf('first'), { experts: ['anthropic'] })
  const events = []
  for await (const event of manager.stream(questionOf('q'), { timeoutMs: 2_000, requiredExperts: ['never'] }))
    events.push(event)
  const last = events.at(-1)
  assert.equal(last?.type, 'consulted')
  assert.equal(last.consultation.error?.code, 'EXPERTS_TOO_FEW')
  assert.equal(last.consultation.answers.length, 2)
  assert.equal(last.consultation.answers[0]?.status, 'complete')
})

test('a deadline that has passed is not asked any more', async () => {
  await using server = await new ModelServer(() => ({})).listen()
  await using manager = new ExpertManager({ experts: [server.source('compatible')] })
  await assert.rejects(
    manager.consult({ ...questionOf('q'), deadlineMs: Date.now() - 1 }),
    isCode('EXPERT_TIMEOUT'),
  )
  assert.equal(server.asked.length, 0)
})

test('enough answers end a consultation, and the rest is cancelled', async () => {
  await using server = await new ModelServer(({ body }) => ({ isSilent: body.includes('"never"') })).listen()
  await using manager = new ExpertManager({
    experts: [server.source('compatible', { name: 'never', model: 'never' }), server.source('anthropic')],
  })
  const { answers, isEarly, error } = await manager.consult(questionOf('q'), { minResponses: 1 })
  assert.ok(isEarly)
  assert.equal(error, null)
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['complete', 'cancelled'],
  )
})

test('a batch keeps what succeeded, and no more of it is in memory than may run', async () => {
  await using server = await new ModelServer(({ body }) =>
    body.includes('Question 7"') || body.includes('Question 7\\n') ? { status: 400 } : {},
  ).listen()
  await using manager = new ExpertManager({ experts: [server.source('compatible')], maxConcurrentQueries: 2 })
  let made = 0
  function* questions() {
    for (made = 1; made <= 20; made += 1)
      yield {
        question: made === 9 ? { ...questionOf('9'), text: 'x'.repeat(300_000) } : questionOf(`${made}`),
      }
  }
  let read = 0
  const ends: string[] = []
  for await (const entry of manager.batch(questions())) {
    read += 1
    assert.ok(made <= read + 4, `${made} were begun when ${read} had been read`)
    ends.push(
      `${entry.question.id}:${entry.ok ? (entry.consultation.error?.code ?? 'ok') : (entry.error as PlimsollError).code}`,
    )
  }
  assert.equal(ends.length, 20)
  assert.deepEqual(ends.filter((end) => !end.endsWith(':ok')).sort(), [
    '7:EXPERTS_TOO_FEW',
    '9:EXPERT_QUESTION_TOO_LARGE',
  ])
})

test('nothing is asked that might go above the spending limit', async () => {
  await using server = await new ModelServer(() => ({})).listen()
  const experts = [server.source('compatible'), server.source('openai', { price: null })]
  // One call may cost three attempts of 1,000 tokens at $10 a million, and what is sent.
  await using manager = new ExpertManager({ experts, spendingLimitUsd: 0.035 })
  const ask = () => manager.consult(questionOf('q'), { experts: ['compatible'] })
  const ends = []
  for (let index = 0; index < 20; index += 1) ends.push((await ask()).answers[0]?.error?.code ?? 'complete')
  const first = ends.indexOf('EXPERT_SPENDING_LIMIT')
  assert.ok(first > 0, 'some are asked')
  assert.ok(ends.slice(first).every((end) => end === 'EXPERT_SPENDING_LIMIT'))
  const { spending } = manager.getPerformanceReport()
  assert.ok(spending.spentUsd <= 0.035)
  const unpriced = await manager.consult(questionOf('q'), { experts: ['openai'] })
  assert.equal(unpriced.answers[0]?.error?.code, 'EXPERT_SPENDING_LIMIT')
  assert.match(unpriced.answers[0]?.error?.message ?? '', /price/)
})

test('wrong options and unknown experts are refused before anything is sent', async () => {
  for (const options of [{ maxConcurrentQueries: 0 }, { memoryBudgetMb: 3 }, { maxConcurrentQueries: 1.5 }])
    assert.throws(() => new ExpertManager(options), isCode('OPTION_INVALID'))
  await using server = await new ModelServer(() => ({})).listen()
  await using manager = new ExpertManager({ experts: [server.source('compatible')] })
  await assert.rejects(
    manager.consult(questionOf('q'), { experts: ['compatable'] }),
    /did you mean "compatible"/,
  )
  await assert.rejects(manager.consult(questionOf('q'), { experts: ['offline'] }), isCode('EXPERT_UNKNOWN'))
  await manager[Symbol.asyncDispose]()
  await assert.rejects(manager.consult(questionOf('q')), isCode('EXPERTS_CLOSED'))
  assert.equal(server.asked.length, 0)
})
