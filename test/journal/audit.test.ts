import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Actor, type AuditNote, actorHere, openJournal } from '../../src/journal/journal.ts'
import type { Store } from '../../src/store/store.ts'
import { onBothStores } from '../store/both-stores.ts'
import { engine, plan } from './samples.ts'

/** Two engines with the same record. */
function check(title: string, body: (first: Store, second: Store) => Promise<void>): void {
  onBothStores(title, async (openEmpty) => {
    await using first = await openEmpty('shared')
    await using second = await openEmpty('shared')
    await body(first, second)
  })
}

const by: Actor = {
  ...{ user: 'ada', sudoUser: null, host: 'web1', ci: null, actor: null, terminal: true, release: '1' },
  command: 'plimsoll deploy',
}
const note = (atMs: number): AuditNote => ({ atMs, action: 'deploy', plan: 'shop', by })

check('entries come back newest first, filtered and in pages', async (store) => {
  const journal = openJournal(store)
  for (let atMs = 1; atMs <= 6; atMs += 1) {
    const action = atMs % 2 === 0 ? 'unlock' : 'deploy'
    await journal.note({ ...note(atMs), action, by: { ...by, user: atMs < 4 ? 'ada' : 'eve' } })
  }
  const numbers = async (filter: Parameters<typeof journal.audit>[0]) =>
    (await journal.audit(filter)).map(({ seq }) => seq)
  assert.deepEqual(await numbers({ limit: 2 }), [6, 5])
  assert.deepEqual(await numbers({ limit: 2, before: 5 }), [4, 3])
  assert.deepEqual(await numbers({ limit: 9, user: 'ada', action: 'deploy' }), [3, 1])
  assert.deepEqual(await numbers({ limit: 9, plan: "x' or 1=1 --" }), [])
  const [entry] = await journal.audit({ limit: 1, before: 2 })
  assert.deepEqual(
    { ...entry, hash: '' },
    {
      ...{ seq: 1, atMs: 1, action: 'deploy', plan: 'shop', environment: null, runId: null, task: null },
      ...{ by, detail: null, hash: '' },
    },
  )
})

check('what many add at once is one chain without gaps', async (first, second) => {
  const journals = [openJournal(first), openJournal(second)]
  await Promise.all(Array.from({ length: 24 }, (_, index) => journals[index % 2]?.note(note(index))))
  assert.deepEqual(await openJournal(first).checkAudit(), { entries: 24, brokenAt: null })
})

check('a text that a store cannot keep as it is breaks no chain', async (store) => {
  const journal = openJournal(store)
  await journal.note({ ...note(1), plan: 'a\0b', detail: 'half a pair: \ud83d' })
  await journal.note(note(2))
  assert.deepEqual(await journal.checkAudit(), { entries: 2, brokenAt: null })
})

check('a run and its entry are written together, or not at all', async (store) => {
  const journal = openJournal(store)
  const run = { runId: 'a', plan, startedAtMs: 1, engine, host: 'web1', audit: [note(1)] }
  await journal.openRun(run)
  await assert.rejects(journal.openRun(run))
  assert.equal((await journal.audit({ limit: 10 })).length, 1)
})

const texts = ['user_name', 'host', 'command', 'detail', 'plan', 'hash', 'action', 'run_id', 'ci'] as const
const anyTampering = fc.oneof(
  fc.record({
    sql: fc.constantFrom(...texts.map((column) => `update audit set ${column} = ?2 where seq = ?1`)),
    more: fc.string({ minLength: 1 }).map((text) => [`${text}!`]),
  }),
  fc.record({ sql: fc.constant('update audit set at_ms = at_ms + 1 where seq = ?1'), more: fc.constant([]) }),
  fc.record({ sql: fc.constant('delete from audit where seq = ?1'), more: fc.constant([]) }),
  fc.record({ sql: fc.constant('delete from audit where seq >= ?1'), more: fc.constant([]) }),
)

check('an entry that was changed or removed shows, whichever it is', async (store) => {
  const journal = openJournal(store)
  for (let atMs = 1; atMs <= 8; atMs += 1) await journal.note(note(atMs))
  await store.write([{ sql: 'create table kept as select * from audit', parameters: [] }])
  await fc.assert(
    fc.asyncProperty(anyTampering, fc.integer({ min: 1, max: 8 }), async ({ sql, more }, seq) => {
      await store.write([{ sql, parameters: [seq, ...more] }])
      assert.deepEqual(await journal.checkAudit(), { entries: seq - 1, brokenAt: seq })
      await store.write([
        { sql: 'delete from audit', parameters: [] },
        { sql: 'insert into audit select * from kept', parameters: [] },
      ])
      assert.deepEqual(await journal.checkAudit(), { entries: 8, brokenAt: null })
    }),
    { numRuns: 60 },
  )
})

test('who it was is what the system knows; what a CI system claims stands beside it', () => {
  const here = actorHere({}, null)
  assert.ok(here.user.length > 0)
  assert.deepEqual([here.ci, here.actor, here.sudoUser, here.command], [null, null, null, null])
  const variables = { CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_ACTOR: 'x'.repeat(900), SUDO_USER: 'ada' }
  const there = actorHere(variables, 'plimsoll deploy')
  assert.deepEqual(
    [there.user, there.ci, there.actor, there.sudoUser, there.command],
    [here.user, 'GitHub Actions', 'x'.repeat(200), 'ada', 'plimsoll deploy'],
  )
})
