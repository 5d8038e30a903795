import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { type Clock, systemClock } from '../../src/clock.ts'
import { PlimsollError } from '../../src/errors.ts'
import { openStore, openStoreForReading, type Statement, type Store } from '../../src/store/store.ts'
import { storeContract } from './contract.ts'
import { type Cut, CuttingProxy } from './cutting-proxy.ts'
import { databaseOfPlace, type PostgresServer, password, serverOfFile } from './postgres-server.ts'

const serverHere = serverOfFile()
const stateDir = 'not-used-with-a-database'

storeContract('PostgreSQL', async (place) =>
  openStore({ stateDir: place, database: await databaseOfPlace(await serverHere(), place) }),
)

let databases = 0

/** A test with a database of its own. */
function check(title: string, body: (database: string, server: PostgresServer) => Promise<void>): void {
  test(title, async () => {
    const server = await serverHere()
    databases += 1
    await body(await server.database(`of test ${databases}`), server)
  })
}

const nameOf = (database: string): string => decodeURIComponent(new URL(database).pathname.slice(1))

const hasCode =
  (code: string, says = /./) =>
  (error: unknown) => {
    assert.ok(error instanceof PlimsollError)
    assert.equal(error.code, code, error.message)
    assert.match(error.message, says)
    return true
  }

/** Time passes only while somebody sleeps, and then at once. */
function hurriedClock(): Clock & { readonly sleptMs: () => number } {
  let nowMs = 0
  const sleep = async (ms: number): Promise<void> => {
    nowMs += ms
  }
  const every = () => ({ [Symbol.dispose]: () => undefined })
  return { now: () => nowMs, monotonic: () => nowMs, uptime: () => nowMs, sleep, every, sleptMs: () => nowMs }
}

const createCounts: Statement = {
  sql: 'create table counts (id bigint primary key, n bigint)',
  parameters: [],
}
const count = (id: number): Statement => ({
  sql: 'insert into counts values (?1, 1) on conflict (id) do update set n = counts.n + 1',
  parameters: [id],
})
const countsOf = (store: Store): Promise<readonly { readonly id: number; readonly n: number }[]> =>
  store.read('select id, n from counts order by id')

check(
  'a commit whose answer is lost is neither lost nor done twice, wherever the connection breaks',
  async (database, server) => {
    await using proxy = await CuttingProxy.start(server.port)
    await using store = await openStore({
      stateDir,
      database: proxy.through(database),
      clock: hurriedClock(),
    })
    await store.write([createCounts])
    let next = 0
    const cuts = fc.array(fc.constantFrom<Cut>('answer', 'commit'), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(cuts, fc.integer({ min: 1, max: 5 }), async (cutsHere, calls) => {
        proxy.cuts = [...cutsHere]
        const ids = Array.from({ length: calls }, () => next++)
        // The second of each call is refused: its neighbours must not suffer, whatever is done again.
        const conflict = { ...count(-1), expectRows: 2 }
        const results = await Promise.allSettled(
          ids.flatMap((id) => [store.write([count(id)]), store.write([count(id), conflict])]),
        )
        proxy.cuts = []
        assert.deepEqual(
          results.map(({ status }) => status),
          ids.flatMap(() => ['fulfilled', 'rejected']),
        )
      }),
      { numRuns: 12 },
    )
    assert.ok(proxy.cutsMade >= 12)
    const expected = Array.from({ length: next }, (_, id) => ({ id, n: 1 }))
    assert.deepEqual(
      (await countsOf(store)).map((row) => ({ ...row })),
      expected,
    )
  },
)

check(
  'a server that is killed and started again while two callers write has each acknowledged write once',
  async (database, server) => {
    await using store = await openStore({ stateDir, database })
    await store.write([createCounts])
    let next = 0
    let done = false
    const writeOn = async (): Promise<void> => {
      while (!done) await store.write([count(next++)])
    }
    const writers = [writeOn(), writeOn()]
    for (let round = 0; round < 3; round += 1) {
      const before = next
      while (next < before + 20 + 100 * Math.random()) await systemClock.sleep(1)
      await server.kill()
      await server.restart()
    }
    done = true
    await Promise.all(writers)
    const expected = Array.from({ length: next }, (_, id) => ({ id, n: 1 }))
    assert.deepEqual(
      (await countsOf(store)).map((row) => ({ ...row })),
      expected,
    )
  },
)

check(
  'a server that stays away is waited for half a minute, later writes fail at once, and all is well when it is back',
  async (database, server) => {
    const clock = hurriedClock()
    const proxy = await CuttingProxy.start(server.port)
    const { port } = proxy
    await using store = await openStore({ stateDir, database: proxy.through(database), clock })
    await store.write([createCounts])
    const begunMs = clock.sleptMs()
    await proxy[Symbol.asyncDispose]()
    const lost = hasCode('DATABASE_LOST', /ECONNREFUSED.*did not come back within 3\d s/)
    await assert.rejects(store.write([count(1)]), lost)
    const waitedMs = clock.sleptMs() - begunMs
    assert.ok(waitedMs >= 30_000 && waitedMs < 33_000, `${waitedMs} ms`)
    await assert.rejects(store.write([count(2)]), lost)
    assert.equal(clock.sleptMs(), begunMs + waitedMs)
    await assert.rejects(countsOf(store), lost)
    await clock.sleep(10_000)
    await using back = await CuttingProxy.start(server.port, port)
    assert.equal(back.port, port)
    await store.write([count(3)])
    assert.deepEqual(
      (await countsOf(store)).map((row) => ({ ...row })),
      [{ id: 3, n: 1 }],
    )
  },
)

check(
  'many engines that open an empty database at the same moment make one set of tables',
  async (database) => {
    const stores = await Promise.all(Array.from({ length: 6 }, () => openStore({ stateDir, database })))
    const [row] = (await stores[0]?.read<{ n: number }>('select count(*) as n from runs')) ?? []
    assert.equal(row?.n, 0)
    await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()))
  },
)

check(
  'a database of an older form is brought up to date with all it holds, also when opened for reading',
  async (database, server) => {
    const first = readFileSync(
      new URL('../../src/store/migrations/0001-journal.sql', import.meta.url),
      'utf8',
    )
    await server.ask(
      `create schema plimsoll; set search_path = plimsoll; ${first};
     create table form (number bigint not null); insert into form values (1);
     create table commits (writer text primary key, number bigint not null, at timestamptz not null default now());
     insert into runs (id, plan, version, file, digest, host, task_count, status, started_ms, engine_pid, engine_token, definition)
     values ('r', 'p', 'v', 'f', 'd', 'h', 1, 'running', 5, 9, 't', '{}')`,
      [],
      nameOf(database),
    )
    await using store = await openStoreForReading({ stateDir, database })
    assert.deepEqual(await store?.read('select count(*) as n from peaks'), [{ n: 0 }])
    assert.deepEqual(await store?.read('select id from runs'), [{ id: 'r' }])
  },
)

check('a database of a newer form is refused, and stays as it is', async (database, server) => {
  await (await openStore({ stateDir, database }))[Symbol.asyncDispose]()
  const name = nameOf(database)
  await server.ask('update plimsoll.form set number = 99', [], name)
  await assert.rejects(openStore({ stateDir, database }), hasCode('STATE_TOO_NEW', /99/))
  await assert.rejects(openStoreForReading({ stateDir, database }), hasCode('STATE_TOO_NEW', /99/))
  assert.deepEqual(await server.ask('select number::int from plimsoll.form', [], name), [{ number: 99 }])
})

check(
  'reading finds nothing where nothing was recorded, makes nothing there, and cannot write later',
  async (database, server) => {
    assert.equal(await openStoreForReading({ stateDir, database }), null)
    const name = nameOf(database)
    assert.deepEqual(await server.ask(`select 1 from pg_namespace where nspname = 'plimsoll'`, [], name), [])
    await using writing = await openStore({ stateDir, database })
    await using reading = await openStoreForReading({ stateDir, database })
    await writing.write([createCounts, count(7)])
    assert.ok(reading)
    assert.deepEqual(await countsOf(reading), [{ id: 7, n: 1 }])
    await assert.rejects(reading.write([count(8)]), hasCode('INTERNAL'))
    await assert.rejects(writing.read('delete from counts returning id'), hasCode('STATE_UNWRITABLE'))
  },
)

check(
  'texts of our tables are compared letter by letter, whatever the language of the server',
  async (database, server) => {
    await (await openStore({ stateDir, database }))[Symbol.asyncDispose]()
    const name = nameOf(database)
    const others = await server.ask(
      `select table_name, column_name from information_schema.columns
     where table_schema = 'plimsoll' and table_name not in ('form', 'commits')
       and data_type = 'text' and collation_name is distinct from 'C'`,
      [],
      name,
    )
    assert.deepEqual(others, [])
  },
)

check(
  'a store that is closed leaves no row of its own behind, and forgets those of engines killed long ago',
  async (database, server) => {
    const name = nameOf(database)
    const writers = () => server.ask<{ writer: string }>('select writer from plimsoll.commits', [], name)
    {
      await using store = await openStore({ stateDir, database })
      await store.write([createCounts])
      assert.equal((await writers()).length, 1)
    }
    assert.deepEqual(await writers(), [])
    await server.ask(
      `insert into plimsoll.commits values ('killed', 1, now() - interval '2 days'), ('paused', 1, now())`,
      [],
      name,
    )
    await (await openStore({ stateDir, database }))[Symbol.asyncDispose]()
    assert.deepEqual(await writers(), [{ writer: 'paused' }])
  },
)

check('an open store that nobody uses lets the process end, after its writes', async (database) => {
  const door = new URL('../../src/store/store.ts', import.meta.url)
  const script = `import { openStore } from ${JSON.stringify(door)}
    const store = await openStore({ stateDir: 'unused', database: process.env.URL_HERE })
    store.write([{ sql: 'create table left_behind (id bigint)', parameters: [] }])`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, URL_HERE: database },
  })
  assert.deepEqual(await once(child, 'exit'), [0, null])
  await using store = await openStore({ stateDir, database })
  assert.deepEqual(await store.read('select * from left_behind'), [])
})

check(
  'what the server refuses is said with a code, at once, and never with the password',
  async (database, server) => {
    const name = nameOf(database)
    await server.ask(`create role guest login password 'guest word'`)
    await server.ask(
      `create database latin encoding 'SQL_ASCII' template template0 locale 'C' locale_provider libc`,
    )
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    silent.close()
    const word = encodeURIComponent(password)
    const cases: readonly (readonly [string, string, RegExp])[] = [
      [server.url(name, 'postgres', 'wrong: pass/word'), 'DATABASE_REFUSED', /does not accept this password/],
      [server.url(name, 'nobody'), 'DATABASE_REFUSED', /nobody/],
      [`postgres://postgres@127.0.0.1:${server.port}/${name}`, 'DATABASE_REFUSED', /asks for a password/],
      [server.url('no such'), 'DATABASE_REFUSED', /no such.* does not exist/],
      [server.url(name, 'guest', 'guest word'), 'DATABASE_REFUSED', /does not allow this: permission denied/],
      [server.url('latin'), 'DATABASE_REFUSED', /keeps texts as SQL_ASCII/],
      [`${database}?sslmode=require`, 'DATABASE_UNREACHABLE', /SSL/],
      [`${database}?sslmode=verify-full&sslrootcert=/no/such.pem`, 'DATABASE_URL_INVALID', /\/no\/such.pem/],
      [`postgres://postgres:${word}@127.0.0.1:1/x`, 'DATABASE_UNREACHABLE', /ECONNREFUSED/],
      [`postgres://postgres:${word}@no-such-host.invalid/x`, 'DATABASE_UNREACHABLE', /ENOTFOUND|EAI_AGAIN/],
      [`postgres://postgres:${word}@127.0.0.1:99999/x`, 'DATABASE_URL_INVALID', /cannot be read/],
      [`postgres://postgres:p#w@127.0.0.1/x`, 'DATABASE_URL_INVALID', /cannot be read/],
      [`mysql://postgres:${word}@127.0.0.1/x`, 'DATABASE_URL_INVALID', /does not begin with postgres/],
      [`postgres://postgres:${word}@127.0.0.1/x?port=abc`, 'DATABASE_URL_INVALID', /cannot be used/],
      [
        `postgres://postgres:${word}@127.0.0.1:1/x?sslnegotiation=no`,
        'DATABASE_URL_INVALID',
        /cannot be used/,
      ],
      [password, 'DATABASE_URL_INVALID', /cannot be read/],
    ]
    for (const [url, code, says] of cases) {
      for (const open of [openStore, openStoreForReading]) {
        const isFree = open === openStoreForReading && url.includes('guest')
        if (isFree) continue
        await assert.rejects(open({ stateDir, database: url }), (error) => {
          hasCode(code, says)(error)
          const shown = `${inspect(error, { depth: 9, showHidden: true })}\n${(error as Error).stack}`
          for (const secret of [password, word, 'pass/word', 'guest word', 'p#w', '%E0']) {
            assert.ok(!shown.includes(secret), `${url} shows ${secret}: ${shown}`)
          }
          return true
        })
      }
    }
  },
)
