import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryMonitor } from '../../src/memory/memory.ts'
import { GiB, MiB, machine, meminfo, zoneinfo } from './machine.ts'

const pages = (bytes: number): number => bytes / 4096
const host = meminfo(16 * GiB, 12 * GiB)
const usedOf = (root: string): number => {
  using monitor = new MemoryMonitor({ root })
  return monitor.read().usedBytes
}

test('free memory in the lists of the processors is not counted as used', (t) => {
  const lists = zoneinfo([
    { managed: pages(3 * GiB), counts: [pages(64 * MiB), 0] },
    { managed: pages(13 * GiB), counts: [pages(GiB), pages(192 * MiB)] },
  ])
  assert.equal(usedOf(machine(t, { ...host, ...lists })), 4 * GiB - 1280 * MiB)
})

test('pages may be of any size: the lists are a share of all memory', (t) => {
  const lists = zoneinfo([{ managed: (16 * GiB) / 65_536, counts: [GiB / 65_536] }])
  assert.equal(usedOf(machine(t, { ...host, ...lists })), 3 * GiB)
})

test('a kernel that tells nothing of its lists, nonsense, and a text beyond the bound change nothing', (t) => {
  const many = zoneinfo([{ managed: pages(16 * GiB), counts: Array.from({ length: 2_000 }, () => 500) }])
  for (const lists of [
    {},
    { 'proc/zoneinfo': '' },
    { 'proc/zoneinfo': 'managed count:' },
    zoneinfo([]),
    many,
  ])
    assert.equal(usedOf(machine(t, { ...host, ...lists })), 4 * GiB)
})

test('lists that hold more than is left never make the use negative', (t) => {
  const lists = zoneinfo([{ managed: pages(16 * GiB), counts: [pages(15 * GiB), pages(15 * GiB)] }])
  assert.equal(usedOf(machine(t, { ...host, ...lists })), 0)
})
