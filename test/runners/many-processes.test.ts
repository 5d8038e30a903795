import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { TaskGroups } from '../../src/memory/memory.ts'
import { hasEnded, readProcessStat } from '../../src/memory/process-stat.ts'
import { until } from '../pool/pools.ts'
import { type Bench, exec, openBench, shell } from './run-task.ts'

const MiB = 2 ** 20
const onLinux = { skip: process.platform === 'linux' ? false : 'needs /proc' }
/** No control group is found below a directory that does not exist. */
const makeGroups = (): TaskGroups => new TaskGroups({ clock: systemClock, root: '/nonexistent' })

function runs(pid: number): boolean {
  const stat = readProcessStat('/', pid)
  return stat !== undefined && !hasEnded(stat)
}

/** Seven generations, each process starts two of the next and ends: 254 processes, of which 128 sleep without a parent. */
const doubling = 'd() { [ "$1" -eq 0 ] && exec sleep 1000; d $(($1-1)) & d $(($1-1)) & }; d 7'

function sleeps(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n'
  } catch {
    return false
  }
}

/** What carries the token of the attempt: in the end the shell that waits for all, and what sleeps. */
function treeOf({ events, finder }: Bench): { readonly pids: number; readonly sleeping: number } {
  const opened = events.find(({ type }) => type === 'attempt-opened')
  const pids = opened?.type === 'attempt-opened' ? finder.findByToken(opened.token) : []
  return { pids: pids.length, sleeping: pids.filter(sleeps).length }
}

test(
  'of a tree that doubles two hundred processes are measured, and none of them is left',
  onLinux,
  async () => {
    await using bench = await openBench({}, { makeGroups })
    const seenBytes: number[] = []
    const observe = (bytes: number): void => void seenBytes.push(bytes)
    const running = bench.run(shell(`mkfifo go; ${doubling}; read -r _ <go`), {}, { observe })
    const look = () => ({ ...treeOf(bench), bytes: seenBytes.at(-1) ?? 0, samples: seenBytes.length })
    const isWhole = ({ pids, sleeping, bytes }: ReturnType<typeof look>): boolean =>
      pids <= 130 && sleeping === 128 && bytes > 128 * 0.5 * MiB
    await until(
      () => isWhole(look()),
      () => JSON.stringify(look()),
    )
    writeFileSync(join(bench.dir, 'go'), 'go\n')
    const { report } = await running
    assert.equal(report.status, 'succeeded')
    assert.equal(report.enforcement, 'watchdog')
    const { upper } = report.peakMemoryBytes
    assert.ok(upper !== null && upper > 128 * 0.5 * MiB, `${upper}`)
    const ended = bench.events.find(({ type }) => type === 'attempt-ended')
    assert.ok(ended?.type === 'attempt-ended')
    assert.equal(ended.result.leftovers.length, 128)
    assert.deepEqual(ended.result.leftovers.filter(runs), [])
  },
)

test(
  'a tree of two hundred small processes goes over the limit together, and is stopped together',
  onLinux,
  async () => {
    await using bench = await openBench({}, { makeGroups })
    const script = 'for i in $(seq 200); do setsid sleep 1000 & done; wait'
    const { report } = await bench.run(exec('sh', '-c', script), { limitBytes: 60 * MiB })
    assert.equal(report.error?.code, 'TASK_MEMORY_EXCEEDED')
    assert.ok(report.peakMemoryBytes.lower > 60 * MiB)
    const opened = bench.events.find(({ type }) => type === 'attempt-opened')
    assert.ok(opened?.type === 'attempt-opened')
    assert.deepEqual(bench.finder.findByToken(opened.token), [])
  },
)
