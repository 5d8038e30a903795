import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CursorPage, Query, QueryHandler } from '../../src/queries/queries.ts'
import { searchedWords } from '../../src/queries/search.ts'
import { listed, withQueries } from './handler.ts'

async function createMany(
  queries: QueryHandler,
  count: number,
  rest: object = {},
): Promise<readonly Query[]> {
  const created: Query[] = []
  for (let at = 0; at < count; at += 200) {
    const some = Array.from({ length: Math.min(200, count - at) }, (_, index) =>
      queries.createQuery({ title: `question ${at + index}`, text: 'x', ...rest }),
    )
    created.push(...(await Promise.all(some)))
  }
  return created
}

const titles = ({ queries }: Pick<CursorPage, 'queries'>): readonly string[] =>
  queries.map(({ title }) => title)

async function allPages(
  next: (cursor: string | undefined) => Promise<CursorPage>,
): Promise<readonly string[]> {
  const all: string[] = []
  let cursor: string | undefined
  do {
    const page = await next(cursor)
    all.push(...titles(page))
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return all
}

withQueries(
  'pages by number show every open query once, oldest first, also where many have ended or were pruned',
  async (queries, { clock }) => {
    await createMany(queries, 1_500)
    await clock.pass(10)
    const later = await createMany(queries, 1_200, { tags: ['later'] })
    for (const { id } of later.filter((_, index) => index % 3 === 0)) await queries.cancelQuery(id)
    await queries.prune(5)
    const open = later.filter((_, index) => index % 3 !== 0)
    const seen: string[] = []
    for (let page = 1; page <= 6; page += 1) {
      const found = await queries.getActiveQueries({ page, pageSize: 150 })
      assert.deepEqual([found.total, found.pages, found.page], [800, 6, page])
      seen.push(...found.queries.map(({ id }) => id))
    }
    assert.deepEqual(
      seen,
      open.map(({ id }) => id),
    )
    assert.deepEqual((await queries.getActiveQueries({ page: 7, pageSize: 150 })).queries, [])
  },
)

withQueries('a page that cannot be is refused', async (queries) => {
  for (const wrong of [{ page: 0 }, { page: -1 }, { page: 1.5 }, { pageSize: 0 }, { pageSize: 201 }])
    await assert.rejects(queries.getActiveQueries(wrong), { code: 'QUERY_INVALID' })
  await assert.rejects(queries.getQueryPage({ pageSize: 1_000 }), { code: 'QUERY_INVALID' })
})

withQueries('cursors lead through all queries, newest first, while others are created', async (queries) => {
  await createMany(queries, 120)
  await createMany(queries, 30, { type: 'review', title: 'a review', context: { some: 'thing' } }).catch(
    () => undefined,
  )
  let isFirst = true
  const seen = await allPages(async (cursor) => {
    const page = await queries.getQueryPage({ cursor, pageSize: 25, type: 'general' })
    if (isFirst) await createMany(queries, 1, { title: 'too late to be seen' })
    isFirst = false
    return page
  })
  assert.deepEqual(
    seen,
    Array.from({ length: 120 }, (_, index) => `question ${119 - index}`),
  )
  assert.deepEqual(titles(await queries.getQueryPage({ type: 'review' })), ['a review'])
  assert.equal((await queries.getQueryPage({ status: 'answered' })).queries.length, 0)
})

withQueries('a cursor of another list, or a made up one, is refused', async (queries) => {
  await createMany(queries, 10)
  const { nextCursor } = await queries.getQueryPage({ pageSize: 2 })
  assert.ok(nextCursor !== null)
  await assert.rejects(queries.getQueryPage({ cursor: nextCursor, status: 'waiting' }), {
    code: 'QUERY_CURSOR_INVALID',
  })
  await assert.rejects(queries.searchQueries('question', { cursor: nextCursor }), {
    code: 'QUERY_CURSOR_INVALID',
  })
  const found = await queries.searchQueries('question', { pageSize: 2 })
  await assert.rejects(queries.searchQueries('other', { cursor: found.nextCursor ?? '' }), {
    code: 'QUERY_CURSOR_INVALID',
  })
  for (const cursor of [
    '',
    '1',
    'x.y.z',
    `1;drop table queries.${nextCursor.split('.')[1]}`,
    `zzzzzzzzzzzzz.${nextCursor.split('.')[1]}`,
  ])
    await assert.rejects(queries.getQueryPage({ cursor }), { code: 'QUERY_CURSOR_INVALID' })
})

withQueries(
  'a stream gives every query of a type or status, and what is created while it is read',
  async (queries) => {
    const created = await createMany(queries, 1_300)
    await createMany(queries, 20, { type: 'review', tags: ['x'] })
    await queries.cancelQuery(created[7]?.id ?? '')
    const seen: string[] = []
    for await (const query of queries.streamQueries({ type: 'general', status: 'waiting' })) {
      seen.push(query.title)
      if (seen.length === 1) await createMany(queries, 1, { title: 'meanwhile' })
    }
    assert.equal(seen.length, 1_300)
    assert.deepEqual([seen[0], seen[7], seen.at(-1)], ['question 0', 'question 8', 'meanwhile'])
    assert.equal((await listed(queries.streamQueries({ status: 'cancelled' }))).length, 1)
  },
)

withQueries(
  'search finds whole words and the beginning of the last, wherever they stand and however they are written',
  async (queries) => {
    const ask = (title: string, rest: object = {}) => queries.createQuery({ title, text: 'x', ...rest })
    await ask('Disk full on src/store/writer.ts')
    await ask('no space', { text: 'the DISK is Füll', tags: ['storage'] })
    await ask('other', { context: { plan: 'storefront-eu' } })
    const find = async (words: string) => titles(await queries.searchQueries(words))
    assert.deepEqual(await find('disk full'), ['no space', 'Disk full on src/store/writer.ts'])
    assert.deepEqual(await find('disk ful'), ['no space', 'Disk full on src/store/writer.ts'])
    assert.deepEqual(await find('dis full'), [])
    assert.deepEqual(await find('writer.ts'), ['Disk full on src/store/writer.ts'])
    assert.deepEqual(await find('stor'), ['other', 'no space', 'Disk full on src/store/writer.ts'])
    assert.deepEqual(await find('storefront'), ['other'])
    assert.deepEqual(await find('nowhere'), [])
    assert.deepEqual(await find('  ?! '), [])
  },
)

const hostile = [
  '" OR 1=1 --',
  "'; drop table queries; --",
  'a" NEAR b',
  '*',
  '^x',
  'NOT',
  'AND OR',
  "!'x' & (",
  ':*',
  '\\',
  '\0',
  '\ud800',
  'x:y',
  '{',
  '-"',
  "''''",
]
withQueries('what is searched for is words, whatever is in it', async (queries) => {
  await createMany(queries, 3, { text: 'near not and or' })
  for (const words of [...hostile, 'x'.repeat(100_000), 'a '.repeat(10_000)])
    await queries.searchQueries(words)
  assert.equal((await queries.searchQueries('NOT')).queries.length, 3)
  assert.equal((await queries.searchQueries('AND OR')).queries.length, 3)
  assert.equal((await queries.getActiveQueries()).total, 3)
})

test('a search has letters and digits alone, whatever was typed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (typed) => {
      assert.match(searchedWords('SQLite', typed) ?? '"a"*', /^("[\p{L}\p{N}]+" ?)+\*$/u)
      assert.match(searchedWords('PostgreSQL', typed) ?? `'a':*`, /^('[\p{L}\p{N}]+'( & )?)+:\*$/u)
    }),
  )
})

withQueries(
  'search leads through more than a page, and forgets what was pruned',
  async (queries, { clock }) => {
    await createMany(queries, 70)
    await clock.pass(10)
    await createMany(queries, 30, { tags: ['new'] })
    assert.equal(
      (await allPages((cursor) => queries.searchQueries('question', { cursor, pageSize: 15 }))).length,
      100,
    )
    assert.equal(await queries.prune(5), 70)
    assert.equal(
      (await allPages((cursor) => queries.searchQueries('question', { cursor, pageSize: 15 }))).length,
      30,
    )
  },
)

withQueries(
  'pruning removes answers and texts, texts of no query, and nothing that is consulted about',
  async (queries, { store, clock }) => {
    const created = await queries.createQuery({ title: 'long', text: 'x'.repeat(200_000) })
    const running = await queries.createQuery({ title: 'running', text: 'y'.repeat(200_000) })
    await queries.keepText('q-of-a-process-that-was-killed', 'some text')
    await store.write([
      {
        sql: `update queries set status = 'running', claimed_until_ms = ?2 where id = ?1`,
        parameters: [running.id, 48 * 3_600_000 + 60_000],
      },
      {
        sql: `insert into query_answers values (?1, 'offline', 'complete', null, 1, '{}')`,
        parameters: [created.id],
      },
    ])
    await clock.pass(48 * 3_600_000)
    assert.equal(await queries.prune(1_000), 1)
    assert.deepEqual(
      (await store.read<{ id: string }>('select id from queries')).map(({ id }) => id),
      [running.id],
    )
    assert.deepEqual(
      (await store.read<{ query_id: string }>('select query_id from query_texts')).map((row) => row.query_id),
      [running.id],
    )
    assert.equal((await store.read('select distinct text_id from query_text_pieces')).length, 1)
    assert.deepEqual(await store.read('select * from query_answers'), [])
    assert.equal((await queries.getActiveQueries()).total, 1)
    assert.equal(await queries.getQuery(created.id), null)
  },
)

withQueries('a query is found by the beginning of its id, when only one begins so', async (queries) => {
  const created = await createMany(queries, 2)
  const [one, other] = created as [Query, Query]
  assert.equal((await queries.findQuery(one.id)).id, one.id)
  const differs = [...one.id].findIndex((letter, index) => letter !== other.id[index])
  assert.equal((await queries.findQuery(one.id.slice(0, differs + 1))).id, one.id)
  await assert.rejects(queries.findQuery('q'), { code: 'QUERY_UNKNOWN', message: /more than one/ })
  await assert.rejects(queries.findQuery('nothing'), { code: 'QUERY_UNKNOWN' })
})
