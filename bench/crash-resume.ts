/**
 * The engine is killed with -9 at 200 moments of chance of a deployment of 40 tasks whose effects are counted, and goes
 * on: each task must have run exactly once, and nothing may be left. The same with the record on a PostgreSQL server, and
 * once more with that server killed at the same moments. And how long it takes until a run of 1,000 tasks goes on.
 * `CRASH_KILLS`, `CRASH_SEED` and `CRASH_LANES` change the number of kills, for each of the three, their moments, and how
 * many deployments are made at once.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { PostgresServer } from '../test/store/postgres-server.ts'
import { randomFrom } from './crash/crash-plan.ts'
import { type Counts, crashRound, type RoundOptions } from './crash/crash-round.ts'
import { resumeTimes } from './crash/resume-times.ts'
import { type BenchResult, type BenchRow, never, promised, TemporaryFolder, told } from './measure.ts'

export const name = 'crash-resume'
const kills = Number(process.env.CRASH_KILLS ?? 200)
const seed = Number(process.env.CRASH_SEED ?? 20_261_124)

/** Deployments at once: most of each is waiting, for processes that start and for its tasks. */
const lanes = Number(process.env.CRASH_LANES ?? 4)

type Where = Pick<RoundOptions, 'onKill'> & { readonly database?: (round: string) => Promise<string> }

export async function run(): Promise<BenchResult> {
  using cache = new TemporaryFolder()
  const onFile = await killMany('SQLite', cache.path, () => ({}))
  await using servers = new AsyncDisposableStack()
  // A server that is killed takes along every deployment that is on it: one for each lane.
  const all: PostgresServer[] = []
  while (all.length < lanes) all.push(servers.use(await PostgresServer.start()))
  const databaseOn = (server: PostgresServer | undefined) => async (round: string) => {
    if (server === undefined) throw new Error('there are fewer servers than lanes')
    return await server.database(round)
  }
  const onServer = await killMany('PostgreSQL', cache.path, () => ({ database: databaseOn(all[0]) }))
  const withServer = await killMany('both killed', cache.path, (lane) => ({
    database: databaseOn(all[lane]),
    onKill: async () => {
      await all[lane]?.kill()
      await all[lane]?.restart()
    },
  }))
  const times = await resumeTimes()
  const counts = [...onFile, ...onServer, ...withServer]
  return {
    title: `Killed with -9 and gone on, seed ${seed}, ${lanes} deployments at once`,
    runs: counts.length,
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
    notes: counts.flatMap(({ problems }) => problems).slice(0, 10),
  }
}

/** Each lane makes one deployment after the other, with chance of its own. */
async function killMany(
  label: string,
  compileCache: string,
  whereOf: (lane: number) => Where,
): Promise<readonly Counts[]> {
  using folder = new TemporaryFolder()
  const startMs = performance.now()
  const all: Counts[] = []
  let killed = 0
  let usualMs = 2_500
  const work = async (lane: number): Promise<void> => {
    const random = randomFrom(seed + lane)
    const { database, onKill } = whereOf(lane)
    for (let number = 0; killed < kills; number += 1) {
      const round = `${label} ${lane}-${number}`
      const place = join(folder.path, round)
      mkdirSync(place)
      const url = await database?.(round)
      const counts = await crashRound({
        ...{ folder: place, random, usualMs, compileCache },
        ...(url !== undefined && { database: url }),
        ...(onKill && { onKill }),
      })
      // Half of what is new, so that one slow deployment does not carry all kills into the time after the next ones.
      if (counts.undisturbedMs !== null) usualMs = (usualMs + counts.undisturbedMs) / 2
      killed += counts.kills
      all.push(counts)
      if (counts.problems.length > 0) console.error(`${round}: ${counts.problems.join('; ')}`)
      else rmSync(place, { recursive: true, force: true })
      if (all.length % 20 === 0) tell()
    }
  }
  const tell = (): void => {
    const seconds = Math.round((performance.now() - startMs) / 1_000)
    console.error(`${label}: ${killed} of ${kills} kills, ${all.length} deployments, ${seconds} s`)
  }
  await Promise.all(Array.from({ length: lanes }, (_, lane) => work(lane)))
  tell()
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
