import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { findPlace } from '../../src/memory/group-place.ts'
import { enforcementHere, type TaskGroup, TaskGroups, TreeWatcher } from '../../src/memory/memory.ts'
import { scopeWords } from '../../src/memory/scope-words.ts'
import { findScopePlace } from '../../src/memory/systemd-scope.ts'
import { TaskScope } from '../../src/memory/task-scope.ts'
import { type Files, MiB, machine, mountV1, mountV2 } from './machine.ts'

const own = `${process.pid}\n`

/** A machine with one hierarchy, in which this process is in `group`. */
function withV2(test: TestContext, group: string, files: Files): string {
  const here = `sys/fs/cgroup${group === '/' ? '' : group}`
  return machine(test, {
    'proc/self/cgroup': `0::${group}\n`,
    'proc/self/mountinfo': mountV2(),
    'sys/fs/cgroup/cgroup.controllers': 'cpu memory pids\n',
    'sys/fs/cgroup/cgroup.procs': '1\n',
    [`${here}/cgroup.procs`]: own,
    ...files,
  })
}

/** What every group but the real root has. */
const group = (directory: string, files: Readonly<Record<string, string>> = {}): Files =>
  Object.fromEntries(
    Object.entries({
      'cgroup.type': 'domain\n',
      'cgroup.controllers': 'cpu memory pids\n',
      'cgroup.subtree_control': '\n',
      'cgroup.procs': '',
      'memory.max': 'max\n',
      'memory.high': 'max\n',
      'cpu.max': 'max 100000\n',
      'cpuset.cpus': '\n',
      ...files,
    }).map(([name, text]) => [`sys/fs/cgroup/${directory}/${name}`, text]),
  )

test('v2: a group of ours alone is divided after we have left it', (t) => {
  const root = withV2(t, '/box', group('box', { 'cgroup.procs': own, 'memory.max': '1000000\n' }))
  const place = findPlace(root)
  assert.ok('kind' in place)
  assert.deepEqual(place, {
    kind: 'v2',
    directory: `${root}/sys/fs/cgroup/box`,
    before: ['move', 'enable'],
    because: 'a control group (v2) below /sys/fs/cgroup/box for each task',
  })
})

test('v2: a group with strangers in it is not divided, and one with a limit is not left', (t) => {
  const procs = `1\n${own}`
  const limited = group('a/b', { 'cgroup.procs': procs, 'memory.max': '1000000\n' })
  const open = group('a', { 'cgroup.subtree_control': 'memory\n' })
  const refused = findPlace(withV2(t, '/a/b', { ...open, ...limited }))
  assert.deepEqual(refused, {
    because: 'a task may not leave /sys/fs/cgroup/a/b, which has a limit (memory.max is 1000000)',
  })
  for (const limit of [
    { 'cpu.max': '50000 100000\n' },
    { 'pids.max': '100\n' },
    { 'cpuset.cpus': '0-1\n' },
  ]) {
    const other = group('a/b', { 'cgroup.procs': procs, ...limit })
    assert.ok(!('kind' in findPlace(withV2(t, '/a/b', { ...open, ...other }))))
  }
})

test('v2: a group that hands memory on, with no limit between it and us, holds the groups of the tasks', (t) => {
  const root = withV2(t, '/a/b/c', {
    ...group('a', { 'cgroup.subtree_control': 'memory pids\n' }),
    ...group('a/b'),
    ...group('a/b/c', { 'cgroup.procs': `1\n${own}` }),
  })
  const place = findPlace(root)
  assert.ok('kind' in place)
  assert.equal(place.directory, `${root}/sys/fs/cgroup/a`)
  assert.deepEqual(place.before, [])
})

test('v2: the real root may hold processes and groups', (t) => {
  const place = findPlace(withV2(t, '/', { 'sys/fs/cgroup/cgroup.subtree_control': '\n' }))
  assert.ok('kind' in place)
  assert.deepEqual(place.before, ['enable'])
})

test('v2: without the memory controller there is no place', (t) => {
  const files = group('box', { 'cgroup.procs': own, 'cgroup.controllers': 'hugetlb\n' })
  const root = withV2(t, '/box', { ...files, 'sys/fs/cgroup/cgroup.controllers': 'hugetlb\n' })
  assert.deepEqual(findPlace(root), {
    because: 'no control group from /sys/fs/cgroup/box upwards is ours to divide',
  })
})

function withV1(test: TestContext, files: Readonly<Record<string, string>>): string {
  const below = Object.entries(files).map(([name, text]) => [`sys/fs/cgroup/memory/job/${name}`, text])
  return machine(test, {
    'proc/self/cgroup': '4:memory:/job\n',
    'proc/self/mountinfo': mountV1(),
    ...Object.fromEntries(below),
  })
}

test('v1: groups go below our own, unless its limit would not bound them or it is not ours', (t) => {
  const place = findPlace(withV1(t, { 'cgroup.procs': own, 'memory.use_hierarchy': '1\n' }))
  assert.ok('kind' in place)
  assert.match(place.directory, /sys\/fs\/cgroup\/memory\/job$/)
  const flat = findPlace(withV1(t, { 'cgroup.procs': own, 'memory.use_hierarchy': '0\n' }))
  assert.match(flat.because, /does not limit the groups below it/)
  const strange = findPlace(withV1(t, { 'cgroup.procs': '1\n', 'memory.use_hierarchy': '1\n' }))
  assert.match(strange.because, /not the one that/)
})

test('where no group can be made, none is, and the reason is a sentence', (t) => {
  for (const root of [machine(t, {}), withV1(t, { 'cgroup.procs': own, 'memory.use_hierarchy': '1\n' })]) {
    const here = enforcementHere({ clock: systemClock, root })
    assert.equal(here.level, process.platform === 'linux' ? 'watchdog' : 'none')
    assert.match(here.because, /control group/)
    using groups = new TaskGroups({ clock: systemClock, root })
    assert.equal(groups.create(MiB), null)
  }
})

test('where there is no /proc, or none with our processes, nothing is said to be watched', (t) => {
  for (const files of [{}, { 'proc/1/stat': '1 (init) S 0 1 1 0 -1\n' }]) {
    const root = machine(t, files)
    const here = enforcementHere({ clock: systemClock, root, watchedRoot: root })
    assert.equal(here.level, 'none')
    assert.match(here.because, /^neither control groups nor a \/proc with our processes/)
  }
})

const here = enforcementHere({ clock: systemClock })
const whereHard = { skip: here.level === 'hard' ? false : here.because }

/** A shell that joins the group first, as the supervisor lets a command do; ended and removed with the test. */
async function inGroup(test: TestContext, group: TaskGroup, script: string): Promise<number> {
  const words = ['-c', `echo 0 >"$1"; echo in; ${script}`, 'sh', group.joinFile]
  const child = spawn('/bin/sh', words, {
    detached: true,
    env: { ...process.env, NODE: process.execPath },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  test.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child.pid ?? 0
}

/** At most a minute. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn += 1) {
    assert.ok(turn < 6_000, 'it never came')
    await sleep(10)
  }
}

test('a group measures what its processes use, without the file cache they cause', whereHard, async (t) => {
  using groups = new TaskGroups({ clock: systemClock })
  await using group = groups.create(512 * MiB)
  assert.ok(group)
  assert.equal(group.isUsed, false)
  assert.deepEqual(group.peak, { lower: 0, upper: null })
  await using watcher = new TreeWatcher({ clock: systemClock, intervalMs: 20 })
  const script = `dd if=/dev/zero of=/tmp/plimsoll-cache-${process.pid} bs=1M count=200 2>/dev/null
    "$NODE" -e 'const held = Buffer.alloc(${60 * MiB}, 1); process.stdin.resume().on("end", () => held.fill(2, 0, 1))'`
  t.after(() => spawn('rm', ['-f', `/tmp/plimsoll-cache-${process.pid}`]))
  const heard: number[] = []
  const pid = await inGroup(t, group, script)
  using watch = watcher.watch(pid, 'none', (bytes) => heard.push(bytes), group)
  await until(() => watch.currentBytes() >= 60 * MiB)
  assert.ok(group.pids().includes(pid))
  const { lower, upper } = watch.peak()
  assert.ok(lower >= 60 * MiB && lower < 160 * MiB, `${lower}`)
  assert.ok(upper !== null && upper >= lower, `${upper}`)
  assert.equal(group.kernelKills().count, 0)
  assert.ok(heard.some((bytes) => bytes >= 60 * MiB))
})

test(
  'a group that is given back takes with it what still runs inside, further groups included',
  whereHard,
  async (t) => {
    using groups = new TaskGroups({ clock: systemClock })
    const group = groups.create(64 * MiB)
    assert.ok(group)
    const inner = '"${1%/*}"/inner'
    const pid = await inGroup(
      t,
      group,
      `mkdir ${inner}; sh -c 'echo 0 >"$1"; exec sleep 1000' sh ${inner}/cgroup.procs`,
    )
    await until(() => group.pids().length === 2)
    assert.ok(group.pids().includes(pid))
    await group[Symbol.asyncDispose]()
    assert.equal(existsSync(group.joinFile), false)
  },
)

test('the interval can be changed while a tree is watched', async () => {
  let callback = (): void => undefined
  const asked: number[] = []
  let nowMs = 0
  const clock = {
    ...systemClock,
    monotonic: () => nowMs,
    uptime: () => nowMs,
    every: (ms: number, call: () => void) => {
      asked.push(ms)
      callback = call
      return { [Symbol.dispose]: () => undefined }
    },
  }
  await using watcher = new TreeWatcher({ clock, intervalMs: 100 })
  using _watch = watcher.watch(process.pid, 'none')
  nowMs = 60
  callback()
  assert.equal(asked.at(-1), 40)
  watcher.intervalMs = 25
  assert.equal(asked.at(-1), 1)
  nowMs = 61
  callback()
  assert.equal(asked.at(-1), 25)
  watcher.intervalMs = 100
  assert.equal(asked.at(-1), 100)
})

test('a scope of systemd is asked for with its limit and without swap, and the command stays a list of words', () => {
  const asked = {
    program: '/usr/bin/systemd-run',
    manager: 'user',
    options: ['--expand-environment=no'],
  } as const
  const wish = { unit: 'plimsoll-1-2', limitBytes: 1_000, directory: '/there', record: '/record' }
  const words = scopeWords(asked, wish, ['echo', '$HOME; x'])
  assert.deepEqual(words.slice(0, 15), [
    ...['/usr/bin/systemd-run', '--user', '--scope', '--quiet', '--collect', '--expand-environment=no'],
    ...['--unit', 'plimsoll-1-2'],
    ...['--property', 'MemoryMax=1000', '--property', 'MemorySwapMax=0', '--', '/bin/sh', '-c'],
  ])
  assert.deepEqual(words.slice(16), ['plimsoll', '/there', '/record', 'echo', '$HOME; x'])
})

test('a manager of systemd that is not there, fails, or hangs, is no place for scopes, and says why', (t) => {
  const program = (text: string): string => {
    const folder = machine(t, { 'bin/systemd-run': `#!/bin/sh\n${text}\n` })
    chmodSync(`${folder}/bin/systemd-run`, 0o755)
    return `${folder}/bin`
  }
  assert.match(findScopePlace({ PATH: '/nonexistent' }).because, /there is no systemd-run/)
  const failing = program('echo "Failed to connect to bus: No medium found" >&2; exit 1')
  assert.deepEqual(findScopePlace({ PATH: `${failing}:${process.env.PATH}` }), {
    directory: null,
    because: `${failing}/systemd-run makes no scope for us (Failed to connect to bus: No medium found)`,
  })
  const hanging = program('exec sleep 60')
  assert.deepEqual(findScopePlace({ PATH: `${hanging}:${process.env.PATH}` }, 100), {
    directory: null,
    because: `${hanging}/systemd-run makes no scope for us (no answer in 100 ms)`,
  })
})

const events = 'low 0\nhigh 0\nmax 9\noom 2\noom_kill 1\noom_group_kill 0\n'
const stat = `anon ${40 * MiB}\nfile ${3 * MiB}\ninactive_file ${2 * MiB}\n`

function scopeIn(root: string, unit: string): TaskScope {
  const asked = { program: '/usr/bin/systemd-run', manager: 'user', options: [] } as const
  const place = { ...asked, address: {}, directory: root, because: 'a test' }
  return new TaskScope(place, { unit, limitBytes: 64 * MiB, record: `${root}/${unit}.record` })
}

test('what a scope says is remembered when it has vanished', (t) => {
  const root = machine(t, {
    'plimsoll-7.scope/memory.max': `${64 * MiB}\n`,
    'plimsoll-7.scope/memory.events': events,
    'plimsoll-7.scope/memory.current': `${42 * MiB}\n`,
    'plimsoll-7.scope/memory.stat': stat,
    'plimsoll-7.scope/memory.peak': `${62 * MiB}\n`,
    'plimsoll-7.scope/cgroup.procs': '12\n',
  })
  const scope = scopeIn(root, 'plimsoll-7')
  assert.equal(scope.isUsed, false)
  assert.equal(scope.look(), 40 * MiB)
  assert.deepEqual(scope.pids(), [12])
  rmSync(`${root}/plimsoll-7.scope`, { recursive: true })
  scope.look()
  assert.equal(scope.isUsed, true)
  assert.deepEqual(scope.peak, { lower: 60 * MiB, upper: 60 * MiB })
  assert.deepEqual(scope.kernelKills(), { count: 1, atOwnLimit: true })
})

test('what was kept of a scope that came and went unseen tells its limit, its peak and its kills', (t) => {
  const first = `${64 * MiB}\n${2 * MiB}\n${events}${stat}`
  const root = machine(t, { 'new.record': `${first}${62 * MiB}\n`, 'old.record': first })
  const scope = scopeIn(root, 'new')
  assert.equal(scope.look(), 0)
  assert.equal(scope.isUsed, true)
  assert.deepEqual(scope.peak, { lower: 60 * MiB, upper: 60 * MiB })
  assert.deepEqual(scope.kernelKills(), { count: 1, atOwnLimit: true })
  // A kernel without memory.peak.
  const old = scopeIn(root, 'old')
  old.look()
  assert.deepEqual(old.kernelKills(), { count: 1, atOwnLimit: true })
  assert.deepEqual(old.peak, { lower: 0, upper: 0 })
  const never = scopeIn(root, 'never')
  never.look()
  assert.equal(never.isUsed, false)
  assert.deepEqual(never.kernelKills(), { count: 0, atOwnLimit: false })
})
