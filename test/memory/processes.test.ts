import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../src/clock.ts'
import { systemClock } from '../../src/clock.ts'
import {
  identify,
  isSameProcess,
  ProcessFinder,
  TreeWatcher,
  tokenVariable,
} from '../../src/memory/memory.ts'
import { parseProcessStat } from '../../src/memory/process-stat.ts'
import { killIfAlive } from '../kill-if-alive.ts'
import { type Files, MiB, machine, write } from './machine.ts'

const isLinux = process.platform === 'linux'
const onLinux = { skip: isLinux ? false : 'needs /proc' }

let tokens = 0
function newToken(): string {
  tokens += 1
  return `test-${process.pid}-${tokens}`
}

type Started = { readonly child: ChildProcess; readonly pid: number; readonly token: string }

/** A shell that leads a session of its own, as the engine starts its tasks. Everything with its token ends with the test. */
function start(test: TestContext, script: string): Started {
  const token = newToken()
  const env = { ...process.env, [tokenVariable]: token, NODE: process.execPath }
  const child = spawn('/bin/sh', ['-c', script], { detached: true, env, stdio: ['pipe', 'pipe', 'inherit'] })
  test.after(() => {
    child.stdin?.destroy()
    for (const pid of new ProcessFinder().findByToken(token)) killIfAlive(pid)
  })
  assert.ok(child.pid !== undefined)
  return { child, pid: child.pid, token }
}

/** Waits until the process says so on its output. */
const said = async ({ child }: Started): Promise<string> =>
  String((await once(child.stdout ?? child, 'data'))[0])

/** At most a minute. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn += 1) {
    assert.ok(turn < 6_000, 'it never came')
    await sleep(10)
  }
}

/** Holds `bytes` of written memory, says "ready", ends when its input is closed. */
const hold = (bytes: number): string =>
  `"$NODE" -e 'const held = Buffer.alloc(${bytes}, 1); console.log("ready"); process.stdin.resume().on("end", () => held.fill(2, 0, 1))'`

test('the bracket of a tree holds what its processes allocated', onLinux, async (t) => {
  await using watcher = new TreeWatcher({ clock: systemClock, intervalMs: 20 })
  const task = start(t, `${hold(60 * MiB)}; exit 3`)
  const heard: number[] = []
  using watch = watcher.watch(task.pid, task.token, (bytes) => heard.push(bytes))
  await said(task)
  await until(() => watch.currentBytes() >= 60 * MiB)
  const { lower, upper } = watch.peak()
  assert.ok(lower >= 60 * MiB && lower <= 250 * MiB, `${lower}`)
  assert.ok(upper !== null && upper >= lower)
  assert.ok(heard.some((bytes) => bytes === watch.currentBytes()))
})

test('two processes at the same time count together', onLinux, async (t) => {
  await using watcher = new TreeWatcher({ clock: systemClock, intervalMs: 20 })
  const task = start(t, `exec 3<&0; ${hold(60 * MiB)} <&3 & ${hold(60 * MiB)} <&3 & wait`)
  using watch = watcher.watch(task.pid, task.token)
  await until(() => watch.currentBytes() >= 120 * MiB)
  assert.ok(watch.peak().lower >= 120 * MiB)
})

test(
  'a double fork into another session is measured, found by its token, and left over',
  onLinux,
  async (t) => {
    await using watcher = new TreeWatcher({ clock: systemClock, intervalMs: 20 })
    const finder = new ProcessFinder()
    finder.findByToken('nobody') // what is already known must not hide what comes
    const task = start(
      t,
      `exec 3<&0; (setsid "$NODE" -e '
    const held = Buffer.alloc(${50 * MiB}, 1); console.log(process.pid); setInterval(() => held.fill(2), 1000)' <&3 &) ; true`,
    )
    using watch = watcher.watch(task.pid, task.token)
    const orphan = Number(await said(task))
    await until(() => watch.currentBytes() >= 50 * MiB)
    await until(() => task.child.exitCode !== null)
    assert.deepEqual(finder.findByToken(task.token), [orphan])
    assert.deepEqual(finder.leftovers(task), [orphan])
    process.kill(orphan, 'SIGKILL')
    await until(() => watch.currentBytes() === 0)
    assert.ok(watch.peak().lower >= 50 * MiB, 'what was seen stays seen')
  },
)

test(
  'what has left its session and dropped its environment is known by who started it',
  onLinux,
  async (t) => {
    await using watcher = new TreeWatcher({ clock: systemClock, intervalMs: 20 })
    // Not before the early samples are over: those look at children by another way.
    const task = start(
      t,
      `exec 3<&0; sleep 0.3; env -i setsid ${hold(60 * MiB).replace('$NODE', process.execPath)} <&3 & wait`,
    )
    using watch = watcher.watch(task.pid, task.token)
    await until(() => watch.currentBytes() >= 60 * MiB)
  },
)

test('what has lost its parent and dropped its environment is known by its session', onLinux, async (t) => {
  await using watcher = new TreeWatcher({ clock: systemClock, intervalMs: 20 })
  const task = start(
    t,
    `exec 3<&0; sleep 0.3; (env -i ${hold(60 * MiB).replace('$NODE', process.execPath)} <&3 &); read -r _`,
  )
  using watch = watcher.watch(task.pid, task.token)
  await until(() => watch.currentBytes() >= 60 * MiB)
})

test('a peak that was over before anybody looked is seen all the same', onLinux, async (t) => {
  await using watcher = new TreeWatcher({ clock: systemClock, intervalMs: 60_000 })
  // The memory is given back by a thread beside.
  const script = `let held = Buffer.alloc(${60 * MiB}, 1); const full = process.memoryUsage.rss(); held = null; gc()
    const look = () => process.memoryUsage.rss() < full - ${40 * MiB} ? console.log("free") : setTimeout(look, 10)
    look()`
  const task = start(t, `read -r _; exec "$NODE" --expose-gc -e '${script}; process.stdin.resume()'`)
  using watch = watcher.watch(task.pid, task.token)
  await sleep(100)
  task.child.stdin?.write('\n')
  await said(task)
  watch.look()
  assert.ok(watch.peak().lower >= 60 * MiB)
  assert.ok(watch.currentBytes() < watch.peak().lower - 30 * MiB)
})

test('a look finds what was started since, however deep it is', onLinux, async (t) => {
  await using watcher = new TreeWatcher({ clock: systemClock, intervalMs: 60_000 })
  const task = start(t, `read -r _; /bin/sh -c '/bin/sh -c "echo \\$\\$; read -r _; true"; true'; true`)
  using watch = watcher.watch(task.pid, task.token)
  task.child.stdin?.write('\n')
  const deepest = Number(await said(task))
  watch.look()
  assert.ok(watch.members().has(deepest))
})

test('a process of the session that dropped its environment is left over too', onLinux, async (t) => {
  const task = start(t, `env -i /bin/sh -c 'echo $$; exec sleep 60' & sleep 0.1; true`)
  const left = Number(await said(task))
  await once(task.child, 'exit')
  assert.deepEqual(new ProcessFinder().findByToken(task.token), [])
  assert.deepEqual(new ProcessFinder().leftovers(task), [left])
  process.kill(left, 'SIGKILL')
})

test('a zombie is neither found nor left over nor measured', onLinux, async (t) => {
  const finder = new ProcessFinder()
  // The shell becomes a program that never asks for the exit code of its child.
  const task = start(
    t,
    `sleep 60 & exec "$NODE" -e 'console.log(process.argv[1]); process.stdin.resume()' $!`,
  )
  const zombie = Number(await said(task))
  assert.ok(finder.findByToken(task.token).includes(zombie))
  const alive = identify(zombie, task.token)
  process.kill(zombie, 'SIGKILL')
  await until(() => !isSameProcess(alive))
  assert.doesNotThrow(() => process.kill(zombie, 0), 'it is still there')
  assert.deepEqual(finder.findByToken(task.token), [task.pid])
  assert.deepEqual(finder.leftovers(task), [task.pid])
  await using watcher = new TreeWatcher({ clock: systemClock })
  using watch = watcher.watch(zombie, 'other')
  assert.deepEqual(watch.peak(), { lower: 0, upper: null })
})

test('nothing is left over of a task whose processes have all ended', onLinux, async (t) => {
  const task = start(t, 'sleep 60 & echo; read -r _; kill $!; wait')
  await said(task)
  const finder = new ProcessFinder()
  assert.ok(finder.leftovers(task).includes(task.pid))
  task.child.stdin?.end('\n')
  await once(task.child, 'exit')
  assert.deepEqual(finder.leftovers(task), [])
})

test('this process is never found, whatever its token', onLinux, () => {
  const own = process.env[tokenVariable]
  if (own !== undefined) assert.ok(!new ProcessFinder().findByToken(own).includes(process.pid))
  assert.ok(!new ProcessFinder().leftovers({ pid: process.pid, token: newToken() }).includes(process.pid))
})

test('a token is compared as a whole', onLinux, async (t) => {
  const task = start(t, 'echo; exec sleep 60')
  await said(task)
  const finder = new ProcessFinder()
  assert.deepEqual(finder.findByToken(task.token), [task.pid])
  assert.deepEqual(finder.findByToken(task.token.slice(0, -1)), [])
  assert.deepEqual(finder.findByToken(`${task.token}0`), [])
})

test('many processes that end while they are looked at do no harm', onLinux, async (t) => {
  await using watcher = new TreeWatcher({ clock: systemClock, intervalMs: 1 })
  const task = start(t, 'i=0; while [ $i -lt 300 ]; do /bin/true & i=$((i+1)); done; wait')
  using watch = watcher.watch(task.pid, task.token)
  const finder = new ProcessFinder()
  let ended = false
  task.child.once('exit', () => {
    ended = true
  })
  while (!ended) {
    for (const pid of finder.leftovers(task)) assert.ok(pid > 0)
    await sleep(0)
  }
  assert.ok(watch.peak().lower > 0)
})

test('a tree that is gone before it is watched is never seen', onLinux, async (t) => {
  const task = start(t, 'true')
  await once(task.child, 'exit')
  await using watcher = new TreeWatcher({ clock: systemClock })
  using watch = watcher.watch(task.pid, task.token)
  assert.deepEqual(watch.peak(), { lower: 0, upper: null })
})

test('where there is no /proc a tree is never seen and nothing is found', async (t) => {
  const root = machine(t, {})
  await using watcher = new TreeWatcher({ clock: systemClock, root })
  using watch = watcher.watch(process.pid, newToken())
  assert.deepEqual(watch.peak(), { lower: 0, upper: null })
  assert.deepEqual(new ProcessFinder({ root }).findByToken('any'), [])
})

/** A clock that is moved by hand, with at most one timer at work: what the watcher promises. */
function handClock(): Clock & { advance(ms: number): void; readonly timers: number } {
  let nowMs = 1_000
  const timers = new Set<{ dueMs: number; readonly ms: number; readonly callback: () => void }>()
  return {
    now: () => nowMs,
    monotonic: () => nowMs,
    uptime: () => nowMs,
    sleep: () => Promise.reject(new Error('the watcher does not sleep')),
    every: (ms, callback) => {
      const timer = { dueMs: nowMs + ms, ms, callback }
      timers.add(timer)
      return { [Symbol.dispose]: () => timers.delete(timer) }
    },
    advance: (ms) => {
      for (const endMs = nowMs + ms; nowMs < endMs; nowMs += 1) {
        for (const timer of [...timers]) {
          if (timer.dueMs > nowMs + 1 || !timers.has(timer)) continue
          timer.dueMs += timer.ms
          timer.callback()
        }
      }
    },
    get timers() {
      return timers.size
    },
  }
}

test(
  'a new tree is sampled at once and soon again, then at each interval; one timer serves all',
  onLinux,
  async () => {
    const clock = handClock()
    const watcher = new TreeWatcher({ clock, intervalMs: 100 })
    const heard: Record<'first' | 'second', number> = { first: 0, second: 0 }
    const first = watcher.watch(process.pid, newToken(), () => (heard.first += 1))
    assert.equal(heard.first, 1)
    clock.advance(60)
    assert.equal(heard.first, 4)
    const second = watcher.watch(process.ppid, newToken(), () => (heard.second += 1))
    assert.equal(clock.timers, 1)
    clock.advance(1_000)
    assert.ok(heard.first >= 13 && heard.first <= 15, `${heard.first}`)
    assert.ok(heard.second >= 12 && heard.second <= 15, `${heard.second}`)
    first[Symbol.dispose]()
    assert.equal(clock.timers, 1)
    second[Symbol.dispose]()
    assert.equal(clock.timers, 0)
    assert.ok(first.peak().lower > 0, 'what was seen can still be read')
    watcher.watch(process.pid, newToken())
    await watcher[Symbol.asyncDispose]()
    assert.equal(clock.timers, 0)
  },
)

test('a process is the same only with its start time, in the same boot, while it runs', async (t) => {
  const task = start(t, 'exec sleep 60')
  const identity = identify(task.pid, task.token)
  assert.equal(identity.token, task.token)
  assert.equal(isSameProcess(identity), true)
  assert.equal(isSameProcess({ ...identity, startTicks: (identity.startTicks ?? 0) + 1 }), false)
  assert.equal(isSameProcess({ ...identity, startTicks: null }), false)
  assert.equal(isSameProcess({ ...identity, bootId: 'another boot' }), false)
  assert.equal(isSameProcess({ ...identity, pid: process.pid }), false)
  task.child.kill('SIGKILL')
  await once(task.child, 'exit')
  assert.equal(isSameProcess(identity), false)
  assert.equal(identify(task.pid, 'x').startTicks, null)
  for (const pid of [0, -1, Number.NaN, 2 ** 40]) assert.equal(identify(pid, 'x').startTicks, null)
})

test('without /proc the start time comes from the list of processes', async (t) => {
  const root = machine(t, {})
  const task = start(t, 'exec sleep 60')
  const identity = identify(task.pid, task.token, root)
  assert.ok(Math.abs((identity.startTicks ?? 0) - Date.now() / 1_000) < 3_600, `${identity.startTicks}`)
  task.child.kill('SIGKILL')
  await once(task.child, 'exit')
  assert.equal(isSameProcess(identity, root), false)
  assert.equal(identify(task.pid, task.token, root).startTicks, null)
})

test('the name of a program may hold spaces, parentheses and newlines', () => {
  const rest = `S 12 34 56 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 200 ${'0 '.repeat(30)}`
  const expected = { state: 'S', parent: 12, group: 34, session: 56, startTicks: 987_654 }
  for (const name of ['sh', 'a b', 'x) S 1 (y', ') R 1 1 1', 'two\nlines', '']) {
    assert.deepEqual(parseProcessStat(`77 (${name}) ${rest}`), expected)
  }
  for (const garbage of ['', '77', '77 (sh) S', `77 (sh) S x ${rest}`]) {
    assert.equal(parseProcessStat(garbage), undefined)
  }
})

/** One process as /proc shows it. */
const fakeProcess = (pid: number, startTicks: number, token: string): Files => ({
  [`proc/${pid}/stat`]: `${pid} (sh) S 1 ${pid} ${pid} ${'0 '.repeat(15)}${startTicks} 0\n`,
  [`proc/${pid}/environ`]: `A=b\0${tokenVariable}=${token}\0`,
})

test('a process that got the number of one that was known is not taken for it', (t) => {
  const root = machine(t, fakeProcess(4_000, 10, 'mine'))
  const finder = new ProcessFinder({ root })
  assert.deepEqual(finder.findByToken('mine'), [4_000])
  write(root, fakeProcess(4_000, 20, 'theirs'))
  assert.deepEqual(finder.findByToken('mine'), [])
  assert.deepEqual(finder.leftovers({ pid: 4_000, startTicks: 10, token: 'mine' }), [])
  assert.deepEqual(finder.leftovers({ pid: 4_000, startTicks: 20, token: 'mine' }), [4_000])
})

const pidsOf = (finder: ProcessFinder, token: string): readonly number[] =>
  [...finder.scan().values()].filter((known) => known.token === token).map(({ pid }) => pid)

const given = (pid: number): Files => ({ 'proc/loadavg': `0.10 0.20 0.30 1/99 ${pid}\n` })

test('a scan looks again at the numbers that were given out since the last one, and at no others', (t) => {
  const [low, high] = [100, 30_000]
  const root = machine(t, { ...fakeProcess(low, 10, 'a'), ...fakeProcess(high, 10, 'a'), ...given(50) })
  const finder = new ProcessFinder({ root, clock: handClock() })
  assert.deepEqual(pidsOf(finder, 'a').toSorted(), [low, high])
  write(root, { ...fakeProcess(low, 20, 'b'), ...fakeProcess(high, 20, 'b'), ...given(99) })
  assert.deepEqual(pidsOf(finder, 'a').toSorted(), [low, high])
  write(root, given(100))
  assert.deepEqual(pidsOf(finder, 'b'), [low])
  // From the top to the bottom again.
  write(root, given(20))
  assert.deepEqual(pidsOf(finder, 'b').toSorted(), [low, high])
})

test('a process that could not be seen yet when its number was given out is found at the next scan', (t) => {
  const root = machine(t, { ...fakeProcess(100, 10, 'a'), ...given(101) })
  const finder = new ProcessFinder({ root, clock: handClock() })
  assert.deepEqual(pidsOf(finder, 'a'), [100])
  write(root, fakeProcess(101, 20, 'a'))
  assert.deepEqual(pidsOf(finder, 'a').toSorted(), [100, 101])
})

test('a number that was given out again is looked at again, though its process came into sight late', (t) => {
  const root = machine(t, { ...fakeProcess(100, 10, 'a'), ...given(99) })
  const finder = new ProcessFinder({ root, clock: handClock() })
  assert.deepEqual(pidsOf(finder, 'a'), [100])
  write(root, given(100))
  assert.deepEqual(pidsOf(finder, 'a'), [100])
  write(root, { ...fakeProcess(100, 20, 'b'), ...given(105) })
  assert.deepEqual(pidsOf(finder, 'b'), [100])
})

test('while no number is given out the list of processes is not read again', (t) => {
  const root = machine(t, { ...fakeProcess(100, 10, 'a'), ...given(100) })
  const finder = new ProcessFinder({ root, clock: handClock() })
  finder.scan()
  const before = finder.scan()
  write(root, fakeProcess(101, 20, 'a'))
  assert.equal(finder.scan(), before)
  write(root, given(101))
  assert.deepEqual(pidsOf(finder, 'a').toSorted(), [100, 101])
})

test('after a second, or where nobody tells which numbers were given out, a scan looks at all of them', (t) => {
  const clock = handClock()
  const root = machine(t, { ...fakeProcess(100, 10, 'a'), ...given(50) })
  const finder = new ProcessFinder({ root, clock })
  assert.deepEqual(pidsOf(finder, 'a'), [100])
  write(root, fakeProcess(100, 20, 'b'))
  clock.advance(1_001)
  assert.deepEqual(pidsOf(finder, 'b'), [100])
  write(root, { ...fakeProcess(100, 30, 'c'), 'proc/loadavg': 'nothing that is known\n' })
  assert.deepEqual(pidsOf(finder, 'c'), [100])
})

test('the same process, looked at again, is what it was at first sight', (t) => {
  const root = machine(t, fakeProcess(100, 10, 'a'))
  const finder = new ProcessFinder({ root })
  assert.deepEqual(pidsOf(finder, 'a'), [100])
  write(root, fakeProcess(100, 10, 'dropped'))
  assert.deepEqual(pidsOf(finder, 'a'), [100])
})

/** As the kernel shows a process between two programs. */
const between = (pid: number): Files => ({ ...fakeProcess(pid, 10, ''), [`proc/${pid}/environ`]: '' })

test('a process first seen while it became another program is found as soon as its environment is there', (t) => {
  const root = machine(t, { ...between(100), ...given(100) })
  const finder = new ProcessFinder({ root, clock: handClock() })
  finder.scan()
  assert.deepEqual(pidsOf(finder, 'a'), [])
  assert.deepEqual(pidsOf(finder, 'a'), [], 'still between programs')
  write(root, fakeProcess(100, 10, 'a'))
  assert.deepEqual(pidsOf(finder, 'a'), [100])
  const after = finder.scan()
  assert.equal(finder.scan(), after, 'it is read once')
})

test('a process without any environment is not read for ever', (t) => {
  const clock = handClock()
  const root = machine(t, { ...between(100), ...given(100) })
  const finder = new ProcessFinder({ root, clock })
  finder.scan()
  for (let looks = 0; looks < 5; looks += 1) {
    clock.advance(500)
    finder.scan()
  }
  const before = finder.scan()
  assert.equal(finder.scan(), before)
})

test('threads of the kernel, zombies and what may not be read have no environment to wait for', (t) => {
  const stat = (pid: number, state: string, session: number): Files => ({
    [`proc/${pid}/stat`]: `${pid} (x) ${state} 1 ${session} ${session} ${'0 '.repeat(15)}10 0\n`,
  })
  const root = machine(t, {
    ...{ ...stat(2, 'S', 0), 'proc/2/environ': '' },
    ...{ ...stat(90, 'Z', 90), 'proc/90/environ': '' },
    ...stat(91, 'S', 91),
    ...given(100),
  })
  const finder = new ProcessFinder({ root, clock: handClock() })
  finder.scan()
  const before = finder.scan()
  assert.deepEqual([...before.keys()].length, 3)
  assert.equal(finder.scan(), before)
})

/** Where the next process number is set; not everybody may write it. */
const lastPidFile = '/proc/sys/kernel/ns_last_pid'
const lastPid = (): number => Number(readFileSync('/proc/loadavg', 'latin1').trim().split(' ').at(-1))

test(
  'a stranger that is given the number of a process of a task is not counted to it',
  onLinux,
  async (t) => {
    const task = start(
      t,
      `read -r _; setsid sleep 60 & echo $!; wait $!; exec "$NODE" -e 'process.stdin.resume()'`,
    )
    await using watcher = new TreeWatcher({ clock: systemClock, intervalMs: 20 })
    using watch = watcher.watch(task.pid, task.token)
    task.child.stdin?.write('\n')
    const member = Number(await said(task))
    await until(() => watch.members().has(member))
    process.kill(member, 'SIGKILL')
    await until(() => !watch.members().has(member))
    for (let turn = 0; turn < 20; turn += 1) {
      execFileSync('/bin/sh', ['-c', 'i=0; while [ $i -lt 500 ]; do (:); i=$((i+1)); done'])
      const before = lastPid()
      try {
        writeFileSync(lastPidFile, String(member - 1))
      } catch {
        t.skip('needs the right to set the next process number')
        return
      }
      const stranger = spawn('sleep', ['60'], { stdio: 'ignore' })
      t.after(() => stranger.kill('SIGKILL'))
      if (stranger.pid !== member) continue
      for (let looks = 0; looks < 10; looks += 1) {
        await sleep(20)
        // Without our hand in it a number comes again only after all others: so many given since would hide it.
        if (lastPid() >= before) return t.skip('others were given the numbers behind it')
        assert.ok(!watch.members().has(member))
      }
      return
    }
    t.skip('others took the number first')
  },
)

test('this process is not found, though it carries the token and leads the session', (t) => {
  const root = machine(t, { ...fakeProcess(process.pid, 10, 'mine'), ...fakeProcess(4_000, 10, 'mine') })
  const finder = new ProcessFinder({ root })
  assert.deepEqual(finder.findByToken('mine'), [4_000])
  assert.deepEqual(finder.leftovers({ pid: process.pid, token: 'mine' }), [4_000])
})
