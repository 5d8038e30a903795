/**
 * The engine is killed with -9 at 200 moments of chance of a deployment of 40 tasks whose effects are counted, and goes
 * on: each task must have run exactly once, and nothing may be left. And how long it takes until a run of 1,000 tasks
 * goes on. `CRASH_KILLS` and `CRASH_SEED` change the number of kills and the moments.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { randomFrom } from './crash/crash-plan.ts'
import { type Counts, crashRound } from './crash/crash-round.ts'
import { resumeTimes } from './crash/resume-times.ts'
import { type BenchResult, type BenchRow, never, promised, TemporaryFolder, told } from './measure.ts'

export const name = 'crash-resume'
const kills = Number(process.env.CRASH_KILLS ?? 200)
const seed = Number(process.env.CRASH_SEED ?? 20_261_124)

export async function run(): Promise<BenchResult> {
  const all = await killMany('sqlite')
  const times = await resumeTimes()
  return {
    title: `Killed with -9 and gone on, SQLite, seed ${seed}`,
    runs: all.length,
    rows: [
      ...rowsOf(all),
      promised('resume of a run of 1,000 tasks, half of them ended: until its first task', times.inside, {
        unit: 'ms',
        floor: 500,
      }),
      told('the same with the start of the command', times.whole, 'ms'),
    ],
    notes: all.flatMap(({ problems }) => problems).slice(0, 10),
  }
}

async function killMany(label: string): Promise<readonly Counts[]> {
  using folder = new TemporaryFolder()
  const random = randomFrom(seed)
  const all: Counts[] = []
  let killed = 0
  let usualMs = 2_500
  while (killed < kills) {
    const place = join(folder.path, `${label}-${all.length}`)
    mkdirSync(place)
    const startMs = performance.now()
    const counts = await crashRound({ folder: place, random, usualMs })
    // The longest of a round is that of the last engine alone where it was killed once.
    if (counts.kills === 0) usualMs = performance.now() - startMs
    killed += counts.kills
    all.push(counts)
    if (counts.problems.length > 0) console.error(`round ${all.length}: ${counts.problems.join('; ')}`)
    if (all.length % 10 === 0) console.error(`${killed} of ${kills} kills, ${all.length} deployments`)
  }
  return all
}

function rowsOf(all: readonly Counts[]): readonly BenchRow[] {
  const sum = (pick: (counts: Counts) => number): readonly number[] => [
    all.reduce((total, counts) => total + pick(counts), 0),
  ]
  return [
    told('deployments', [all.length], ''),
    told(
      'kills',
      sum((counts) => counts.kills),
      '',
    ),
    never(
      'tasks that did not run exactly once',
      sum((counts) => counts.wrongRuns),
      '',
    ),
    never(
      'processes left',
      sum((counts) => counts.orphans),
      '',
    ),
    never(
      'locks older than their lease',
      sum((counts) => counts.staleLocks),
      '',
    ),
    never(
      'contradictions in the record',
      sum((counts) => counts.recordProblems),
      '',
    ),
    never(
      'files of attempts left',
      sum((counts) => counts.leftFiles),
      '',
    ),
    never(
      'deployments that did not succeed',
      sum((counts) => counts.unfinished),
      '',
    ),
  ]
}
