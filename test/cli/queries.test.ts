import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Answer, QueryHandler } from '../../src/queries/queries.ts'
import { openStore } from '../../src/store/store.ts'
import { Folder, jsonLines } from './plimsoll.ts'

/** Three that were asked, the first of them answered; the last is the newest. */
async function asked(folder: Folder): Promise<readonly string[]> {
  await using store = await openStore({ stateDir: join(folder.path, '.plimsoll') })
  const answer = (queryId: string): Answer => ({
    ...{
      queryId,
      expert: 'offline',
      status: 'complete',
      cause: 'disk-full',
      model: null,
      text: 'The disk is \u001b[2Jfull',
    },
    ...{ evidence: [{ source: 'build.log', line: 7, text: 'No space left', supported: true }] },
    ...{ storedText: null, prompt: null, inputTokens: null, outputTokens: null, costUsd: null, error: null },
    ...{ startedAtMs: 1, endedAtMs: 2, details: {} },
  })
  await using queries = new QueryHandler({ store, consult: async ({ id }) => [answer(id)] })
  const first = await queries.createQuery({
    type: 'diagnosis',
    title: 'Why did \u001b]0;x\u0007 it fail?',
    text: 'No space',
  })
  await queries.submitQuery(first)
  const second = await queries.createQuery({ title: 'Which queue?', text: 'pg-boss or our own' })
  const third = await queries.createQuery({ title: 'Which cache?', text: 'lru' })
  return [first.id, second.id, third.id]
}

test('what was asked is listed, shown, found by words, and led through page by page', async () => {
  using folder = new Folder()
  const [first = '', second = '', third = ''] = await asked(folder)
  const list = await folder.plimsoll(['queries', 'list'])
  assert.equal(list.code, 0, list.stderr)
  assert.deepEqual(list.stdout.match(/^q\w{20,}/gm), [third, second, first])
  assert.match(list.stdout, /diagnosis +medium +answered +Why did/)
  const page = jsonLines((await folder.plimsoll(['queries', 'list', '--limit', '2', '--json'])).stdout)
  assert.deepEqual(
    page.map(({ type }) => type),
    ['query', 'query', 'page'],
  )
  const rest = await folder.plimsoll([
    'queries',
    'list',
    '--limit',
    '2',
    '--json',
    '--after',
    String(page[2]?.nextCursor),
  ])
  assert.deepEqual(
    jsonLines(rest.stdout).map((line) => (line.query as { id?: string } | undefined)?.id ?? line.nextCursor),
    [first, null],
  )
  const found = await folder.plimsoll(['queries', 'search', 'our', 'own'])
  assert.match(found.stdout, /Which queue\?/)
  assert.doesNotMatch(found.stdout, /Which cache\?/)
  const shown = await folder.plimsoll(['queries', 'show', first])
  assert.match(shown.stdout, /== offline: complete, cause disk-full/)
  assert.match(shown.stdout, /build\.log:7 {2}No space left/)
  assert.ok(
    !shown.stdout.includes('\u001b') && !list.stdout.includes('\u001b'),
    'what was asked moves the cursor',
  )
  const [json] = jsonLines((await folder.plimsoll(['queries', 'show', second, '--json'])).stdout)
  assert.equal((json?.query as { text?: string } | undefined)?.text, 'pg-boss or our own')
})

test('what is old is removed, and the audit says so', async () => {
  using folder = new Folder()
  await asked(folder)
  assert.equal((await folder.plimsoll(['queries', 'prune'])).stdout, 'removed 0 queries older than 30 days\n')
  await using store = await openStore({ stateDir: join(folder.path, '.plimsoll') })
  await store.write([
    { sql: `update queries set created_at_ms = 1 where title = 'Which queue?'`, parameters: [] },
  ])
  assert.equal(
    (await folder.plimsoll(['queries', 'prune', '--days', '7'])).stdout,
    'removed 1 query older than 7 days\n',
  )
  assert.doesNotMatch((await folder.plimsoll(['queries'])).stdout, /Which queue\?/)
  const [entry] = jsonLines((await folder.plimsoll(['audit', '--action', 'queries-prune', '--json'])).stdout)
  assert.equal(entry?.detail, '1 query older than 7 days')
})

const wrong: readonly (readonly [words: readonly string[], says: RegExp])[] = [
  [['queries', 'lst'], /"lst", expected one of list, show, search, prune.*did you mean "list"/],
  [
    ['queries', 'list', '--type', 'diagnoses'],
    /--type is "diagnoses", expected one of .*did you mean "diagnosis"/,
  ],
  [['queries', 'list', '--status', 'open'], /--status is "open"/],
  [['queries', 'list', '--limit', '0'], /--limit is "0"/],
  [['queries', 'list', '--after', 'x.y'], /the cursor "x\.y" is none of this list/],
  [['queries', 'search'], /no word/],
  [['queries', 'show'], /takes one query/],
  [['queries', 'show', 'q-none'], /no query begins with "q-none"/],
  [['queries', 'prune', '--days', '-1'], /--days/],
  [['queries', 'list', '--days', 'foo'], /"plimsoll queries list" has no option --days/],
  [['queries', '--days', '3'], /"plimsoll queries list" has no option --days/],
  [['queries', 'search', 'queue', '--type', 'question'], /"plimsoll queries search" has no option --type/],
  [['queries', 'show', 'q', '--limit', '3'], /"plimsoll queries show" has no option --limit/],
  [
    ['queries', 'prune', '--days', '0', '--type', 'question'],
    /"plimsoll queries prune" has no option --type/,
  ],
]
test('a wrong word is answered with what is allowed, and nothing is made where nothing was recorded', async () => {
  using folder = new Folder()
  const empty = await folder.plimsoll(['queries', 'prune'])
  assert.deepEqual([empty.code, existsSync(join(folder.path, '.plimsoll'))], [2, false])
  assert.match(empty.stderr, /nothing has been recorded/)
  await asked(folder)
  for (const [words, says] of wrong) {
    const { code, stderr } = await folder.plimsoll(words)
    assert.match(stderr, says)
    assert.equal(code, 2)
  }
})
