import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PlimsollError } from '../../src/errors.ts'
import { QueryHandler } from '../../src/queries/queries.ts'
import { openStore, type Store } from '../../src/store/store.ts'

test('a store that is full refuses a query with its own error, and what was kept before is found', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'plimsoll-queries-'))
  try {
    await using real = await openStore({ stateDir })
    let isFull = false
    const store: Store = {
      ...real,
      write: (statements) =>
        isFull ? Promise.reject(new PlimsollError('STATE_FULL', 'the disk is full')) : real.write(statements),
    }
    await using queries = new QueryHandler({ store })
    const kept = await queries.createQuery({ title: 'kept', text: 'x' })
    isFull = true
    await assert.rejects(queries.createQuery({ title: 'short', text: 'x' }), { code: 'STATE_FULL' })
    await assert.rejects(queries.createQuery({ title: 'long', text: 'x'.repeat(300_000) }), {
      code: 'STATE_FULL',
    })
    assert.equal(queries.getMemoryReport().cachedQueries, 1)
    isFull = false
    assert.equal((await queries.createQuery({ title: 'short', text: 'x' })).status, 'waiting')
    assert.deepEqual(await queries.getQuery(kept.id), kept)
    assert.equal((await queries.getActiveQueries()).total, 2)
  } finally {
    rmSync(stateDir, { recursive: true })
  }
})
