import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { KernelKills } from '../../src/memory/memory.ts'
import { type Files, machine, mountV1, mountV2, write } from './machine.ts'

const vmstat = (kills: number): Files => ({ 'proc/vmstat': `oom_kill_x 7\noom_kill ${kills}\nnr_free 2\n` })
const own = 'sys/fs/cgroup/ci/job'
const onV2: Files = { 'proc/self/cgroup': '0::/ci/job\n', 'proc/self/mountinfo': mountV2() }
const events = (kills: number): Files => ({
  [`${own}/memory.events`]: `low 0\nhigh 4\nmax 9\noom 3\noom_kill ${kills}\noom_group_kill 5\n`,
})

test('v2: our own group counts the kills, and not the machine', (t) => {
  const root = machine(t, { ...vmstat(40), ...onV2, ...events(2) })
  using kills = new KernelKills(root)
  assert.deepEqual([kills.where, kills.count()], ['here', 2])
  write(root, { ...vmstat(50), ...events(3) })
  assert.equal(kills.count(), 3)
})

test('v1: our own group counts the kills', (t) => {
  const root = machine(t, {
    ...vmstat(40),
    'proc/self/cgroup': '5:memory:/job\n',
    'proc/self/mountinfo': mountV1(),
    'sys/fs/cgroup/memory/job/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 6\n',
  })
  using kills = new KernelKills(root)
  assert.deepEqual([kills.where, kills.count()], ['here', 6])
})

test('where no group counts them, all of the machine are counted, and that is said', (t) => {
  const old = 'oom_kill_disable 0\nunder_oom 0\n'
  for (const files of [
    onV2,
    {
      'proc/self/cgroup': '5:memory:/job\n',
      'proc/self/mountinfo': mountV1(),
      'sys/fs/cgroup/memory/job/memory.oom_control': old,
    },
  ]) {
    using kills = new KernelKills(machine(t, { ...vmstat(40), ...files }))
    assert.deepEqual([kills.where, kills.count()], ['machine', 40])
  }
})

test('where nothing counts them, or the counter has gone, there are none', (t) => {
  using none = new KernelKills(machine(t, {}))
  assert.deepEqual([none.where, none.count()], [null, 0])
  const root = machine(t, { ...onV2, ...events(2) })
  using kills = new KernelKills(root)
  write(root, { [`${own}/memory.events`]: 'nothing that could be understood\n' })
  assert.equal(kills.count(), 0)
  rmSync(join(root, own), { recursive: true })
  assert.equal(kills.count(), 0)
})
