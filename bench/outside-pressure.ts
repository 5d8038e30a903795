/** Another process of the same group takes half of the memory and gives it back, again and again, during a storm. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { type BenchResult, measure, TemporaryFolder } from './measure.ts'
import type { MemoryGroup } from './memory-group.ts'
import { deployStorm, limitBytes, outcomeRows, writePlan } from './storm/deployments.ts'
import { storm, taskWords } from './storm/workload.ts'

export const name = 'outside-pressure'
const seeds = [1, 2, 3, 4, 5]
const halfMib = limitBytes / 2 ** 20 / 2
/** With the half and the engine, the largest task must still fit. */
const mostMib = 150

function takeAndGiveBack(group: MemoryGroup, folder: string): Disposable {
  const outsider = { name: 'outsider', peakMib: halfMib, rampMs: 1_000, durationMs: 3_000 }
  const [words = []] = taskWords(folder, [outsider]).values()
  const [command, ...rest] = group.wrap(['sh', '-c', 'sleep 1; while "$@"; do sleep 2; done', 'sh', ...words])
  const child = spawn(command, rest, { stdio: 'ignore', detached: true })
  return {
    [Symbol.dispose]: () => {
      // It may be gone: the kernel may have chosen it when memory ran out.
      if (child.exitCode === null && child.signalCode === null && child.pid)
        process.kill(-child.pid, 'SIGKILL')
    },
  }
}

export async function run(): Promise<BenchResult> {
  await measure([process.execPath, 'scripts/build.ts'])
  using folder = new TemporaryFolder()
  const ran = []
  for (const seed of seeds) {
    const place = join(folder.path, String(seed))
    const tasks = storm(60, seed).map((task) => ({ ...task, peakMib: Math.min(mostMib, task.peakMib) }))
    ran.push(await deployStorm(writePlan(place, tasks), (group) => takeAndGiveBack(group, place)))
  }
  return {
    title: `60 tasks inside 512 MB while another process takes ${halfMib} MiB and gives them back`,
    runs: seeds.length,
    rows: outcomeRows(ran),
  }
}
