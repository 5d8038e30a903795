import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PlimsollError } from '../../src/errors.ts'
import { QueryHandler } from '../../src/queries/queries.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { mountSmallDisk, whyNoSmallDisk } from '../run/small-disk.ts'

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

test('on a disk that is full a query is refused as well, long or short, and taken when there is room again', {
  skip: whyNoSmallDisk,
}, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-queries-'))
  try {
    using disk = mountSmallDisk(dir)
    {
      await using store = await openStore({ stateDir: disk.stateDir })
      await using queries = new QueryHandler({ store })
      const kept = await queries.createQuery({ title: 'kept', text: 'x' })
      const ballast = join(disk.stateDir, 'ballast')
      assert.throws(() => writeFileSync(ballast, Buffer.alloc(16 * 2 ** 20)), { code: 'ENOSPC' })
      await assert.rejects(queries.createQuery({ title: 'too long', text: lines(16 * 2 ** 20) }), {
        code: 'STATE_FULL',
      })
      await assert.rejects(
        async () => {
          for (let number = 0; number < 1_000; number += 1)
            await queries.createQuery({ title: `short ${number}`, text: lines(4_000) })
        },
        { code: 'STATE_FULL' },
      )
      rmSync(ballast)
      assert.equal((await queries.createQuery({ title: 'again', text: 'x' })).status, 'waiting')
      assert.deepEqual(await queries.getQuery(kept.id), kept)
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

/** Text that does not compress to nothing. */
function lines(bytes: number): string {
  let text = ''
  for (let number = 0; text.length < bytes; number += 1) text += `${(number * 2_654_435_761) % 2 ** 32}\n`
  return text
}
