/** A storm whose every third task needs three times what was learned of it, under the same command. */
import { join } from 'node:path'
import { type BenchResult, measure, TemporaryFolder } from './measure.ts'
import { deployStorm, outcomeRows, writePlan } from './storm/deployments.ts'
import { storm } from './storm/workload.ts'

export const name = 'wrong-estimates'
const seeds = [1, 2, 3, 4, 5]
const tasksOf = (seed: number) =>
  storm(60, seed).map((task) => ({ ...task, peakMib: Math.min(100, task.peakMib) }))

export async function run(): Promise<BenchResult> {
  await measure([process.execPath, 'scripts/build.ts'])
  using folder = new TemporaryFolder()
  const wrong = []
  for (const seed of seeds) {
    const place = join(folder.path, String(seed))
    const tasks = tasksOf(seed)
    await deployStorm(writePlan(place, tasks))
    const greedy = tasks.map((task, index) =>
      index % 3 === 0 ? { ...task, peakMib: 3 * task.peakMib } : task,
    )
    wrong.push(await deployStorm(writePlan(place, greedy)))
  }
  return {
    title: '60 tasks inside 512 MB, every third needs three times what was learned',
    runs: seeds.length,
    rows: outcomeRows(wrong),
  }
}
