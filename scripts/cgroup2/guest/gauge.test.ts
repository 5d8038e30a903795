import assert from 'node:assert/strict'
import { totalmem } from 'node:os'
import { test } from 'node:test'
import { plimsollInside } from './command.ts'
import { Group, MiB } from './groups.ts'
import { Visitor } from './visitor.ts'

const inMiB = (bytes: number): number => Math.round(bytes / MiB)

test('a limit on the parent binds; what Node.js itself says is told', async (t) => {
  using outer = new Group('outer', { 'memory.max': 200 * MiB })
  using inner = outer.below('inner')
  await using visitor = new Visitor(inner)
  const { reading, constrainedBytes, availableBytes } = await visitor.ask()
  t.diagnostic(
    `capacity ${inMiB(reading.capacityBytes)} MiB, used ${inMiB(reading.usedBytes)}; ` +
      `process.constrainedMemory() ${inMiB(constrainedBytes)} MiB, availableMemory() ${inMiB(availableBytes)} MiB`,
  )
  assert.equal(reading.capacityBytes, 200 * MiB)
  assert.equal(reading.loadLineBytes, 170 * MiB)
  assert.equal(reading.limitRoomBytes, 200 * MiB - reading.usedBytes)
  assert.deepEqual(
    reading.limits.map(({ source, limitBytes }) => [source, limitBytes === null ? null : inMiB(limitBytes)]),
    [
      ['/proc/meminfo', inMiB(totalmem())],
      ['/sys/fs/cgroup/outer/inner', null],
      ['/sys/fs/cgroup/outer', 200],
    ],
  )
  assert.deepEqual(reading.missing, [])
})

test('what is used is the working set: a file that was read through the cache does not count, memory does', async (t) => {
  using group = new Group('cache', { 'memory.max': 400 * MiB })
  await using visitor = new Visitor(group)
  const before = await visitor.ask()
  const cached = await visitor.ask({ readDisk: 150 })
  const currentBytes = group.number('memory.current')
  const taken = await visitor.ask({ take: 60 })
  const grown = (answer: typeof before): number => inMiB(answer.reading.usedBytes - before.reading.usedBytes)
  t.diagnostic(
    `after 150 MiB of file: memory.current ${inMiB(currentBytes)} MiB, used grew by ${grown(cached)} MiB; ` +
      `after 60 MiB of memory: by ${grown(taken)} MiB`,
  )
  assert.ok(currentBytes > 150 * MiB, 'the kernel counts the cache')
  assert.ok(grown(cached) < 20)
  assert.ok(grown(taken) >= 55 && grown(taken) < 90)
})

test('memory.high counts as the limit when it is lower, and a limit that changes is seen', async () => {
  using group = new Group('high', { 'memory.max': 300 * MiB, 'memory.high': 250 * MiB })
  await using visitor = new Visitor(group)
  const capacities: number[] = []
  const note = async (): Promise<void> =>
    void capacities.push(inMiB((await visitor.ask()).reading.capacityBytes))
  await note()
  group.set('memory.high', 'max')
  await note()
  group.set('memory.max', 220 * MiB)
  await note()
  assert.deepEqual(capacities, [250, 300, 220])
})

test('the word goes from calm to tight to critical before the kernel kills, and back', async (t) => {
  using group = new Group('words', { 'memory.max': 250 * MiB })
  await using visitor = new Visitor(group)
  const seen: string[] = []
  let answer = await visitor.ask()
  for (let step = 0; step < 60 && answer.reading.level !== 'critical'; step += 1) {
    if (seen.at(-1) !== answer.reading.level) seen.push(answer.reading.level)
    answer = await visitor.ask({ take: 5 })
  }
  seen.push(answer.reading.level)
  assert.equal(answer.pressure, true)
  t.diagnostic(`critical with ${inMiB(answer.reading.limitRoomBytes)} MiB to the limit`)
  // Node.js gives back in its own time, so it is asked until it has.
  for (let round = 0; round < 50 && answer.reading.level !== 'calm'; round += 1)
    answer = await visitor.ask({ drop: true })
  seen.push(answer.reading.level)
  assert.deepEqual(seen, ['calm', 'tight', 'critical', 'calm'])
  assert.equal(answer.pressure, false)
  assert.equal(group.number('memory.events', 'oom_kill'), 0)
})

test('a process that is moved is read in its new group', async () => {
  using one = new Group('one', { 'memory.max': 300 * MiB })
  using two = new Group('two', { 'memory.max': 280 * MiB })
  await using visitor = new Visitor(one)
  assert.equal((await visitor.ask()).reading.capacityBytes, 300 * MiB)
  visitor.move(two)
  assert.equal((await visitor.ask()).reading.capacityBytes, 280 * MiB)
})

test('stalls are told for the machine and for the group', async (t) => {
  using group = new Group('stalls')
  await using visitor = new Visitor(group)
  const { stalls } = await visitor.ask()
  assert.ok(stalls.machine !== null && stalls.group !== null)
  t.diagnostic(`machine ${stalls.machine.some.totalMs} ms, group ${stalls.group.some.totalMs} ms`)
})

test('plimsoll memory shows the group and its limit', async () => {
  using group = new Group('shown', { 'memory.max': 300 * MiB })
  const { stdout } = await plimsollInside(group, ['memory'])
  assert.match(stdout, /^capacity +300 MiB$/m)
  assert.match(stdout, / used of 300 MiB {2}\/sys\/fs\/cgroup\/shown$/m)
  assert.match(stdout, /enforced by: hard/)
})

test('in a container its own limit is seen at the top, what is above is said to be unseen, and nothing is promised', async (t) => {
  using above = new Group('above', { 'memory.max': 500 * MiB })
  using group = above.below('container', { 'memory.max': 300 * MiB })
  const { stdout } = await plimsollInside(group, ['memory', '--json'], { where: 'container' })
  const { capacityBytes, limits, missing, enforcement, stalls } = JSON.parse(stdout)
  t.diagnostic(`${enforcement.level}: ${enforcement.because}; missing: ${missing.join('; ')}`)
  assert.equal(capacityBytes, 300 * MiB)
  assert.deepEqual(
    limits.map(({ source }: { source: string }) => source),
    ['/proc/meminfo', '/sys/fs/cgroup'],
  )
  assert.match(missing.join(), /above \/sys\/fs\/cgroup cannot be seen/)
  assert.equal(enforcement.level, 'watchdog')
  assert.ok(stalls.group !== null)
})
