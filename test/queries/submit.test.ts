import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Answer, Consult, Query } from '../../src/queries/queries.ts'
import { listed, withQueries } from './handler.ts'

const answerTo = (query: Query, rest: Partial<Answer> = {}): Answer => ({
  ...{ queryId: query.id, expert: 'offline', status: 'complete', cause: null, evidence: [], text: 'yes' },
  ...{ storedText: null, prompt: null, model: null, inputTokens: null, outputTokens: null, costUsd: null },
  ...{ error: null, startedAtMs: 0, endedAtMs: 1, details: {} },
  ...rest,
})
const answering: Consult = async (query) => [answerTo(query)]

/** Consultations that are held until released, in the order in which they began. */
class Held {
  readonly begun: string[] = []
  readonly #ends: (() => void)[] = []
  mostAtOnce = 0
  #now = 0

  readonly consult: Consult = async (query, { signal }) => {
    this.begun.push(query.title)
    this.#now += 1
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#now)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#ends.push(resolve)
        signal.addEventListener('abort', () => reject(signal.reason))
      })
      return [answerTo(query)]
    } finally {
      this.#now -= 1
    }
  }

  release(): void {
    for (const end of this.#ends.splice(0)) end()
  }

  /** Real databases answer in their own time. */
  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSo())) await nextTurn()
  }
}

const ask = (title: string) => ({ title, text: title })

withQueries(
  'what the experts answered is kept with the query, also by a handler that comes later',
  async (_queries, { handler }) => {
    const queries = handler({ consult: answering })
    const query = await queries.createQuery(ask('a'))
    const { query: ended, answers } = await queries.submitQuery(query)
    assert.equal(ended.status, 'answered')
    assert.deepEqual(answers, [answerTo(query)])
    const later = handler()
    assert.deepEqual(await later.getQuery(query.id), ended)
    assert.deepEqual(await later.getAnswers(query.id), answers)
    assert.equal((await later.getActiveQueries()).total, 0)
  },
)

withQueries(
  'nothing is submitted twice: not at once, not later, and not by another handler',
  async (_queries, { handler, clock }) => {
    const held = new Held()
    const [one, other] = [handler({ consult: held.consult }), handler({ consult: held.consult })]
    const query = await one.createQuery(ask('a'))
    const submitted = [one.submitQuery(query), one.submitQuery(query.id), other.submitQuery(query)]
    await held.until(() => held.begun.length === 1 && clock.sleeping > 0)
    held.release()
    const first = await submitted[0]
    assert.deepEqual(await submitted[1], first)
    while (clock.sleeping > 0) await clock.pass(250)
    assert.deepEqual((await submitted[2])?.answers, first?.answers)
    assert.deepEqual((await other.submitQuery(query)).answers, first?.answers)
    assert.deepEqual(held.begun, ['a'])
  },
)

withQueries(
  'the most urgent is asked first, then the one whose deadline comes first, then the one that came first',
  async (_queries, { handler }) => {
    const held = new Held()
    const queries = handler({ consult: held.consult, maxConcurrentQueries: 1 })
    const wishes = [
      { title: 'blocker' },
      { title: 'low', priority: 'low' as const },
      { title: 'medium, later' },
      { title: 'medium, soon', deadlineMs: 50_000 },
      { title: 'medium, even later' },
      { title: 'critical', priority: 'critical' as const },
      { title: 'medium, sooner', deadlineMs: 40_000 },
    ]
    const all: Promise<unknown>[] = []
    for (const [index, wish] of wishes.entries()) {
      const query = await queries.createQuery({ text: 'x', ...wish })
      all.push(queries.submitQuery(query))
      await held.until(() => {
        const { waitingQueries } = queries.getMemoryReport()
        return held.begun.length === 1 && waitingQueries === index
      })
    }
    for (let index = 1; index <= wishes.length; index += 1) {
      held.release()
      if (index < wishes.length) await held.until(() => held.begun.length > index)
    }
    await Promise.all(all)
    assert.deepEqual(held.begun, [
      ...[
        'blocker',
        'critical',
        'medium, sooner',
        'medium, soon',
        'medium, later',
        'medium, even later',
        'low',
      ],
    ])
    assert.equal(held.mostAtOnce, 1)
  },
)

withQueries(
  'a deadline cancels a query that waits and one that runs, and what waits unsubmitted ends as well',
  async (_queries, { handler, clock }) => {
    const held = new Held()
    const queries = handler({ consult: held.consult, maxConcurrentQueries: 1 })
    const running = await queries.createQuery({ ...ask('running'), deadlineMs: 2_000 })
    const waiting = await queries.createQuery({ ...ask('waiting'), deadlineMs: 1_000 })
    const unsubmitted = await queries.createQuery({ ...ask('unsubmitted'), deadlineMs: 1_500 })
    const ends = [queries.submitQuery(running), queries.submitQuery(waiting)].map((end) =>
      assert.rejects(end, { code: 'QUERY_DEADLINE' }),
    )
    await held.until(() => held.begun.length === 1 && queries.getMemoryReport().waitingQueries === 1)
    await clock.pass(2_000)
    await Promise.all(ends)
    assert.deepEqual(held.begun, ['running'])
    assert.deepEqual(await queries.cleanupExpired(), { removed: 0, ended: 1 })
    for (const { id } of [running, waiting, unsubmitted]) {
      const query = await queries.getQuery(id)
      assert.equal(query?.status, 'expired')
      assert.equal(query?.error?.code, 'QUERY_DEADLINE')
      await assert.rejects(queries.submitQuery(id), { code: 'QUERY_ENDED' })
    }
    assert.equal((await queries.getActiveQueries()).total, 0)
  },
)

withQueries(
  'the signal cancels a query wherever it is, and the next in line gets its turn',
  async (_queries, { handler }) => {
    const held = new Held()
    const queries = handler({ consult: held.consult, maxConcurrentQueries: 1 })
    const stop = new AbortController()
    const created = await Promise.all(
      ['running', 'waiting', 'next'].map((title) => queries.createQuery(ask(title))),
    )
    const [running, waiting, next] = created as [Query, Query, Query]
    const cancelled = [assert.rejects(queries.submitQuery(running, { signal: stop.signal }), /enough/)]
    await held.until(() => held.begun.length === 1)
    cancelled.push(assert.rejects(queries.submitQuery(waiting, { signal: stop.signal }), /enough/))
    const last = queries.submitQuery(next)
    await held.until(() => queries.getMemoryReport().waitingQueries === 2)
    stop.abort(new Error('enough'))
    await Promise.all(cancelled)
    await held.until(() => held.begun.length === 2)
    held.release()
    assert.equal((await last).query.status, 'answered')
    for (const { id } of [running, waiting]) assert.equal((await queries.getQuery(id))?.status, 'cancelled')
  },
)

withQueries(
  'a query of a process that is gone is taken over when it gave no sign of life for a minute',
  async (_queries, { handler, clock, store }) => {
    const query = await handler().createQuery(ask('a'))
    const untilMs = clock.now() + 60_000
    await store.write([
      {
        sql: `update queries set status = 'running', owner = 'gone', claimed_until_ms = ?2 where id = ?1`,
        parameters: [query.id, untilMs],
      },
    ])
    const submitted = handler({ consult: answering }).submitQuery(query)
    const held = new Held()
    await held.until(() => clock.sleeping > 0)
    for (let passedMs = 0; passedMs < 59_000; passedMs += 1_000) await clock.pass(1_000)
    assert.deepEqual(await handler().getAnswers(query.id), [])
    let ended = false
    void submitted.then(() => (ended = true))
    while (!ended) {
      await clock.pass(250)
      await nextTurn()
    }
    assert.equal((await submitted).query.status, 'answered')
  },
)

withQueries('an owner that was taken over from writes nothing more', async (_queries, { handler, store }) => {
  const held = new Held()
  const queries = handler({ consult: held.consult })
  const query = await queries.createQuery(ask('a'))
  const submitted = queries.submitQuery(query)
  await held.until(() => held.begun.length === 1)
  await store.write([{ sql: `update queries set owner = 'other' where id = ?1`, parameters: [query.id] }])
  held.release()
  await assert.rejects(submitted, { code: 'QUERY_LOST' })
  assert.equal((await queries.getQuery(query.id))?.status, 'running')
})

withQueries('while it is consulted a claim is renewed', async (_queries, { handler, store, clock }) => {
  const held = new Held()
  const queries = handler({ consult: held.consult })
  const query = await queries.createQuery(ask('a'))
  const submitted = queries.submitQuery(query)
  await held.until(() => held.begun.length === 1)
  const claimedUntil = async (): Promise<number> =>
    (await store.read<{ readonly until: number }>('select claimed_until_ms as until from queries'))[0]
      ?.until ?? 0
  const before = await claimedUntil()
  await clock.pass(15_000)
  await held.until(async () => (await claimedUntil()) === before + 15_000)
  held.release()
  await submitted
})

withQueries(
  'what was answered before a failure is kept, and a batch keeps what succeeded',
  async (_queries, { handler }) => {
    const consult: Consult = async (query, { keepAnswer }) => {
      if (query.title === 'bad') {
        await keepAnswer(answerTo(query, { expert: 'first' }))
        throw new Error('the circle broke')
      }
      if (query.title === 'cut') return [answerTo(query, { status: 'cut' })]
      return [answerTo(query, { expert: 'first' }), answerTo(query, { expert: 'second' })]
    }
    const queries = handler({ consult })
    const created: Query[] = []
    for (const title of ['good', 'bad', 'cut']) created.push(await queries.createQuery(ask(title)))
    const ends = await queries.submitBatch([...created, 'q-none'])
    assert.deepEqual(
      ends.map(({ ok }) => ok),
      [true, false, true, false],
    )
    assert.equal(ends[0]?.ok && ends[0].answers.length, 2)
    assert.match(String(!ends[1]?.ok && ends[1]?.error), /the circle broke/)
    assert.equal(ends[2]?.ok && ends[2].query.status, 'failed')
    assert.equal((!ends[3]?.ok && (ends[3]?.error as { code?: string })?.code) || '', 'QUERY_UNKNOWN')
    const bad = created[1]?.id ?? ''
    assert.deepEqual(
      (await queries.getAnswers(bad)).map(({ expert }) => expert),
      ['first'],
    )
    assert.equal((await queries.getQuery(bad))?.status, 'failed')
  },
)

withQueries('more than may wait are refused, and nothing of them is lost', async (_queries, { handler }) => {
  const held = new Held()
  const queries = handler({ consult: held.consult, maxConcurrentQueries: 1, maxWaitingQueries: 2 })
  const created: Query[] = []
  for (const title of ['a', 'b', 'c', 'd']) created.push(await queries.createQuery(ask(title)))
  assert.throws(() => void queries.submitBatch(created), { code: 'QUERY_QUEUE_FULL' })
  const ends = created.slice(0, 3).map((query) => queries.submitQuery(query))
  await held.until(() => held.begun.length === 1 && queries.getMemoryReport().waitingQueries === 2)
  await assert.rejects(queries.submitQuery(created[3] as Query), { code: 'QUERY_QUEUE_FULL' })
  assert.equal((await queries.getQuery(created[3]?.id ?? ''))?.status, 'waiting')
  for (let index = 1; index <= 3; index += 1) {
    held.release()
    if (index < 3) await held.until(() => held.begun.length > index)
  }
  await Promise.all(ends)
})

withQueries(
  'who consults reads and keeps texts of any length, without secrets',
  async (_queries, { handler }) => {
    let read = 0
    const consult: Consult = async (query, { readText, keepText }) => {
      const [subject] = query.attachments
      if (subject?.kind !== 'stored-text') throw new Error('no text')
      for await (const piece of readText(subject.textId)) read += piece.length
      async function* spilled() {
        for (let index = 0; index < 20_000; index += 1) yield `line ${index}\n`
        yield 'export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIaK7MDENGbPxRfiCYzzzzzzzzKEY\n'
      }
      return [answerTo(query, { storedText: await keepText(spilled(), 'answer') })]
    }
    const queries = handler({ consult })
    const { answers } = await queries.submitQuery(
      await queries.createQuery({ title: 'long', text: 'x'.repeat(300_000) }),
    )
    assert.equal(read, 300_000)
    const stored = answers[0]?.storedText
    const lines = (await listed(queries.readText(stored?.textId ?? ''))).join('').split('\n')
    assert.equal(lines[19_999], 'line 19999')
    assert.ok(!lines.at(-2)?.includes('wJalrXUtnFEMI'))
  },
)

withQueries(
  'closing cancels what runs and leaves what waits for another process',
  async (queries, { handler, clock }) => {
    const held = new Held()
    const closing = handler({ consult: held.consult, maxConcurrentQueries: 1 })
    const running = await closing.createQuery({ ...ask('running'), deadlineMs: 90_000 })
    const waiting = await closing.createQuery({ ...ask('waiting'), deadlineMs: 90_000 })
    const ends = [running, waiting].map((query) =>
      assert.rejects(closing.submitQuery(query), { code: 'QUERY_CLOSED' }),
    )
    await held.until(() => held.begun.length === 1 && closing.getMemoryReport().waitingQueries === 1)
    await closing[Symbol.asyncDispose]()
    await Promise.all(ends)
    assert.equal((await queries.getQuery(running.id))?.status, 'cancelled')
    assert.equal((await queries.getQuery(waiting.id))?.status, 'waiting')
    assert.equal(clock.sleeping, 0)
    await assert.rejects(closing.createQuery(ask('late')), { code: 'QUERY_CLOSED' })
  },
)
