import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupVersionHere } from '../../src/memory/memory.ts'
import { type Files, groupV1, groupV2, machine, mountV1, mountV2 } from './machine.ts'

const job = { usage: 4096 }
const groupsOfV1 = groupV1('sys/fs/cgroup/memory/job', job)
const groupsOfV2 = groupV2('sys/fs/cgroup/job', job)
const proc = (groups: string, mounts: string): Files => ({
  'proc/self/cgroup': groups,
  'proc/self/mountinfo': mounts,
})

const machines: readonly (readonly [which: string, files: Files, expected: 'v1' | 'v2' | null])[] = [
  ['with a group of v1', { ...groupsOfV1, ...proc('4:memory:/job\n', mountV1()) }, 'v1'],
  ['with a group of v2', { ...groupsOfV2, ...proc('0::/job\n', mountV2()) }, 'v2'],
  [
    'at the root of v2, which has no limit of its own',
    { 'sys/fs/cgroup/cgroup.controllers': 'cpu memory pids\n', ...proc('0::/\n', mountV2()) },
    'v2',
  ],
  [
    'with v2 for everything but memory',
    { 'sys/fs/cgroup/cgroup.controllers': 'hugetlb\n', ...proc('0::/\n', mountV2()) },
    null,
  ],
  ['without /proc, though groups of v1 are mounted', groupsOfV1, null],
  [
    'without /proc, though groups of v2 are mounted',
    { ...groupsOfV2, 'sys/fs/cgroup/cgroup.controllers': 'memory\n' },
    null,
  ],
  ['whose groups are not mounted', proc('4:memory:/job\n0::/job\n', mountV1()), null],
  ['with nothing at all', {}, null],
]

for (const [which, files, expected] of machines) {
  test(`a machine ${which}: the groups that tell limits of memory are ${expected ?? 'not seen'}`, (t) => {
    assert.equal(groupVersionHere(machine(t, files)), expected)
  })
}
