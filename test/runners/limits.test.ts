import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { findPlace } from '../../src/memory/group-place.ts'
import { enforcementHere, TaskGroups } from '../../src/memory/memory.ts'
import { hasEnded, readProcessStat } from '../../src/memory/process-stat.ts'
import type { TaskReport, Work } from '../../src/spine.ts'
import { until } from '../pool/pools.ts'
import { hasExitRecord } from './exit-record.ts'
import { type Bench, exec, openBench, shell } from './run-task.ts'

const MiB = 2 ** 20
const here = enforcementHere({ clock: systemClock })
const whereHard = { skip: here.level === 'hard' ? false : here.because }
const whereSampled = { skip: process.platform === 'linux' ? false : 'needs /proc' }

/** No control group is found below a directory that does not exist. */
const withoutGroups = (): TaskGroups => new TaskGroups({ clock: systemClock, root: '/nonexistent' })

/** Takes 20 MB every 20 ms until it is stopped. */
const grow = 'const a = []; setInterval(() => a.push(Buffer.alloc(20e6, 1)), 20)'
const node = (script: string): Work => exec(process.execPath, '-e', script)
const quoted = (script: string): string => `"$NODE" -e '${script}'`
const withNode = { env: { NODE: [process.execPath] } }

test(
  'a task over its limit is killed by the kernel, and told with limit, peak, time and remedy',
  whereHard,
  async () => {
    await using bench = await openBench()
    const { report } = await bench.run(node(`console.log("growing"); ${grow}`), { limitBytes: 150 * MiB })
    assert.equal(report.error?.code, 'TASK_MEMORY_EXCEEDED')
    assert.match(
      report.error?.message ?? '',
      /^it used 1\d\d MiB after [\d.]+ m?s, its limit is 150 MiB, and the kernel killed a process of it$/,
    )
    assert.match(report.error?.fix ?? '', /Set "memory" of the task to 225 MiB or more/)
    assert.equal(report.enforcement, 'hard')
    assert.match(report.lastOutput ?? '', /^growing/)
    const { lower, upper } = report.peakMemoryBytes
    assert.ok(lower > 130 * MiB && lower <= 150 * MiB, `${lower}`)
    assert.ok(upper !== null && upper >= lower && upper <= 151 * MiB, `${upper}`)
  },
)

test(
  'without control groups the watchdog stops a task over its limit, with the same words',
  whereSampled,
  async () => {
    await using bench = await openBench({}, { makeGroups: withoutGroups })
    const { report } = await bench.run(node(grow), { limitBytes: 150 * MiB })
    assert.equal(report.error?.code, 'TASK_MEMORY_EXCEEDED')
    assert.match(
      report.error?.message ?? '',
      /^it used \d+ MiB after .*, its limit is 150 MiB, and was stopped$/,
    )
    assert.equal(report.enforcement, 'watchdog')
    assert.ok(report.peakMemoryBytes.lower > 150 * MiB)
  },
)

test(
  'a task of which only a child was killed at the limit has not fitted, however it ends',
  whereHard,
  async () => {
    for (const ending of ['exit 1', 'exit 137', 'true']) {
      await using bench = await openBench()
      const work = shell(`${quoted(grow)}; ${ending}`)
      const { report } = await bench.run(work, { ...withNode, limitBytes: 150 * MiB })
      assert.equal(report.error?.code, 'TASK_MEMORY_EXCEEDED', ending)
    }
  },
)

test('a task that fits below its limit is not disturbed by file cache', whereHard, async () => {
  await using bench = await openBench()
  const work = shell('dd if=/dev/zero of=big bs=1M count=300 2>/dev/null; cat big >/dev/null; rm big')
  const { report } = await bench.run(work, { limitBytes: 100 * MiB })
  assert.equal(report.status, 'succeeded')
  assert.equal(report.enforcement, 'hard')
})

test('a task that moves large files is known by its memory, not by theirs', whereHard, async () => {
  await using bench = await openBench()
  const write = 'dd if=/dev/zero of=big bs=1M count=300 2>/dev/null'
  for (const script of [write, `${write}; sleep 0.2; cat big >/dev/null; rm big; sleep 0.2`]) {
    const { report } = await bench.run(shell(script))
    const { lower, upper } = report.peakMemoryBytes
    assert.ok(upper !== null && lower <= upper && upper < 100 * MiB, `${lower} to ${upper}`)
  }
})

test(
  'the kernel knows the peak of a task that was over before it could be looked at',
  whereHard,
  async () => {
    await using bench = await openBench()
    const spike = 'Buffer.alloc(200 * 2 ** 20, 1); process.exit()'
    const { report } = await bench.run(node(spike))
    const { lower, upper } = report.peakMemoryBytes
    assert.ok(lower >= 200 * MiB && lower < 300 * MiB, `${lower}`)
    assert.ok(upper !== null && upper - lower < 40 * MiB, `${lower} to ${upper}`)
  },
)

test(
  'a process that left its parent, its session and its environment is stopped with its task',
  whereHard,
  async () => {
    await using bench = await openBench()
    const lost = `setsid sh -c 'env -i setsid sh -c "echo \\$\\$ >lost; exec sleep 1000" & exit 0'`
    await bench.run(shell(`${lost}; while [ ! -s lost ]; do sleep 0.01; done; sleep 0.05`))
    const pid = Number(readFileSync(join(bench.dir, 'lost'), 'utf8'))
    const ended = bench.events.find((event) => event.type === 'attempt-ended')
    assert.ok(ended?.type === 'attempt-ended' && ended.result.leftovers.includes(pid))
    const stat = readProcessStat('/', pid)
    assert.ok(stat === undefined || hasEnded(stat))
  },
)

/** The directory in which this process makes its groups; empty text where it makes none. */
function groupsOf(bench: Bench): string {
  const group = bench.instruments.groups.create(2 ** 30)
  void group?.[Symbol.asyncDispose]()
  return group ? dirname(dirname(group.joinFile)) : ''
}

test('no control group is left of a task, nor of a run that has ended', whereHard, async () => {
  await using bench = await openBench()
  const base = groupsOf(bench)
  await bench.run(shell('sleep 1000 & echo'))
  assert.deepEqual(
    readdirSync(base).filter((name) => /^\d+$/.test(name)),
    [],
  )
  await bench.instruments[Symbol.asyncDispose]()
  assert.equal(existsSync(base), false)
})

test(
  'the groups of a killed engine are removed by the next one, when they are empty',
  whereHard,
  async () => {
    await using bench = await openBench()
    const file = new URL('./killed-engine.ts', import.meta.url).pathname
    const engine = spawn(process.execPath, [file, bench.dir], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(engine.stdout, 'data')
    // What has printed is in its group.
    const output = join(bench.dir, 'runs/test/1.spool')
    await until(() => existsSync(output) && readFileSync(output, 'utf8') !== '')
    engine.kill('SIGKILL')
    await once(engine, 'exit')
    const place = dirname(groupsOf(bench))
    const left = (): readonly string[] =>
      readdirSync(place).filter((name) => name.startsWith(`plimsoll-${engine.pid}-`))
    enforcementHere({ clock: systemClock })
    assert.equal(left().length, 1, 'its task still runs and keeps its group')
    writeFileSync(join(bench.dir, 'go'), '')
    await until(() => hasExitRecord(join(bench.dir, 'runs/test/1.exit')))
    // Its supervisor is still about to leave.
    await until(() => {
      enforcementHere({ clock: systemClock })
      return left().length === 0
    })
  },
)

test(
  'in a scope of systemd a command runs as ever, and is not called held where no limit was seen',
  whereSampled,
  async () => {
    await using bench = await openBench(
      {},
      {
        makeGroups: () => {
          const asked = { program: join(bench.dir, 'systemd-run'), manager: 'user', options: [] } as const
          const address = { XDG_RUNTIME_DIR: undefined }
          const findScopes = () => ({ ...asked, address, directory: bench.dir, because: 'a test' })
          return new TaskGroups({ clock: systemClock, root: '/nonexistent', findScopes })
        },
      },
    )
    // Stands in for systemd: leaves out what it is told of the scope, and becomes the command.
    const lines = [
      '#!/bin/sh',
      'echo "$*" >asked',
      'while [ "$1" != -- ]; do shift; done',
      'shift',
      'exec "$@"',
      '',
    ]
    writeFileSync(join(bench.dir, 'systemd-run'), lines.join('\n'), { mode: 0o755 })
    const { report } = await bench.run(exec('sh', '-c', 'echo "$0 $#"; exit 5', 'a b', ';'))
    assert.equal(report.exitCode, 5)
    assert.equal(report.lastOutput, 'a b 1')
    assert.equal(report.enforcement, 'watchdog')
    const asked = readFileSync(join(bench.dir, 'asked'), 'utf8')
    assert.match(
      asked,
      /--scope .*--unit plimsoll-\d+-\d+-\d+ --property MemoryMax=1073741824 --property MemorySwapMax=0 --/,
    )
    const missing = await bench.run(exec('no-such-command-here'))
    assert.equal(missing.report.error?.code, 'TASK_NOT_STARTED')
    // Where its own environment leads to another manager it is not asked at all.
    rmSync(join(bench.dir, 'asked'))
    const other = await bench.run(exec('true'), { env: { XDG_RUNTIME_DIR: ['/elsewhere'] } })
    assert.equal(other.report.exitCode, 0)
    assert.equal(existsSync(join(bench.dir, 'asked')), false)
  },
)

const place = findPlace('/')
const onV1 = {
  skip: 'kind' in place && place.kind === 'v1' ? false : 'needs control groups v1 that may be written',
}

test('a task below its limit that is killed as its container is full, is told as such', onV1, async (t) => {
  assert.ok('kind' in place)
  const container = join(place.directory, `test-${process.pid}`)
  mkdirSync(container)
  t.after(() => rmdirSync(container))
  writeFileSync(join(container, 'memory.limit_in_bytes'), String(350 * MiB))
  const file = new URL('./limited-engine.ts', import.meta.url).pathname
  for (const groups of ['with', 'without']) {
    const words = [
      'echo 0 >"$1/cgroup.procs"; exec "$2" "$3" "$4"',
      'sh',
      container,
      process.execPath,
      file,
      groups,
    ]
    const engine = spawn('/bin/sh', ['-c', ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [printed] = await once(engine.stdout, 'data')
    await once(engine, 'exit')
    const report = JSON.parse(String(printed)) as TaskReport
    assert.equal(report.status, 'failed')
    assert.equal(report.error?.code, 'TASK_KILLED_BY_KERNEL', groups)
    assert.match(report.error?.message ?? '', /because the machine or its container was out of memory/)
    assert.equal(report.enforcement, groups === 'with' ? 'hard' : 'watchdog')
  }
})
