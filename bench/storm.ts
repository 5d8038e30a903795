/**
 * Random tasks whose peaks together are far more than there is, inside a control group with 512 MB, ten at once: how
 * often the kernel has to kill, what is lost, and how long it takes over the area bound, the time that no schedule can
 * beat: sum(peak x time) / (85 % of 512 MB - engine).
 */
import { join } from 'node:path'
import { installPeers } from './contest.ts'
import { type BenchResult, type BenchRow, measure, promised, TemporaryFolder, told } from './measure.ts'
import { type Deployed, deployStorm, limitBytes, outcomeRows, writePlan } from './storm/deployments.ts'
import { type Endured, endure, peers } from './storm/peers.ts'
import { areaBoundMs, type Eater, storm } from './storm/workload.ts'

export const name = 'storm'
const sizes = [60, 200]
const seeds = [1, 2, 3, 4, 5]
/** The peers lose tasks in every storm; a few show it. */
const peerSeeds = [1, 2, 3]
/** Runs before the one that counts as learned. */
const runsToLearnFrom = 2

type Ratio = Deployed & { readonly ratio: number }

async function deployed(plan: string, tasks: readonly Eater[]): Promise<Ratio> {
  const ran = await deployStorm(plan)
  return { ...ran, ratio: ran.wallMs / areaBoundMs(tasks, 0.85 * limitBytes - ran.engineBytes) }
}

function rowsOf(title: string, runs: readonly Ratio[], most: number): readonly BenchRow[] {
  const ratios = runs.map(({ ratio }) => ratio)
  return [
    promised(`${title}, over the area bound`, ratios, { unit: 'x', floor: most }),
    ...outcomeRows(runs).map((row) => ({ ...row, name: `  ${row.name}` })),
  ]
}

export async function run(): Promise<BenchResult> {
  // Without a registry the other peers are still there; what is missing is named below.
  await installPeers().catch(() => undefined)
  await measure([process.execPath, 'scripts/build.ts'])
  using folder = new TemporaryFolder()
  const rows: BenchRow[] = []
  let engineBytes = 0
  for (const size of sizes) {
    const cold: Ratio[] = []
    const learned: Ratio[] = []
    for (const seed of seeds) {
      const tasks = storm(size, seed)
      const plan = writePlan(join(folder.path, `${size}-${seed}`), tasks)
      cold.push(await deployed(plan, tasks))
      for (let again = 1; again < runsToLearnFrom; again += 1) await deployed(plan, tasks)
      learned.push(await deployed(plan, tasks))
    }
    engineBytes = Math.max(engineBytes, ...[...cold, ...learned].map((one) => one.engineBytes))
    rows.push(
      ...rowsOf(`${size} tasks, first run`, cold, 1.7),
      ...rowsOf(`${size} tasks, learned`, learned, 1.2),
    )
  }
  const absent: string[] = []
  for (const peer of peers) {
    if (!peer.isThere()) {
      absent.push(`${peer.name} is not installed here`)
      continue
    }
    const endured: (Endured & { readonly ratio: number })[] = []
    for (const seed of peerSeeds) {
      const tasks = storm(60, seed)
      const one = await endure(peer, join(folder.path, `peer-${seed}`), tasks)
      endured.push({ ...one, ratio: one.wallMs / areaBoundMs(tasks, 0.85 * limitBytes) })
    }
    const of = (pick: (one: Endured & { readonly ratio: number }) => number): readonly number[] =>
      endured.map(pick)
    rows.push(
      told(
        `60 tasks, ${peer.name}`,
        of(({ ratio }) => ratio),
        'x',
      ),
      told(
        '  kernel kills',
        of(({ kernelKills }) => kernelKills),
        'kills',
      ),
      told(
        '  tasks lost',
        of(({ lost }) => lost),
        'tasks',
      ),
    )
  }
  const notes = [
    `learned: after ${runsToLearnFrom} runs; kills and losses are the most of any run`,
    `the engine itself took ${Math.round(engineBytes / 1e6)} MB at most (anonymous memory)`,
    ...absent,
  ]
  return { title: 'storm inside 512 MB, 10 at once', runs: seeds.length, rows, notes }
}
