import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { MemoryMonitor } from '../../src/memory/memory.ts'
import { groupV1, groupV2, machine, mountV1, mountV2, write } from './machine.ts'

const told = (some: string, full: string): string =>
  `some avg10=${some} avg60=1.25 avg300=0.50 total=123456\nfull avg10=${full} avg60=0.00 avg300=0.00 total=7\n`

test('v2: the stalls of the machine and of our own group, in percent and milliseconds', (t) => {
  const root = machine(t, {
    'proc/self/cgroup': '0::/a/b\n',
    'proc/self/mountinfo': mountV2(),
    'proc/pressure/memory': told('12.34', '3.00'),
    ...groupV2('sys/fs/cgroup/a/b', { usage: 1 }),
    'sys/fs/cgroup/a/b/memory.pressure': told('100.00', '99.99'),
    'sys/fs/cgroup/a/b/cgroup.events': 'populated 1\nfrozen 0\n',
    'sys/fs/cgroup/a/memory.pressure': told('1.00', '1.00'),
  })
  using monitor = new MemoryMonitor({ root })
  const { machine: whole, group } = monitor.stalls()
  assert.deepEqual(whole?.some, { last10s: 12.34, last60s: 1.25, last300s: 0.5, totalMs: 123.456 })
  assert.deepEqual(whole?.full, { last10s: 3, last60s: 0, last300s: 0, totalMs: 0.007 })
  assert.deepEqual([group?.some.last10s, group?.full.last10s], [100, 99.99])
})

test('the root group is the machine, not a group of its own', (t) => {
  const root = machine(t, {
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': mountV2(),
    'sys/fs/cgroup/memory.pressure': told('1.00', '1.00'),
  })
  using monitor = new MemoryMonitor({ root })
  assert.equal(monitor.stalls().group, null)
})

test('v1 tells no stalls of a group', (t) => {
  const root = machine(t, {
    'proc/self/cgroup': '4:memory:/job\n',
    'proc/self/mountinfo': mountV1(),
    'proc/pressure/memory': told('0.00', '0.00'),
    ...groupV1('sys/fs/cgroup/memory/job', { usage: 1 }),
  })
  using monitor = new MemoryMonitor({ root })
  assert.equal(monitor.stalls().machine?.some.last10s, 0)
  assert.equal(monitor.stalls().group, null)
})

test('what is absent or cannot be understood is null, whatever stands there', (t) => {
  const root = machine(t, {
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': mountV2(),
    'sys/fs/cgroup/cgroup.events': '',
  })
  using monitor = new MemoryMonitor({ root })
  assert.deepEqual(monitor.stalls(), { machine: null, group: null })
  const half = told('1.00', '2.00').split('\n')[0] ?? ''
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom(half, told('1e3', '0.0'), told('-1.00', '0.00'), told('1', '2')),
  )
  fc.assert(
    fc.property(text, text, (one, other) => {
      write(root, { 'proc/pressure/memory': one, 'sys/fs/cgroup/memory.pressure': other })
      assert.deepEqual(monitor.stalls(), { machine: null, group: null })
    }),
    { numRuns: 50 },
  )
})

test('the kernel of this machine is understood where it tells stalls', (t) => {
  let text: string
  try {
    text = readFileSync('/proc/pressure/memory', 'latin1')
  } catch {
    return t.skip('this kernel does not tell them')
  }
  using monitor = new MemoryMonitor()
  assert.ok(monitor.stalls().machine !== null, text)
})
