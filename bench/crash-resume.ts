/**
 * The engine is killed with -9 at 200 moments of chance of a deployment of 40 tasks whose effects are counted, and goes
 * on: each task must have run exactly once, and nothing may be left. The same with the record on a PostgreSQL server, and
 * once more with that server killed at the same moments. And how long it takes until a run of 1,000 tasks goes on.
 * `CRASH_KILLS` and `CRASH_SEED` change the number of kills, for each of the three, and the moments.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PostgresServer } from '../test/store/postgres-server.ts'
import { randomFrom } from './crash/crash-plan.ts'
import { type Counts, crashRound, type RoundOptions } from './crash/crash-round.ts'
import { resumeTimes } from './crash/resume-times.ts'
import { type BenchResult, type BenchRow, never, promised, TemporaryFolder, told } from './measure.ts'

export const name = 'crash-resume'
const kills = Number(process.env.CRASH_KILLS ?? 200)
const seed = Number(process.env.CRASH_SEED ?? 20_261_124)

type Where = Pick<RoundOptions, 'onKill'> & { readonly database?: (round: string) => Promise<string> }

export async function run(): Promise<BenchResult> {
  const onFile = await killMany('SQLite', {})
  await using server = await PostgresServer.start()
  const database = (round: string): Promise<string> => server.database(round)
  const onServer = await killMany('PostgreSQL', { database })
  const onKill = async (): Promise<void> => {
    await server.kill()
    await server.restart()
  }
  const withServer = await killMany('both killed', { database, onKill })
  const times = await resumeTimes()
  const all = [...onFile, ...onServer, ...withServer]
  return {
    title: `Killed with -9 and gone on, seed ${seed}`,
    runs: all.length,
    rows: [
      ...rowsOf('SQLite', onFile),
      ...rowsOf('PostgreSQL', onServer),
      ...rowsOf('PostgreSQL, the server killed as well', withServer),
      promised('resume of a run of 1,000 tasks, half of them ended: until its first task', times.inside, {
        unit: 'ms',
        floor: 500,
      }),
      told('the same with the start of the command', times.whole, 'ms'),
    ],
    notes: all.flatMap(({ problems }) => problems).slice(0, 10),
  }
}

async function killMany(label: string, { database, onKill }: Where): Promise<readonly Counts[]> {
  using folder = new TemporaryFolder()
  const random = randomFrom(seed)
  const all: Counts[] = []
  let killed = 0
  let usualMs = 2_500
  while (killed < kills) {
    const round = `${label} ${all.length}`
    const place = join(folder.path, round)
    mkdirSync(place)
    const url = await database?.(round)
    const startMs = performance.now()
    const counts = await crashRound({
      ...{ folder: place, random, usualMs },
      ...(url !== undefined && { database: url }),
      ...(onKill && { onKill }),
    })
    // The longest of a round is that of the last engine alone where it was killed once.
    if (counts.kills === 0) usualMs = performance.now() - startMs
    killed += counts.kills
    all.push(counts)
    if (counts.problems.length > 0) console.error(`${round}: ${counts.problems.join('; ')}`)
    if (all.length % 10 === 0)
      console.error(`${label}: ${killed} of ${kills} kills, ${all.length} deployments`)
  }
  return all
}

function rowsOf(label: string, all: readonly Counts[]): readonly BenchRow[] {
  const sum = (pick: (counts: Counts) => number): readonly number[] => [
    all.reduce((total, counts) => total + pick(counts), 0),
  ]
  const none: readonly (readonly [what: string, pick: (counts: Counts) => number])[] = [
    ['tasks that did not run exactly once', ({ wrongRuns }) => wrongRuns],
    ['processes left', ({ orphans }) => orphans],
    ['locks that are still held', ({ heldLocks }) => heldLocks],
    ['contradictions in the record', ({ recordProblems }) => recordProblems],
    ['files of attempts left', ({ leftFiles }) => leftFiles],
    ['deployments that did not succeed', ({ unfinished }) => unfinished],
  ]
  return [
    told(`${label}: deployments`, [all.length], ''),
    told(
      '  kills',
      sum(({ kills: count }) => count),
      '',
    ),
    ...none.map(([what, pick]) => never(`  ${what}`, sum(pick), '')),
  ]
}
