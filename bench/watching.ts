/**
 * What it costs to know the memory of ten running tasks at every moment: the processor time of a process that watches
 * ten process trees, each looked at every 50 ms, over ten seconds.
 */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../src/clock.ts'
import { TreeWatcher } from '../src/memory/memory.ts'
import { type BenchResult, measure, promised, told } from './measure.ts'

export const name = 'watching'
const runs = 3
const trees = 10
const intervalMs = 50
const watchedMs = 10_000

type Cost = { readonly corePercent: number; readonly processes: number; readonly samples: number }

/** A shell with three children, as a task that runs a few things at once. */
const tree = 'sleep 60 & sleep 60 & sleep 60 & wait'

/** One run of it in this process. */
async function watchTrees(): Promise<Cost> {
  const roots = Array.from({ length: trees }, () =>
    spawn('sh', ['-c', tree], { stdio: 'ignore', detached: true }),
  )
  try {
    await using watcher = new TreeWatcher({ clock: systemClock, intervalMs })
    let samples = 0
    const watches = roots.map(({ pid = 0 }, index) =>
      watcher.watch(pid, `bench-${index}`, () => (samples += 1)),
    )
    // What happens once (the code is compiled, every process is seen for the first time) is not what watching costs.
    await systemClock.sleep(1_000)
    const from = { samples, ms: performance.now(), cpu: process.cpuUsage() }
    await systemClock.sleep(watchedMs)
    const { user, system } = process.cpuUsage(from.cpu)
    const corePercent = (user + system) / 10 / (performance.now() - from.ms)
    const processes = watches.reduce((sum, watch) => sum + watch.members().size, 0)
    if (processes < 4 * trees) throw new Error(`only ${processes} of ${4 * trees} processes were seen`)
    return { corePercent, processes, samples: (samples - from.samples) / trees }
  } finally {
    for (const { pid } of roots) if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  }
}

export async function run(): Promise<BenchResult> {
  const costs: Cost[] = []
  for (let round = 0; round < runs; round += 1) {
    const { stdout } = await measure([process.execPath, fileURLToPath(import.meta.url)])
    costs.push(JSON.parse(stdout))
  }
  const all = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).length
  return {
    title: `Watching ${trees} process trees, each looked at every ${intervalMs} ms`,
    runs,
    rows: [
      promised(
        'processor time, of one core',
        costs.map(({ corePercent }) => corePercent),
        { unit: '%', floor: 2 },
      ),
      told(
        '  looks at each tree',
        costs.map(({ samples }) => samples),
        `in ${watchedMs / 1_000} s`,
      ),
    ],
    notes: [
      `${costs[0]?.processes} processes in the trees, without control groups; ${all} on the machine, listed at every look`,
    ],
  }
}

if (import.meta.main) console.log(JSON.stringify(await watchTrees()))
