/** What every store must do, whatever database is behind it. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { PlimsollError } from '../../src/errors.ts'
import type { Statement, Store } from '../../src/store/store.ts'

const createItems: Statement = {
  sql: 'create table items (id bigint not null primary key, name text, size double precision)',
  parameters: [],
}
const insert = (id: number, name: string | null = null, size: number | null = null): Statement => ({
  sql: 'insert into items (id, name, size) values (?1, ?2, ?3)',
  parameters: [id, name, size],
})
const idsAfter = 'select id from items where id > ?1 order by id'

async function ids(store: Store): Promise<readonly number[]> {
  const rows = await store.read<{ id: number }>('select id from items order by id limit 100000')
  return rows.map((row) => row.id)
}

const hasCode = (code: string) => (error: unknown) => error instanceof PlimsollError && error.code === code

/** `open` opens the store that belongs to a place, an empty directory at first; the same place is the same store. */
export function storeContract(name: string, open: (place: string) => Promise<Store>): void {
  const check = (title: string, body: (store: Store, place: string) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const place = await mkdtemp(join(tmpdir(), 'plimsoll-store-'))
      try {
        await using store = await open(place)
        await store.write([createItems])
        await body(store, place)
      } finally {
        await rm(place, { recursive: true })
      }
    })
  }

  check('a write that fails half-way leaves nothing behind', async (store) => {
    await assert.rejects(store.write([insert(1), insert(2), insert(1)]), hasCode('STORE_FAILED'))
    assert.deepEqual(await ids(store), [])
  })

  check('of writes that share a commit only the one at fault fails, and order is kept', async (store) => {
    let next = 0
    const calls = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(calls, async (guilty) => {
        await store.write([{ sql: 'delete from items', parameters: [] }])
        const first = next
        next += guilty.length
        const results = await Promise.allSettled(
          guilty.map((isGuilty, index) => {
            const item = insert(first + index)
            return store.write(isGuilty ? [item, item] : [item])
          }),
        )
        assert.deepEqual(
          results.map((result) => result.status === 'rejected'),
          guilty,
        )
        const innocent = guilty.flatMap((isGuilty, index) => (isGuilty ? [] : [first + index]))
        assert.deepEqual(await ids(store), innocent)
      }),
      { numRuns: 30 },
    )
  })

  check('what was written with less care is read like the rest, and kept', async (store, place) => {
    await Promise.all([store.write([insert(1)], 'normal'), store.write([insert(2)])])
    await store.write([insert(3)], 'normal')
    assert.deepEqual(await ids(store), [1, 2, 3])
    await using again = await open(place)
    assert.deepEqual(await ids(again), [1, 2, 3])
    while (await store.giveBack());
  })

  check('a later write of the same turn sees what an earlier one did', async (store) => {
    const double: Statement = { sql: 'update items set size = size * 2 where id = 1', parameters: [] }
    await Promise.all([store.write([insert(1, null, 1)]), store.write([double]), store.write([double])])
    const rows = await store.read<{ size: number }>('select size from items where id = ?1', [1])
    assert.equal(rows[0]?.size, 4)
  })

  check(
    'a write that changes another number of rows than it expects leaves nothing behind, and others of its commit stay',
    async (store) => {
      await store.write([insert(1), insert(2)])
      const rename = (id: number, expectRows: number): Statement => ({
        sql: 'update items set name = name where id <= ?1',
        parameters: [id],
        expectRows,
      })
      const results = await Promise.allSettled([
        store.write([rename(2, 2), insert(3)]),
        store.write([insert(4), rename(0, 1), insert(5)]),
        store.write([rename(3, 3), { ...insert(6), expectRows: 1 }]),
        store.write([insert(7), rename(2, 1)]),
        store.write([rename(0, 0)]),
      ])
      assert.deepEqual(
        results.map((result) => (result.status === 'fulfilled' ? null : result.reason.code)),
        [null, 'STORE_CONFLICT', null, 'STORE_CONFLICT', null],
      )
      assert.deepEqual(await ids(store), [1, 2, 3, 6])
    },
  )

  check(
    'what fails because of an unexpected number of rows before it is told as a conflict',
    async (store) => {
      await store.write([insert(1)])
      const none: Statement = { sql: 'delete from items where id = ?1', parameters: [99], expectRows: 1 }
      const results = await Promise.allSettled([
        store.write([none, insert(1)]),
        store.write([none, insert(1)]),
      ])
      for (const result of results)
        assert.ok(result.status === 'rejected' && hasCode('STORE_CONFLICT')(result.reason))
    },
  )

  check('a number of rows is expected of its own statement, not of the one before', async (store) => {
    const none: Statement = { sql: 'delete from items where id = ?1', parameters: [99], expectRows: 1 }
    await assert.rejects(store.write([insert(1), none]), (error) => {
      assert.ok(hasCode('STORE_CONFLICT')(error))
      return error instanceof Error && error.message.includes('0 rows instead of 1')
    })
    await store.write([insert(1), insert(2), { ...none, parameters: [1] }])
    assert.deepEqual(await ids(store), [2])
  })

  check('more callers than one commit takes are all served', async (store) => {
    const count = 1_500
    await Promise.all(Array.from({ length: count }, (_, id) => store.write([insert(id)])))
    assert.equal((await ids(store)).length, count)
  })

  check('texts, numbers and null come back as they were', async (store) => {
    const text = fc.option(fc.string({ unit: 'grapheme', maxLength: 200 }))
    const size = fc.option(
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)),
    )
    const id = fc.maxSafeInteger()
    await fc.assert(
      fc.asyncProperty(id, text, size, async (...item) => {
        await store.write([{ sql: 'delete from items', parameters: [] }, insert(...item)])
        const [row] = await store.read<object>('select id, name, size from items where id = ?1', [item[0]])
        assert.deepEqual({ ...row }, { id: item[0], name: item[1], size: item[2] })
      }),
      { numRuns: 50 },
    )
  })

  check('bytes come back as they were', async (store) => {
    const data = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const create = { sql: 'create table blocks (id bigint primary key, data bytea)', parameters: [] }
    await store.write([create, { sql: 'insert into blocks values (1, ?1)', parameters: [data] }])
    const [row] = await store.read<{ data: Uint8Array }>('select data from blocks where id = 1')
    assert.deepEqual(row?.data, data)
  })

  check(
    'what no text of a database can hold becomes a replacement character, also in what is looked for',
    async (store) => {
      const name = 'a\0b\ud800c \udfff'
      await store.write([insert(1, name), insert(2, 'x'.repeat(2 ** 20)), insert(3, '\0')])
      const [first, second] = await store.read<{ name: string }>('select name from items order by id')
      assert.equal(first?.name, 'a\ufffdb\ufffdc \ufffd')
      assert.equal(second?.name.length, 2 ** 20)
      assert.deepEqual(
        (await store.read<{ id: number }>('select id from items where name = ?1', [name]))[0]?.id,
        1,
      )
    },
  )

  check('sums and truths are numbers; a number that JavaScript would round is an error', async (store) => {
    await store.write([insert(1, null, 0.5), insert(2 ** 53 - 2), insert(-3)])
    const sql = 'select sum(id) as sum, count(*) as n, max(size) as size, min(id) < 0 as truth from items'
    const [row] = await store.read<object>(sql)
    assert.deepEqual({ ...row }, { sum: 2 ** 53 - 4, n: 3, size: 0.5, truth: 1 })
    await store.write([{ ...insert(0), parameters: [2n ** 53n + 1n, null, null] }])
    await assert.rejects(store.read('select id from items'), hasCode('STORE_FAILED'))
    assert.equal((await store.read('select id from items where id < 2')).length, 2)
  })

  check('what looks like a placeholder inside a literal, a name or a comment is none', async (store) => {
    const sql = `select '?1''?2' as "a?1b", /* ?1 ' */ name -- ?1 it's
      from items where id = ?1 /* '?9 */`
    await store.write([insert(5, '?1')])
    const [row] = await store.read<object>(sql, [5])
    assert.deepEqual({ ...row }, { 'a?1b': "?1'?2", name: '?1' })
  })

  check('a write of many statements and of megabytes is one transaction all the same', async (store) => {
    const long = 'x'.repeat(2 ** 20)
    const many = Array.from({ length: 3_000 }, (_, id) => insert(id, id % 500 === 0 ? long : null))
    await assert.rejects(store.write([...many, insert(0)]), hasCode('STORE_FAILED'))
    assert.deepEqual(await ids(store), [])
    const more = Array.from({ length: 300 }, (_, id) => insert(3_000 + id))
    await Promise.all([store.write(many), ...more.map((one) => store.write([one]))])
    assert.equal((await ids(store)).length, 3_300)
    const [row] = await store.read<{ n: number }>('select sum(length(name)) as n from items')
    assert.equal(row?.n, 6 * 2 ** 20)
  })

  check('a value that looks like SQL is data', async (store) => {
    const name = "'); drop table items; --"
    await store.write([insert(1, name)])
    const rows = await store.read<{ name: string }>('select name from items where name = ?1', [name])
    assert.equal(rows[0]?.name, name)
  })

  check(
    'what is not SQL, or not a value, fails with a code, and the next write goes through',
    async (store) => {
      const wrong = [
        { sql: 'selectt 1', parameters: [] },
        { sql: 'insert into items (id) values (?1)', parameters: [{ not: 'a value' }] },
        { sql: 'insert into items (id) values (?1)', parameters: [() => 1] },
      ] as unknown as readonly Statement[]
      for (const statement of wrong) {
        await assert.rejects(store.write([statement]), (error) => error instanceof PlimsollError)
      }
      await assert.rejects(store.read('selectt 1'), hasCode('STORE_FAILED'))
      await store.write([insert(1)])
      assert.deepEqual(await ids(store), [1])
    },
  )

  check('what was written is there when the store is opened again', async (store, place) => {
    await store.write([insert(1), insert(2)])
    await store[Symbol.asyncDispose]()
    await using again = await open(place)
    assert.deepEqual(await ids(again), [1, 2])
  })

  check('closing waits for the writes that were made, also twice at once', async (store, place) => {
    const writes = Array.from({ length: 600 }, (_, id) => store.write([insert(id)]))
    await Promise.all([store[Symbol.asyncDispose](), store[Symbol.asyncDispose](), ...writes])
    await using again = await open(place)
    assert.equal((await ids(again)).length, 600)
  })

  check('a closed store refuses, it does not hang', async (store) => {
    await store[Symbol.asyncDispose]()
    await assert.rejects(store.write([insert(1)]), hasCode('STORE_FAILED'))
    await assert.rejects(store.read('select 1'), hasCode('STORE_FAILED'))
    await assert.rejects(store.stream(idsAfter, [0])[Symbol.asyncIterator]().next(), hasCode('STORE_FAILED'))
  })

  check('a stream gives every row once, in order, whatever the size of its pages', async (store) => {
    for (let id = 1; id <= 2_345; id += 335) {
      await store.write(Array.from({ length: 335 }, (_, index) => insert(id + index, 'x'.repeat(2_000))))
    }
    const sql = 'select id, name from items where id > ?1 order by id'
    const seen: number[] = []
    for await (const { id } of store.stream<{ id: number }>(sql, [0])) seen.push(id)
    assert.deepEqual(seen, await ids(store))
    assert.equal(seen.length, 2_345)
  })

  check('a stream that nobody finishes holds nothing up, and sees rows added behind it', async (store) => {
    await store.write(Array.from({ length: 1_000 }, (_, id) => insert(id + 1)))
    const stream = store.stream<{ id: number }>(idsAfter, [0])[Symbol.asyncIterator]()
    assert.equal((await stream.next()).value?.id, 1)
    await store.write([insert(1_001), { sql: 'delete from items where id = ?1', parameters: [900] }])
    const rest: number[] = []
    for (let next = await stream.next(); !next.done; next = await stream.next()) rest.push(next.value.id)
    assert.ok(rest.includes(1_001))
    assert.ok(!rest.includes(900))
  })

  check('a stream whose SQL has no key fails instead of going on for ever', async (store) => {
    await store.write(Array.from({ length: 1_000 }, (_, id) => insert(id, 'same')))
    const withoutKey = 'select name, id from items where id >= ?1 order by id'
    const drain = async (sql: string, parameters: readonly number[]): Promise<void> => {
      for await (const _row of store.stream(sql, parameters));
    }
    await assert.rejects(drain(withoutKey, []), hasCode('INTERNAL'))
    await assert.rejects(
      drain('select 1, id from items where id >= ?1 order by id', [1]),
      hasCode('INTERNAL'),
    )
  })
}
