import assert from 'node:assert/strict'
import { renameSync, rmSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PlimsollError } from '../../src/errors.ts'
import { checkMemoryPressure, MemoryMonitor, type MemoryReading } from '../../src/memory/memory.ts'
import { GiB, groupV1, groupV2, MiB, machine, meminfo, mountV1, mountV2, write } from './machine.ts'

const host = meminfo(16 * GiB, 12 * GiB)
const sum = ({ capacityBytes, usedBytes, loadLineBytes }: MemoryReading): readonly number[] => [
  capacityBytes,
  usedBytes,
  loadLineBytes,
]
const line = (bytes: number): number => Math.floor(bytes * 0.85)

test('bare v2: the machine is the limit, the root group has no files', (t) => {
  const root = machine(t, {
    ...host,
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': mountV2(),
    'sys/fs/cgroup/cgroup.procs': '1\n',
  })
  using monitor = new MemoryMonitor({ root })
  const reading = monitor.read()
  assert.deepEqual(sum(reading), [16 * GiB, 4 * GiB, line(16 * GiB)])
  assert.deepEqual(
    reading.limits.map((level) => level.source),
    ['/proc/meminfo'],
  )
  assert.deepEqual(reading.missing, [])
})

test('who listens is asked before each reading and gets it, until it is given back', (t) => {
  const root = machine(t, host)
  using monitor = new MemoryMonitor({ root })
  const heard: MemoryReading[] = []
  let asked = 0
  const listening = monitor.listen(() => {
    asked += 1
    write(root, meminfo(16 * GiB, asked * GiB))
    return (reading) => heard.push(reading)
  })
  const readings = [monitor.read(), monitor.read()]
  listening[Symbol.dispose]()
  monitor.read()
  assert.deepEqual(heard, readings)
  assert.deepEqual(
    heard.map(({ usedBytes }) => usedBytes / GiB),
    [15, 14],
  )
})

test('v2, nested: the limit and the usage of a parent bind, without its inactive file cache', (t) => {
  const slice = 'sys/fs/cgroup/ci.slice'
  const root = machine(t, {
    ...host,
    'proc/self/cgroup': '0::/ci.slice/job 7.scope/inner\n',
    'proc/self/mountinfo': mountV2(),
    'sys/fs/cgroup/cgroup.procs': '1\n',
    ...groupV2(slice, { limit: 2 * GiB, usage: 1500 * MiB, cache: 500 * MiB }),
    ...groupV2(`${slice}/job 7.scope`, { usage: 300 * MiB }),
    ...groupV2(`${slice}/job 7.scope/inner`, { limit: 3 * GiB, usage: 200 * MiB }),
  })
  using monitor = new MemoryMonitor({ root })
  const reading = monitor.read()
  assert.deepEqual(sum(reading), [2 * GiB, 1000 * MiB, line(2 * GiB)])
  assert.deepEqual(reading.limits.slice(1), [
    { source: '/sys/fs/cgroup/ci.slice/job 7.scope/inner', limitBytes: 3 * GiB, usedBytes: 200 * MiB },
    { source: '/sys/fs/cgroup/ci.slice/job 7.scope', limitBytes: null, usedBytes: 300 * MiB },
    { source: '/sys/fs/cgroup/ci.slice', limitBytes: 2 * GiB, usedBytes: 1000 * MiB },
  ])
})

test('v2: memory.high counts as a limit when it is lower than memory.max', (t) => {
  const root = machine(t, {
    ...host,
    'proc/self/cgroup': '0::/job\n',
    'proc/self/mountinfo': mountV2(),
    ...groupV2('sys/fs/cgroup/job', { limit: 2 * GiB, high: GiB, usage: 10 * MiB }),
  })
  using monitor = new MemoryMonitor({ root })
  assert.deepEqual(sum(monitor.read()), [GiB, 10 * MiB, line(GiB)])
})

test('the level with the least room is reported, even when another has the lower limit', (t) => {
  const root = machine(t, {
    ...host,
    'proc/self/cgroup': '0::/pod/box\n',
    'proc/self/mountinfo': mountV2(),
    ...groupV2('sys/fs/cgroup/pod', { limit: 4 * GiB, usage: 3 * GiB }),
    ...groupV2('sys/fs/cgroup/pod/box', { limit: 2 * GiB, usage: 100 * MiB }),
  })
  using monitor = new MemoryMonitor({ root })
  assert.deepEqual(sum(monitor.read()), [4 * GiB, 3 * GiB, line(4 * GiB)])
})

test('v1: limits of all visible groups, usage without total_inactive_file', (t) => {
  const root = machine(t, {
    ...host,
    'proc/self/cgroup': '9:name=systemd:/x\n4:memory:/build/job\n0::/\n',
    'proc/self/mountinfo': mountV1(),
    ...groupV1('sys/fs/cgroup/memory', { usage: 3 * GiB }),
    ...groupV1('sys/fs/cgroup/memory/build', { limit: GiB, usage: 700 * MiB, cache: 200 * MiB }),
    ...groupV1('sys/fs/cgroup/memory/build/job', { usage: 90 * MiB, fromAbove: GiB }),
  })
  using monitor = new MemoryMonitor({ root })
  const reading = monitor.read()
  assert.deepEqual(sum(reading), [GiB, 500 * MiB, line(GiB)])
  assert.equal(reading.limits.at(-1)?.limitBytes, null, 'the huge number of v1 means no limit')
})

test('v1: a limit above what a container shows is known from hierarchical_memory_limit, and said', (t) => {
  const root = machine(t, {
    ...host,
    'proc/self/cgroup': '4:cpu,memory:/docker/abc\n',
    'proc/self/mountinfo': mountV1('/docker/abc'),
    ...groupV1('sys/fs/cgroup/memory', { usage: 100 * MiB, fromAbove: 512 * MiB }),
  })
  using monitor = new MemoryMonitor({ root })
  const reading = monitor.read()
  assert.deepEqual(sum(reading), [512 * MiB, 100 * MiB, line(512 * MiB)])
  assert.match(reading.missing.join(), /a control group above .* limits memory to 536870912 bytes/)
})

test('hybrid: the memory controller of v1 is found beside an empty v2 hierarchy', (t) => {
  const root = machine(t, {
    ...host,
    'proc/self/cgroup': '4:memory:/job\n0::/job\n',
    'proc/self/mountinfo': mountV1() + mountV2('/', '/sys/fs/cgroup/unified'),
    ...groupV1('sys/fs/cgroup/memory/job', { limit: GiB, usage: 64 * MiB }),
    'sys/fs/cgroup/unified/job/cgroup.procs': '1\n',
  })
  using monitor = new MemoryMonitor({ root })
  assert.deepEqual(sum(monitor.read()), [GiB, 64 * MiB, line(GiB)])
})

test('unlimited groups never bind', (t) => {
  const root = machine(t, {
    ...host,
    'proc/self/cgroup': '0::/user.slice\n',
    'proc/self/mountinfo': mountV2(),
    ...groupV2('sys/fs/cgroup/user.slice', { usage: 15 * GiB }),
  })
  using monitor = new MemoryMonitor({ root })
  assert.deepEqual(sum(monitor.read()), [16 * GiB, 4 * GiB, line(16 * GiB)])
})

test('Docker, v2: inside its namespace the container sits at the top of the mount; what is above is said to be unseen', (t) => {
  const root = machine(t, {
    ...host,
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': mountV2().replace('rw,nosuid', 'ro,nosuid,nodev,noexec,relatime'),
    ...groupV2('sys/fs/cgroup', { limit: 512 * MiB, usage: 200 * MiB, cache: 50 * MiB }),
  })
  using monitor = new MemoryMonitor({ root })
  const reading = monitor.read()
  assert.deepEqual(sum(reading), [512 * MiB, 150 * MiB, line(512 * MiB)])
  assert.match(reading.missing.join(), /above \/sys\/fs\/cgroup cannot be seen/)
})

test('a group outside of the namespace, and a mount point with a space, are read as far as they can be seen', (t) => {
  const root = machine(t, {
    ...host,
    'proc/self/cgroup': '0::/../../other\n',
    'proc/self/mountinfo': mountV2('/', '/sys/fs/my\\040groups'),
    ...groupV2('sys/fs/my groups', { limit: GiB, usage: 1 * MiB }),
  })
  using monitor = new MemoryMonitor({ root })
  assert.equal(monitor.read().capacityBytes, GiB)
})

test('without /proc Node.js itself is asked, and what is missing is said', (t) => {
  using monitor = new MemoryMonitor({ root: machine(t, {}) })
  const reading = monitor.read()
  assert.ok(reading.capacityBytes > 0 && reading.capacityBytes <= totalmem())
  assert.ok(reading.usedBytes > 0)
  assert.match(reading.missing.join(), /without \/proc\/meminfo/)
})

test('a level that cannot be understood is named, the others still count', (t) => {
  const root = machine(t, {
    ...host,
    'proc/self/cgroup': '0::/a/b\n',
    'proc/self/mountinfo': mountV2(),
    ...groupV2('sys/fs/cgroup/a', { limit: GiB, usage: MiB }),
    ...groupV2('sys/fs/cgroup/a/b', { limit: MiB, usage: MiB }),
    'sys/fs/cgroup/a/b/memory.current': 'what?\n',
  })
  using monitor = new MemoryMonitor({ root })
  const reading = monitor.read()
  assert.equal(reading.capacityBytes, GiB)
  assert.deepEqual(reading.missing, ['/sys/fs/cgroup/a/b cannot be understood'])
})

test('a later reading sees new usage, a new limit, and the move to another group', (t) => {
  const root = machine(t, {
    ...host,
    'proc/self/cgroup': '0::/a\n',
    'proc/self/mountinfo': mountV2(),
    ...groupV2('sys/fs/cgroup/a', { limit: GiB, usage: MiB }),
    ...groupV2('sys/fs/cgroup/b', { limit: 2 * MiB, usage: MiB }),
  })
  using monitor = new MemoryMonitor({ root })
  assert.deepEqual(sum(monitor.read()), [GiB, MiB, line(GiB)])
  write(root, groupV2('sys/fs/cgroup/a', { limit: GiB / 2, usage: 7 * MiB }))
  assert.deepEqual(sum(monitor.read()), [GiB / 2, 7 * MiB, line(GiB / 2)])
  write(root, { 'proc/self/cgroup': '0::/b\n' })
  assert.equal(monitor.read().capacityBytes, 2 * MiB)
  rmSync(join(root, 'sys/fs/cgroup/b'), { recursive: true })
  renameSync(join(root, 'sys/fs/cgroup/a'), join(root, 'sys/fs/cgroup/c'))
  write(root, { 'proc/self/cgroup': '0::/c\n' })
  assert.equal(monitor.read().capacityBytes, GiB / 2)
})

test('a budget is the load line, but never above the capacity', (t) => {
  const root = machine(t, host)
  using small = new MemoryMonitor({ root, budgetBytes: 2 * GiB })
  assert.equal(small.read().loadLineBytes, 2 * GiB)
  using large = new MemoryMonitor({ root, budgetBytes: 99 * GiB })
  assert.equal(large.read().loadLineBytes, 16 * GiB)
})

test('pressure is more in use than the line allows', (t) => {
  const root = machine(t, host)
  using high = new MemoryMonitor({ root, threshold: 0.26 })
  using low = new MemoryMonitor({ root, threshold: 0.24 })
  assert.equal(checkMemoryPressure(high), false)
  assert.equal(checkMemoryPressure(low), true)
  assert.equal(typeof checkMemoryPressure(), 'boolean')
})

test('a threshold or budget that makes no sense is refused', () => {
  for (const options of [
    { threshold: 0 },
    { threshold: 85 },
    { threshold: Number.NaN },
    { budgetBytes: 0 },
  ]) {
    assert.throws(
      () => new MemoryMonitor(options),
      (error) => error instanceof PlimsollError,
    )
  }
})

test('this machine can be read', () => {
  using monitor = new MemoryMonitor()
  const reading = monitor.read()
  assert.ok(reading.capacityBytes > 0 && reading.capacityBytes <= totalmem())
  assert.ok(reading.usedBytes > 0 && reading.loadLineBytes < reading.capacityBytes)
})
