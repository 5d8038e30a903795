import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PlimsollError } from '../../src/errors.ts'
import { openStore, openStoreForReading } from '../../src/store/store.ts'
import { SmallDisk, whyNoDisk } from './small-disk.ts'

const hasCode = (code: string, names: string) => (error: unknown) =>
  error instanceof PlimsollError && error.code === code && error.message.includes(names)

const options = { skip: whyNoDisk() }

test(
  'a full disk is named, what was acknowledged stays, and writing goes on when there is room',
  options,
  async () => {
    using disk = new SmallDisk('4m')
    const ballast = join(disk.path, 'ballast')
    writeFileSync(ballast, Buffer.alloc(1024 ** 2))
    await using store = await openStore({ stateDir: join(disk.path, 'state') })
    await store.write([{ sql: 'create table items (id bigint primary key, data text)', parameters: [] }])
    const insert = (id: number) => ({
      sql: 'insert into items values (?1, ?2)',
      parameters: [id, 'x'.repeat(50_000)],
    })
    let acknowledged = 0
    const fill = async (): Promise<void> => {
      while (acknowledged < 200) {
        await Promise.all([store.write([insert(acknowledged)])])
        acknowledged += 1
      }
    }
    await assert.rejects(fill(), hasCode('STATE_FULL', disk.path))
    const together = await Promise.allSettled([1_000, 1_001].map((id) => store.write([insert(id)])))
    assert.ok(
      together.every((one) => one.status === 'rejected' && hasCode('STATE_FULL', disk.path)(one.reason)),
    )
    rmSync(ballast)
    await store.write([insert(2_000)])
    const rows = await store.read<{ n: number }>('select count(*) as n from items')
    assert.equal(rows[0]?.n, acknowledged + 1)
  },
)

test('a disk that is full from the start is named', options, async () => {
  using disk = new SmallDisk('1m')
  writeFileSync(join(disk.path, 'ballast'), Buffer.alloc(1024 ** 2 - 8_192))
  const stateDir = join(disk.path, 'state')
  await assert.rejects(openStore({ stateDir }), hasCode('STATE_FULL', stateDir))
})

test('a read-only disk cannot be opened for writing and can be read', options, async () => {
  using disk = new SmallDisk('4m')
  {
    await using store = await openStore({ stateDir: disk.path })
    await store.write([{ sql: 'create table items (id bigint)', parameters: [] }])
  }
  disk.makeReadOnly()
  await assert.rejects(openStore({ stateDir: disk.path }), hasCode('STATE_UNWRITABLE', disk.path))
  await assert.rejects(
    openStore({ stateDir: join(disk.path, 'new') }),
    hasCode('STATE_UNWRITABLE', disk.path),
  )
  await using reading = await openStoreForReading({ stateDir: disk.path })
  assert.deepEqual(await reading?.read('select id from items'), [])
})
