/** What the gauge does with files that are wrong, cannot be read, or go away while it reads them. */
import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { MemoryMonitor, type MemoryReading } from '../../src/memory/memory.ts'
import { GiB, groupV1, groupV2, MiB, machine, meminfo, mountV1, mountV2, write } from './machine.ts'

const names = [
  ...Object.keys(groupV2('sys/fs/cgroup', { usage: 1 })),
  ...Object.keys(groupV2('sys/fs/cgroup/a', { usage: 1 })),
  ...Object.keys(groupV1('sys/fs/cgroup/memory', { usage: 1 })),
  'proc/meminfo',
  'proc/zoneinfo',
]

function assertSound(reading: MemoryReading): void {
  const { capacityBytes, usedBytes, loadLineBytes, roomBytes, limitRoomBytes, nearestLimitBytes } = reading
  for (const bytes of [capacityBytes, usedBytes, loadLineBytes, nearestLimitBytes])
    assert.ok(Number.isSafeInteger(bytes) && bytes >= 0, `${bytes}`)
  for (const bytes of [roomBytes, limitRoomBytes]) assert.ok(Number.isSafeInteger(bytes), `${bytes}`)
  assert.equal(roomBytes, loadLineBytes - usedBytes)
  assert.ok(limitRoomBytes >= roomBytes && loadLineBytes <= capacityBytes)
  assert.match(reading.level, /^(?:calm|tight|critical)$/)
  assert.ok(reading.limits.length > 0)
  for (const { limitBytes, usedBytes: used } of reading.limits)
    for (const bytes of [limitBytes ?? 0, used]) assert.ok(Number.isSafeInteger(bytes) && bytes >= 0)
}

/** A number, a huge one, a negative one, words around one: what is nearly right is the hardest. */
const number = fc.oneof(
  fc.bigInt({ min: -1n, max: 2n ** 70n }).map(String),
  fc.constantFrom('', 'max', '-1', '1e9', '0x10', 'NaN', '9'.repeat(400), '9007199254740993', '0'),
)
const nearlyRight = fc.oneof(
  number.map((text) => `${text}\n`),
  fc.tuple(number, number).map(([one, two]) => `inactive_file ${one}\ntotal_inactive_file ${two}\n`),
  number.map((text) => `hierarchical_memory_limit ${text}\n`),
  fc.tuple(number, number).map(([one, two]) => `MemTotal:    ${one} kB\nMemAvailable:   ${two} kB\n`),
)
/** Null: the file is missing. */
const content = fc.oneof(
  nearlyRight.map((text) => Buffer.from(text, 'latin1')),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.constant(Buffer.alloc(20_000, '9')),
  fc.constant(null),
)
/** Mostly right, so that the files of the groups are found at all. */
const mostly = (...texts: readonly string[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...texts).map((text) => Buffer.from(text)) }, content)
const tree = fc.record({
  ...Object.fromEntries(names.map((name) => [name, content])),
  'proc/self/cgroup': mostly('0::/\n', '0::/a\n', '0::/a/../b\n', '4:memory:/\n', '4:memory:/a\n0::/a\n'),
  'proc/self/mountinfo': mostly(mountV1(), mountV2(), mountV1() + mountV2(), mountV2('/a')),
})

test('whatever bytes stand in the files, now and at the next reading, no reading throws and all numbers stay sound', (t) => {
  const root = machine(t, {})
  const lay = (files: Readonly<Record<string, Uint8Array | null>>): void => {
    for (const [name, bytes] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true })
      if (bytes === null) rmSync(join(root, name), { force: true })
      else writeFileSync(join(root, name), bytes)
    }
  }
  fc.assert(
    fc.property(tree, tree, (first, second) => {
      lay(first)
      using monitor = new MemoryMonitor({ root, budgetBytes: GiB })
      assertSound(monitor.read())
      lay(second)
      assertSound(monitor.read())
    }),
    { numRuns: 300 },
  )
})

test('a file that cannot be read costs its own level only, and is named', (t) => {
  const root = machine(t, {
    ...meminfo(16 * GiB, 12 * GiB),
    'proc/self/cgroup': '0::/a/b\n',
    'proc/self/mountinfo': mountV2(),
    ...groupV2('sys/fs/cgroup/a', { limit: GiB, usage: MiB }),
    ...groupV2('sys/fs/cgroup/a/b', { limit: 2 * MiB, usage: MiB }),
  })
  using monitor = new MemoryMonitor({ root })
  assert.equal(monitor.read().capacityBytes, 2 * MiB)
  // A directory can be opened and not be read: as a file that answers EIO.
  const usage = join(root, 'sys/fs/cgroup/a/b/memory.current')
  rmSync(usage)
  mkdirSync(usage)
  write(root, { 'proc/self/cgroup': '0::/a/b \n' })
  renameSync(join(root, 'sys/fs/cgroup/a/b'), join(root, 'sys/fs/cgroup/a/b '))
  const reading = monitor.read()
  assert.equal(reading.capacityBytes, GiB)
  assert.deepEqual(reading.missing, ['/sys/fs/cgroup/a/b  cannot be read'])
  rmSync(join(root, 'sys/fs/cgroup/a/b '), { recursive: true })
  write(root, groupV2('sys/fs/cgroup/a/b ', { limit: 3 * MiB, usage: MiB }))
  assert.equal(monitor.read().capacityBytes, 3 * MiB, 'it is looked for again')
})

test('the memory of the machine that turns unreadable is asked of Node.js, and the groups still count', (t) => {
  const root = machine(t, {
    ...meminfo(16 * GiB, 12 * GiB),
    'proc/self/cgroup': '0::/a\n',
    'proc/self/mountinfo': mountV2(),
    ...groupV2('sys/fs/cgroup/a', { limit: 4 * MiB, usage: MiB }),
  })
  using monitor = new MemoryMonitor({ root })
  write(root, { 'proc/meminfo': 'MemTotal: lots\n' })
  const reading = monitor.read()
  assert.equal(reading.capacityBytes, 4 * MiB)
  assert.match(reading.missing.join(), /without \/proc\/meminfo/)
})
