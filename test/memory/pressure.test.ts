import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MemoryMonitor, type PressureLevel } from '../../src/memory/memory.ts'
import { type Place, pressureOf } from '../../src/memory/pressure.ts'
import { GiB, groupV2, MiB, machine, meminfo, mountV2, write } from './machine.ts'

const words: readonly PressureLevel[] = ['calm', 'tight', 'critical']
const rank = (word: PressureLevel): number => words.indexOf(word)
const word = fc.constantFrom(...words)
const limit = fc.integer({ min: 1, max: 2 ** 50 })
const share = fc.double({ min: 0, max: 1, noNaN: true })
const places = fc
  .record({ limitBytes: limit, line: share, used: fc.double({ min: 0, max: 1.2, noNaN: true }) })
  .map(({ limitBytes, line, used }): Place => {
    const [loadLineBytes, usedBytes] = [Math.floor(limitBytes * line), Math.floor(limitBytes * used)]
    return { limitBytes, loadLineBytes, usedBytes }
  })

test('with the line at 85 %: tight above it, critical from 95 %, and back only below 92.5 and 82.5 %', () => {
  const at = (percent: number, before: PressureLevel): PressureLevel =>
    pressureOf({ limitBytes: 1_000, loadLineBytes: 850, usedBytes: 10 * percent }, before)
  const walk: readonly (readonly [number, PressureLevel])[] = [
    [85, 'calm'],
    [85.1, 'tight'],
    [82.6, 'tight'],
    [94.9, 'tight'],
    [95, 'critical'],
    [92.6, 'critical'],
    [92.4, 'tight'],
    [82.6, 'tight'],
    [82.5, 'calm'],
    [85, 'calm'],
    [100, 'critical'],
    [50, 'calm'],
  ]
  let before: PressureLevel = 'calm'
  for (const [percent, expected] of walk) {
    before = at(percent, before)
    assert.equal(before, expected, `${percent} %`)
  }
})

test('a low line makes no more than the last 5 % critical, a line at the limit still the last 1 %', () => {
  const at = (loadLineBytes: number, usedBytes: number): PressureLevel =>
    pressureOf({ limitBytes: 1_000, loadLineBytes, usedBytes }, 'calm')
  assert.deepEqual([at(100, 949), at(100, 950)], ['tight', 'critical'])
  assert.deepEqual([at(1_000, 989), at(1_000, 990)], ['calm', 'critical'])
})

test('a word that was just given holds while nothing changes', () => {
  fc.assert(
    fc.property(places, word, (place, before) => {
      const given = pressureOf(place, before)
      assert.equal(pressureOf(place, given), given)
    }),
  )
})

test('more in use, or a worse word before, never gives a better word', () => {
  fc.assert(
    fc.property(places, word, word, fc.nat(2 ** 40), (place, one, other, moreBytes) => {
      const [better, worse] = rank(one) <= rank(other) ? [one, other] : [other, one]
      assert.ok(rank(pressureOf(place, better)) <= rank(pressureOf(place, worse)))
      const fuller = { ...place, usedBytes: place.usedBytes + moreBytes }
      assert.ok(rank(pressureOf(fuller, one)) >= rank(pressureOf(place, one)))
    }),
  )
})

test('use that moves less than the margin changes the word once at most', () => {
  const steps = fc.array(share, { minLength: 2, maxLength: 30 })
  fc.assert(
    fc.property(places, steps, word, (place, shares, start) => {
      const { limitBytes, loadLineBytes, usedBytes } = place
      const room = Math.max(0.01 * limitBytes, Math.min(0.05 * limitBytes, (limitBytes - loadLineBytes) / 3))
      let before = pressureOf(place, start)
      let changes = 0
      for (const part of shares) {
        const now = pressureOf({ ...place, usedBytes: usedBytes + part * room * 0.49 }, before)
        if (now !== before) changes += 1
        before = now
      }
      assert.ok(changes <= 1, `${changes} changes`)
    }),
  )
})

test('a monitor keeps the word of each place apart, gives the worst, and the room to line and limit', (t) => {
  const group = (usage: number) => groupV2('sys/fs/cgroup/job', { limit: 1_000 * MiB, usage })
  const root = machine(t, {
    ...meminfo(16 * GiB, 12 * GiB),
    'proc/self/cgroup': '0::/job\n',
    'proc/self/mountinfo': mountV2(),
    ...group(840 * MiB),
  })
  using monitor = new MemoryMonitor({ root })
  const seen = (usage: number): readonly unknown[] => {
    write(root, group(usage * MiB))
    const { level, roomBytes, limitRoomBytes, nearestLimitBytes } = monitor.read()
    return [level, roomBytes / MiB, limitRoomBytes / MiB, nearestLimitBytes / MiB]
  }
  assert.deepEqual(seen(840), ['calm', 10, 160, 1_000])
  assert.deepEqual(seen(860), ['tight', -10, 140, 1_000])
  assert.deepEqual(seen(840), ['tight', 10, 160, 1_000])
  assert.deepEqual(seen(960), ['critical', -110, 40, 1_000])
  assert.deepEqual(seen(1_010), ['critical', -160, -10, 1_000])
  assert.deepEqual(seen(10), ['calm', 840, 990, 1_000])
})

test('the room to the limit counts the limit, never the budget, and may belong to another place', (t) => {
  const root = machine(t, {
    ...meminfo(16 * GiB, 12 * GiB),
    'proc/self/cgroup': '0::/job\n',
    'proc/self/mountinfo': mountV2(),
    ...groupV2('sys/fs/cgroup/job', { limit: 3 * GiB, high: 2 * GiB, usage: GiB }),
  })
  using monitor = new MemoryMonitor({ root, budgetBytes: 4.5 * GiB })
  const { capacityBytes, roomBytes, limitRoomBytes, nearestLimitBytes } = monitor.read()
  assert.deepEqual([capacityBytes, roomBytes], [16 * GiB, 0.5 * GiB], 'the machine is nearest to the line')
  assert.deepEqual([nearestLimitBytes, limitRoomBytes], [2 * GiB, GiB], 'memory.high is nearest to its limit')
})
