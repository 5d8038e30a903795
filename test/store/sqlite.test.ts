import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { PlimsollError } from '../../src/errors.ts'
import { storeError } from '../../src/store/sqlite-errors.ts'
import { openStore, openStoreForReading } from '../../src/store/store.ts'
import { openWriter } from '../../src/store/writer.ts'
import { failureOf } from '../../src/store/writer-words.ts'
import { storeContract } from './contract.ts'
import { damageTable } from './damage.ts'

storeContract('SQLite', (stateDir) => openStore({ stateDir }))

class TemporaryDirectory implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'plimsoll-sqlite-'))
  readonly file: string = join(this.path, 'plimsoll.db');
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true })
  }
}

const hasCode = (code: string, names?: string) => (error: unknown) =>
  error instanceof PlimsollError &&
  error.code === code &&
  (names === undefined || error.message.includes(names))

const createTable = { sql: 'create table items (id bigint primary key, data blob)', parameters: [] }
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

test('the state directory and every file of the store are for their owner only', async () => {
  using directory = new TemporaryDirectory()
  const stateDir = join(directory.path, 'deep', 'state')
  await using store = await openStore({ stateDir })
  await store.write([createTable])
  await store.read('select 1')
  assert.equal(modeOf(stateDir), '700')
  const files = readdirSync(stateDir)
  assert.deepEqual(files.sort(), ['plimsoll.db', 'plimsoll.db-shm', 'plimsoll.db-wal'])
  assert.deepEqual(
    files.map((file) => modeOf(join(stateDir, file))),
    ['600', '600', '600'],
  )
})

test('a closed store is one file in WAL mode with pages of 4 KiB', async () => {
  using directory = new TemporaryDirectory()
  {
    await using store = await openStore({ stateDir: directory.path })
    await store.write([createTable])
    await store.read('select 1')
  }
  assert.deepEqual(readdirSync(directory.path), ['plimsoll.db'])
  using database = new DatabaseSync(directory.file)
  assert.equal(database.prepare('pragma journal_mode').get()?.journal_mode, 'wal')
  assert.equal(database.prepare('pragma page_size').get()?.page_size, 4_096)
})

test('many engines may open an empty directory at the same moment', async () => {
  using directory = new TemporaryDirectory()
  const stores = await Promise.all(Array.from({ length: 6 }, () => openStore({ stateDir: directory.path })))
  const [row] = (await stores[0]?.read<{ n: number }>('select count(*) as n from runs')) ?? []
  assert.equal(row?.n, 0)
  for (const store of stores) await store[Symbol.asyncDispose]()
})

test('migrations are numbered from 1 without a gap', () => {
  const folder = new URL('../../src/store/migrations/', import.meta.url)
  for (const [index, name] of readdirSync(folder).sort().entries()) {
    assert.match(name, /^\d{4}-[a-z-]+\.sql$/)
    assert.equal(Number(name.slice(0, 4)), index + 1)
  }
})

test('reading finds nothing where nothing was recorded, and writes nothing there', async () => {
  using directory = new TemporaryDirectory()
  assert.equal(await openStoreForReading({ stateDir: join(directory.path, 'none') }), null)
  assert.equal(await openStoreForReading({ stateDir: directory.path }), null)
  writeFileSync(directory.file, '')
  assert.equal(await openStoreForReading({ stateDir: directory.path }), null)
  assert.deepEqual(readdirSync(directory.path), ['plimsoll.db'])
})

test('a reader sees what another engine commits while it is open, and cannot write', async () => {
  using directory = new TemporaryDirectory()
  await using writing = await openStore({ stateDir: directory.path })
  await using reading = await openStoreForReading({ stateDir: directory.path })
  await writing.write([createTable, { sql: 'insert into items (id) values (7)', parameters: [] }])
  const rows = await reading?.read<{ id: number }>('select id from items limit 10')
  assert.equal(rows?.[0]?.id, 7)
  await assert.rejects(async () => reading?.write([createTable]), hasCode('INTERNAL'))
  await assert.rejects(
    async () => reading?.read('delete from items returning id'),
    hasCode('STATE_UNWRITABLE'),
  )
})

test('a file that is no database is refused and stays as it is', async () => {
  using directory = new TemporaryDirectory()
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.constant(Uint8Array.of(0)),
        fc.uint8Array({ minLength: 1, maxLength: 40_000, size: 'max' }),
      ),
      async (bytes) => {
        writeFileSync(directory.file, bytes)
        await assert.rejects(
          openStore({ stateDir: directory.path }),
          hasCode('STATE_CORRUPT', directory.file),
        )
        await assert.rejects(
          openStoreForReading({ stateDir: directory.path }),
          hasCode('STATE_CORRUPT', directory.file),
        )
        assert.deepEqual(new Uint8Array(readFileSync(directory.file)), bytes)
        assert.deepEqual(readdirSync(directory.path), ['plimsoll.db'])
      },
    ),
    { numRuns: 10 },
  )
})

test('damage inside the database is called damage, also when it is met late', async () => {
  using directory = new TemporaryDirectory()
  await (await openStore({ stateDir: directory.path }))[Symbol.asyncDispose]()
  damageTable(directory.file, 'runs')
  await using store = await openStore({ stateDir: directory.path })
  await assert.rejects(store.read('select * from runs'), hasCode('STATE_CORRUPT', directory.file))
  const run = { sql: 'delete from runs', parameters: [] }
  await assert.rejects(store.write([run]), hasCode('STATE_CORRUPT', directory.file))
})

test('a database of a newer version is refused and stays as it is', async () => {
  using directory = new TemporaryDirectory()
  await (await openStore({ stateDir: directory.path }))[Symbol.asyncDispose]()
  {
    using database = new DatabaseSync(directory.file)
    database.exec('pragma user_version = 99')
  }
  const before = readFileSync(directory.file)
  await assert.rejects(openStore({ stateDir: directory.path }), hasCode('STATE_TOO_NEW', '99'))
  await assert.rejects(openStoreForReading({ stateDir: directory.path }), hasCode('STATE_TOO_NEW', '99'))
  assert.deepEqual(readFileSync(directory.file), before)
})

test('a place that cannot hold the state is named', async () => {
  using directory = new TemporaryDirectory()
  const file = join(directory.path, 'file')
  writeFileSync(file, '')
  const taken = join(directory.path, 'taken')
  mkdirSync(join(taken, 'plimsoll.db'), { recursive: true })
  const places = [file, join(file, 'below'), taken, '/proc/plimsoll', join(directory.path, 'x'.repeat(300))]
  for (const stateDir of places) {
    await assert.rejects(openStore({ stateDir }), hasCode('STATE_UNWRITABLE', stateDir))
  }
  await assert.rejects(openStore({ stateDir: 'nul\0byte' }), hasCode('STATE_UNWRITABLE'))
})

test('a database that another process holds is called busy', () => {
  using directory = new TemporaryDirectory()
  using first = new DatabaseSync(directory.file)
  using second = new DatabaseSync(directory.file, { timeout: 0 })
  first.exec('begin immediate')
  try {
    second.exec('begin immediate')
    assert.fail('two transactions at once')
  } catch (error) {
    assert.ok(hasCode('STATE_BUSY', directory.file)(storeError(directory.file, failureOf(error))))
  }
})

test('when the writer thread dies, its callers and all later ones are told', async () => {
  const writer = await openWriter('some.db', new URL('./crashing-thread.ts', import.meta.url))
  const results = await Promise.allSettled(Array.from({ length: 300 }, () => writer.write([createTable])))
  for (const result of results) {
    assert.ok(result.status === 'rejected' && hasCode('STORE_FAILED', 'met a defect')(result.reason))
  }
  await assert.rejects(writer.write([createTable]), hasCode('STORE_FAILED', 'met a defect'))
  await writer[Symbol.asyncDispose]()
})

test('a thread that cannot start is an error, not a wait', async () => {
  const missing = new URL('./no-such-thread.ts', import.meta.url)
  await assert.rejects(openWriter('some.db', missing), hasCode('STORE_FAILED', 'no-such-thread'))
})

test('an open store that nobody uses lets the process end, after its writes', async () => {
  using directory = new TemporaryDirectory()
  const door = new URL('../../src/store/store.ts', import.meta.url)
  const script = `import { openStore } from ${JSON.stringify(door)}
    const store = await openStore({ stateDir: process.argv[1] })
    store.write([{ sql: 'create table left_behind (id)', parameters: [] }])`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, directory.path], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  assert.deepEqual(await once(child, 'exit'), [0, null])
  await using store = await openStore({ stateDir: directory.path })
  assert.deepEqual(await store.read('select * from left_behind'), [])
})

/** Starts the child, kills it when it has said `count` numbers and `more` turns have passed, returns the numbers. */
async function killedAfter(stateDir: string, first: number, count: number): Promise<readonly number[]> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('./writing-child.ts', import.meta.url)), stateDir, String(first)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const said: number[] = []
  const ended = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(Number(line))
    if (said.length === count) child.kill('SIGKILL')
  }
  assert.deepEqual(await ended, [null, 'SIGKILL'])
  return said
}

test('after kill -9 at any moment every acknowledged write is there, and none is there by half', async () => {
  using directory = new TemporaryDirectory()
  const acknowledged = new Set<number>()
  for (let round = 0; round < 12; round += 1) {
    const count = 1 + Math.floor(Math.random() * 400)
    for (const number of await killedAfter(directory.path, round * 1_000_000, count)) acknowledged.add(number)
    await using store = await openStore({ stateDir: directory.path })
    const rows = await store.read<{ number: number; parts: number }>(
      'select number, count(*) as parts from triples group by number limit 100000',
    )
    assert.deepEqual(
      rows.filter((row) => row.parts !== 3),
      [],
    )
    const found = new Set(rows.map((row) => row.number))
    const lost = [...acknowledged].filter((number) => !found.has(number))
    assert.deepEqual(lost, [])
  }
})

test('room of what was deleted is given back in slices while others write, and the log is emptied', async () => {
  using directory = new TemporaryDirectory()
  await using store = await openStore({ stateDir: directory.path })
  await store.write([createTable])
  const insert = (id: number) => ({
    sql: 'insert into items values (?1, ?2)',
    parameters: [id, new Uint8Array(100_000)],
  })
  for (let id = 0; id < 100; id += 1) await store.write([insert(id)], 'normal')
  await store.write([{ sql: 'delete from items', parameters: [] }])
  let slices = 0
  do {
    slices += 1
    assert.ok(slices < 100)
    await store.write([insert(1_000 + slices)])
  } while (await store.giveBack())
  assert.ok(slices > 3)
  assert.ok(statSync(directory.file).size < 3_000_000)
  assert.equal(statSync(`${directory.file}-wal`).size, 0)
})

const job = (how = ''): URL => new URL(`./beside-job.ts${how}`, import.meta.url)
const insertItem = (id: number) => ({ sql: 'insert into items values (?1, null)', parameters: [id] })

test('jobs beside the database come one after the other, and others write meanwhile', async () => {
  using directory = new TemporaryDirectory()
  await using store = await openStore({ stateDir: directory.path })
  await store.write([createTable, insertItem(0)])
  const jobs = [store.beside?.(job()), store.beside?.(job()), store.beside?.(job())]
  for (let id = 1; id <= 50; id += 1) await store.write([insertItem(id)], 'normal')
  const counts = await Promise.all(jobs)
  assert.equal(counts.length, 3)
  assert.ok(counts.every((count) => typeof count === 'number' && count > 0))
  const rows = await store.read<{ id: number; data: Uint8Array | null }>('select id, data from items')
  assert.equal(rows.length, 51)
  assert.deepEqual([...(rows.find(({ id }) => id === 0)?.data ?? [])], [7])
})

test('what fails in a job beside the database comes back with its code, and the next one is done', async () => {
  using directory = new TemporaryDirectory()
  await using store = await openStore({ stateDir: directory.path })
  await store.write([createTable, insertItem(0)])
  await assert.rejects(async () => await store.beside?.(job('?conflict')), hasCode('STORE_CONFLICT'))
  await assert.rejects(
    async () => await store.beside?.(job('?throws')),
    hasCode('STORE_FAILED', 'no job today'),
  )
  assert.equal(await store.beside?.(job()), 1)
})

test('a store that is closed has done the jobs that it was asked for', async () => {
  using directory = new TemporaryDirectory()
  const store = await openStore({ stateDir: directory.path })
  await store.write([createTable, insertItem(0)])
  const done = store.beside?.(job())
  await store[Symbol.asyncDispose]()
  assert.equal(await done, 1)
})
