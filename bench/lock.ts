/**
 * Locks of real processes on real stores: how soon that of an owner that is gone has another owner, whether two ever
 * hold one at once while processes are stopped and killed, and what a lock costs.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openStore, type StorePlace } from '../src/store/store.ts'
import { PostgresServer } from '../test/store/postgres-server.ts'
import { Contenders } from './lock/contenders.ts'
import { costsOf } from './lock/costs.ts'
import { crowd, crowdSize } from './lock/crowd.ts'
import {
  afterKillElsewhere,
  afterKillHere,
  afterStop,
  whileWaitingElsewhere,
  whileWaitingHere,
} from './lock/takeovers.ts'
import { whatWasSeen } from './lock/witness.ts'
import {
  atLeast,
  type BenchResult,
  type BenchRow,
  never,
  promised,
  TemporaryFolder,
  told,
} from './measure.ts'

export const name = 'lock'
const rounds = 3
const costRounds = 200
/** Of an owner that was killed on this machine. */
const hereFloorMs = 1_000
/** Of one of which nobody here knows whether it lives: one lease. */
const expiryFloorSeconds = 15

type Measured = { readonly rows: readonly BenchRow[]; readonly problems: readonly string[] }

export async function run(): Promise<BenchResult> {
  using folder = new TemporaryFolder()
  const sqlite = await measureStore('SQLite', { stateDir: join(folder.path, 'sqlite') })
  await using server = await PostgresServer.start()
  const database = await server.database('locks')
  const postgres = await measureStore('PostgreSQL', { stateDir: join(folder.path, 'postgres'), database })
  return {
    title: 'Locks',
    runs: rounds,
    rows: [...sqlite.rows, ...postgres.rows],
    notes: [
      `costs are medians of ${costRounds}`,
      'stopped owners are continued when another one has the lock, and try to write then',
      ...sqlite.problems,
      ...postgres.problems,
    ],
  }
}

async function measureStore(
  label: string,
  place: Pick<StorePlace, 'stateDir' | 'database'>,
): Promise<Measured> {
  mkdirSync(place.stateDir, { recursive: true })
  const witness = join(place.stateDir, 'witness')
  await using store = await openStore(place)
  using contenders = new Contenders({ place, witness })
  const parts = { store, contenders, witness }
  const costs = await costsOf(store, costRounds)
  const killed = await afterKillHere(rounds, parts)
  const awaited = await whileWaitingHere(rounds, parts)
  const [elsewhere, awaitedElsewhere, stopped, { kills, stops }] = await Promise.all([
    afterKillElsewhere(rounds, parts),
    whileWaitingElsewhere(rounds, parts),
    afterStop(rounds, parts),
    crowd(contenders),
  ])
  const seen = await whatWasSeen(witness, store)
  const here = { unit: 'ms', floor: hereFloorMs }
  const expiry = { unit: 's', floor: expiryFloorSeconds }
  const refused = contenders.said.get('LOCK_LOST') ?? 0
  const rows = [
    told('take a lock that is free', costs.takeMs, 'ms'),
    told('renew it', costs.renewMs, 'ms'),
    told('give it back', costs.giveBackMs, 'ms'),
    promised('owner killed on this machine: until the next one has it', killed, here),
    promised('owner killed on this machine: until one that waits has it', awaited, here),
    promised(
      'owner of another machine killed: longest until the next one has it',
      longest(elsewhere),
      expiry,
    ),
    promised(
      'owner of another machine killed: longest until one that waits has it',
      longest(awaitedElsewhere),
      expiry,
    ),
    promised('owner stopped: longest until the next one has it', longest(stopped), expiry),
    atLeast(`takings by ${crowdSize} processes in 20 s`, [seen.takings], { unit: '', least: 50 }),
    told('processes killed meanwhile', [kills], ''),
    told('processes stopped meanwhile, for up to 1 s', [stops], ''),
    told('sightings of a holder', [seen.sightings], ''),
    never('sightings of a second holder', [seen.doubleHolders], ''),
    never('numbers given out twice', [seen.sharedFences], ''),
    atLeast('writes of former owners that were refused', [refused], { unit: '', least: 1 }),
    never('writes of former owners that were recorded', [seen.lateWrites], ''),
    never('processes that failed', [contenders.failures.length], ''),
  ]
  return {
    rows: rows.map((row) => ({ ...row, name: `${label}: ${row.name}` })),
    problems: contenders.failures,
  }
}

const longest = (values: readonly number[]): readonly number[] => [Math.max(...values) / 1_000]
