import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewQuery } from '../../src/queries/queries.ts'
import { createRedactor } from '../../src/redact/redact.ts'
import { listed, withQueries } from './handler.ts'

const question = (title: string, rest: Partial<NewQuery> = {}): NewQuery => ({
  title,
  text: `about ${title}`,
  ...rest,
})

withQueries(
  'a query is kept with everything that was asked, also after it has left memory',
  async (queries) => {
    const created = await queries.createQuery({
      type: 'technical',
      priority: 'high',
      title: 'Why is the build slow?',
      text: 'It takes 20 minutes since Monday. ä 你好 🙂',
      tags: ['CI', 'ci', 'build'],
      deadlineMs: 5_000,
      context: { branch: 'main' },
      constraints: ['No new machine'],
      attachments: [
        { kind: 'run-log', runId: '20261123-101530-k3f9', task: 'build' },
        { kind: 'file', path: '/srv/build.log' },
      ],
    })
    queries.forceCleanup()
    const kept = await queries.getQuery(created.id)
    assert.deepEqual(kept, created)
    assert.deepEqual(kept?.tags, ['ci', 'build'])
    assert.equal(kept?.status, 'waiting')
    assert.equal(await queries.getQuery('q-none'), null)
  },
)

withQueries(
  'the same question while it is open is the same query, and a new one when that has ended',
  async (queries, { handler }) => {
    const first = await queries.createQuery(question('a'))
    const again = await handler().createQuery(question('a'))
    assert.equal(again.id, first.id)
    assert.notEqual((await queries.createQuery(question('a', { priority: 'low' }))).id, first.id)
    assert.equal(await queries.cancelQuery(first.id), true)
    assert.notEqual((await queries.createQuery(question('a'))).id, first.id)
  },
)

withQueries('of many who ask the same at once, one creates the query', async (queries, { handler }) => {
  const others = [queries, handler(), handler()]
  const asked = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      (others[index % 3] ?? queries).createQuery(question('one', { idempotencyKey: 'k' })),
    ),
  )
  assert.equal(new Set(asked.map(({ id }) => id)).size, 1)
  assert.equal((await queries.getActiveQueries()).total, 1)
})

withQueries(
  'an idempotency key gives the query that it created, also after its end, and never another',
  async (queries) => {
    const first = await queries.createQuery(question('a', { idempotencyKey: 'deploy-7' }))
    await queries.cancelQuery(first.id)
    assert.equal((await queries.createQuery(question('a', { idempotencyKey: 'deploy-7' }))).id, first.id)
    await assert.rejects(queries.createQuery(question('b', { idempotencyKey: 'deploy-7' })), {
      code: 'QUERY_KEY_REUSED',
    })
  },
)

withQueries(
  'the same question under several keys is as many queries, open at the same time',
  async (queries) => {
    const ids = await Promise.all(
      [{ idempotencyKey: 'first' }, { idempotencyKey: 'second' }, {}].map(
        async (keyed) => (await queries.createQuery(question('a', keyed))).id,
      ),
    )
    assert.equal(new Set(ids).size, 3)
  },
)

withQueries(
  'secrets are stored nowhere: not in a text, a tag, the context, nor in a piece of a long text',
  async (queries, { store, handler }) => {
    const secret = 'hunter2-hunter2-hunter2'
    const masking = handler({ redactor: createRedactor([secret]) })
    const line = `the password is ${secret}\n`
    const created = await masking.createQuery({
      title: `not ${secret}`,
      text: line.repeat(10_000),
      context: { env: `TOKEN=${secret}` },
      constraints: [secret],
      attachments: [{ kind: 'file', path: `/tmp/${secret}` }],
    })
    for (const table of ['queries', 'query_texts', 'query_words'])
      if (table !== 'query_words' || store.kind === 'PostgreSQL')
        assert.doesNotMatch(JSON.stringify(await store.read(`select * from ${table}`)), /hunter2/)
    assert.deepEqual((await queries.searchQueries('hunter2')).queries, [])
    const [attachment] = created.attachments
    assert.equal(attachment?.kind, 'stored-text')
    const text = (
      await listed(queries.readText(attachment?.kind === 'stored-text' ? attachment.textId : ''))
    ).join('')
    assert.equal(text, line.replace(secret, '***').repeat(10_000))
  },
)

withQueries('a long text comes out as it went in, wherever its letters were cut', async (queries) => {
  const letters = 'aä你🙂\n'
  const text = letters.repeat(40_000)
  const bytes = Buffer.from(text)
  async function* cut() {
    for (let at = 0; at < bytes.length; at += 10_007) yield bytes.subarray(at, at + 10_007)
  }
  for (const source of [text, cut()]) {
    const created = await queries.createQuery({ title: `long ${typeof source}`, text: source })
    const [attachment] = created.attachments
    assert.ok(attachment?.kind === 'stored-text')
    assert.equal(attachment.bytes, bytes.length)
    assert.ok(text.startsWith(created.text) && created.text.length > 1_000 && created.text.length <= 8_192)
    assert.equal((await listed(queries.readText(attachment.textId))).join(''), text)
  }
  await assert.rejects(listed(queries.readText('t-none')), { code: 'QUERY_UNKNOWN' })
})

withQueries(
  'the same long text twice is one query, and what was stored for the second is removed',
  async (queries, { store }) => {
    const text = 'x'.repeat(200_000)
    const [first, second] = [
      await queries.createQuery({ title: 'long', text }),
      await queries.createQuery({ title: 'long', text }),
    ]
    assert.equal(first.id, second.id)
    assert.equal((await store.read('select id from query_texts')).length, 1)
  },
)

withQueries(
  'a text over the limit, or one that breaks off, leaves nothing behind',
  async (_queries, { store, handler }) => {
    const small = handler({ maxTextMb: 1 })
    await assert.rejects(small.createQuery({ title: 'large', text: 'x'.repeat(2 ** 20 + 1) }), {
      code: 'QUERY_TOO_LARGE',
    })
    async function* breaking() {
      yield 'x'.repeat(500_000)
      throw new Error('the pipe broke')
    }
    await assert.rejects(
      small.createQuery({
        title: 'broken',
        text: 'see',
        attachments: [
          { kind: 'text', content: 'kept' },
          { kind: 'text', content: breaking() },
        ],
      }),
      /the pipe broke/,
    )
    for (const table of ['queries', 'query_texts', 'query_text_pieces'])
      assert.deepEqual(await store.read(`select * from ${table}`), [])
  },
)

const refused: readonly (readonly [what: string, query: Partial<NewQuery>, code: string])[] = [
  ['without a title', { title: '' }, 'QUERY_INVALID'],
  ['with a title of 201 characters', { title: 'x'.repeat(201) }, 'QUERY_TOO_LARGE'],
  ['without a text', { text: '  ' }, 'QUERY_INVALID'],
  ['with 21 tags', { tags: Array.from({ length: 21 }, String) }, 'QUERY_TOO_LARGE'],
  ['with a context of more than 64 KiB', { context: { a: 'x'.repeat(70_000) } }, 'QUERY_TOO_LARGE'],
  ['of an unknown type', { type: 'gossip' as never }, 'QUERY_INVALID'],
  ['of an unknown priority', { priority: 'urgent' as never }, 'QUERY_INVALID'],
  ['with a key that nobody knows', { colour: 'red' } as never, 'QUERY_INVALID'],
  [
    'with 33 attachments',
    { attachments: Array.from({ length: 33 }, () => ({ kind: 'file', path: 'a' })) },
    'QUERY_TOO_LARGE',
  ],
  ['with an attachment that is none', { attachments: [{ kind: 'url' } as never] }, 'QUERY_INVALID'],
]
for (const [what, query, code] of refused) {
  withQueries(`a query ${what} is refused`, async (queries, { store }) => {
    await assert.rejects(queries.createQuery({ ...question('a'), ...query }), { code })
    assert.deepEqual(await store.read('select * from queries'), [])
  })
}

withQueries('a deadline that has passed is refused', async (queries, { clock }) => {
  await clock.pass(1_000)
  await assert.rejects(queries.createQuery(question('a', { deadlineMs: 1_000 })), { code: 'QUERY_DEADLINE' })
})

withQueries(
  'the templates say what experts need, and a diagnosis refers to the log instead of holding it',
  async (queries) => {
    const review = await queries.createCodeReviewQuery({
      code: 'let x = 1\n'.repeat(50_000),
      language: 'TypeScript',
      focus: ['names'],
    })
    assert.equal(review.type, 'review')
    assert.ok(review.attachments[0]?.kind === 'stored-text' && review.attachments[0].bytes === 500_000)
    assert.ok(review.constraints.some((one) => one.includes('names')))
    const architecture = await queries.createArchitectureQuery({
      title: 'Which queue?',
      description: 'We have PostgreSQL',
      options: ['pg-boss'],
    })
    assert.equal(architecture.type, 'architectural')
    assert.ok(architecture.constraints.some((one) => one.includes('pg-boss')))
    const error = { code: 'TASK_FAILED', message: 'exit code 1' }
    const diagnosis = await queries.createDiagnosisQuery({
      runId: '20261123-101530-k3f9',
      task: 'build',
      error,
      exitCode: 1,
    })
    assert.equal(diagnosis.type, 'diagnosis')
    assert.deepEqual(diagnosis.attachments, [
      { kind: 'run-log', runId: '20261123-101530-k3f9', task: 'build' },
    ])
    assert.deepEqual(diagnosis.context, {
      run: '20261123-101530-k3f9',
      task: 'build',
      'exit code': '1',
      'error code': 'TASK_FAILED',
      error: 'exit code 1',
    })
  },
)

test('limits that make no sense are refused, each by its name', async () => {
  const { QueryHandler } = await import('../../src/queries/queries.ts')
  assert.throws(() => new QueryHandler({ store: {} as never, maxCachedQueries: 0, queryTtlHours: -1 }), {
    code: 'OPTION_INVALID',
    message: /queryTtlHours is -1.*maxCachedQueries is 0/,
  })
})
