/**
 * What is left of recorded metrics when things go wrong: the writer is killed with -9 at moments of chance while another one
 * writes and a reader reads, on SQLite and on PostgreSQL; the server is killed; the disk is full; the log is torn; a reader
 * stays for a minute. `CRASH_KILLS`, `CRASH_SEED` and `CRASH_HELD_SECONDS` change the number of kills, the moments
 * and the minute; `metrics-crash:postgres` runs one part.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { BatchError, MetricsRepository } from '../src/metrics/metrics.ts'
import { PostgresServer } from '../test/store/postgres-server.ts'
import { builtPrograms } from './built.ts'
import { randomFrom } from './crash/crash-plan.ts'
import { type BenchPart, type BenchRow, never, promised, TemporaryFolder, told } from './measure.ts'
import { chunkOf, type Stored, storedOf } from './metrics-crash/chunks.ts'
import { WorkingProcess } from './metrics-crash/kill.ts'
import { killDeleters, killServers, killWriters } from './metrics-crash/killed.ts'
import { storedRows } from './metrics-crash/rows.ts'

export const name = 'metrics-crash'
const kills = Number(process.env.CRASH_KILLS ?? 100)
const tears = 20
const random = randomFrom(Number(process.env.CRASH_SEED ?? 20_261_128))
const heldSeconds = Number(process.env.CRASH_HELD_SECONDS ?? 60)

/** The log is cut, or a piece of it overwritten, at a place of chance: what is left must be the chunks before it. */
async function torn(folder: string, program: string): Promise<readonly BenchRow[]> {
  const place = join(folder, 'torn')
  mkdirSync(place)
  const writing = new WorkingProcess(program, ['write', place, 'torn'])
  await writing.begin(0)
  const sizeOfLog = (folder: string): number => statSync(join(folder, 'plimsoll.db-wal')).size
  // Not in a moment in which it has just been emptied.
  await sleep(1_500)
  for (let tries = 0; tries < 1_000 && sizeOfLog(place) < 2 ** 16; tries += 1) await sleep(10)
  await writing.kill()
  const found: Stored[] = []
  const losses: { readonly chunks: number; readonly reported: number }[] = []
  let failures = 0
  for (let count = 0; count < tears; count += 1) {
    const copy = join(folder, `torn-${count}`)
    cpSync(place, copy, { recursive: true })
    const log = join(copy, 'plimsoll.db-wal')
    const bytes = sizeOfLog(copy)
    const at = Math.floor(random() * bytes)
    if (count % 2 === 0) truncateSync(log, at)
    else writeFileSync(log, readFileSync(log).fill(0xa5, at, Math.min(at + 512, bytes)))
    try {
      await using metrics = await MetricsRepository.open(`file:${copy}`)
      const { chunks } = await storedOf(metrics, 'torn', 0)
      // Nothing behind the first gap: what is there ends at the tear.
      found.push(await storedOf(metrics, 'torn', chunks))
      losses.push({ chunks: writing.acknowledged - chunks, reported: metrics.lostChunks })
      await metrics.recordMetricsBatch(chunkOf('torn', chunks))
    } catch (error) {
      failures += 1
      console.error(String(error))
    }
    rmSync(copy, { recursive: true })
  }
  return [
    told('torn logs', [tears], ''),
    never('  that did not open, or took nothing in', [failures], ''),
    ...storedRows('before the tear', found),
    never(
      '  samples behind the first that is lost',
      found.map(({ behindGap }) => behindGap),
      '',
    ),
    told('  most acknowledged chunks lost', [Math.max(...losses.map(({ chunks }) => chunks))], ''),
    never(
      '  lost chunks that were not reported, but for the newest two',
      losses.map(({ chunks, reported }) => Math.max(0, chunks - reported - 2)),
      '',
    ),
  ]
}

async function full(folder: string): Promise<readonly BenchRow[]> {
  const place = join(folder, 'small')
  mkdirSync(place)
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', place])
  if (status !== 0) return [told('full disk: not measured, mounting is not allowed here', [0], '')]
  try {
    const ballast = join(place, 'ballast')
    writeFileSync(ballast, Buffer.alloc(4 * 2 ** 20))
    await using metrics = await MetricsRepository.open(`file:${join(place, 'state')}`)
    let wrongCodes = 0
    function* source() {
      for (let number = 0; number < 20_000; number += 1) yield* chunkOf('full', number)
    }
    const position = await metrics.recordMetricsBatch(source()).then(
      () => Number.NaN,
      (error: unknown) => {
        if (!(error instanceof BatchError) || error.code !== 'STATE_FULL') wrongCodes += 1
        return error instanceof BatchError ? error.outcome.position : 0
      },
    )
    const chunks = Math.floor(position / 100)
    const whenFull = await storedOf(metrics, 'full', chunks)
    rmSync(ballast)
    await metrics.recordMetricsBatch(chunkOf('full', chunks))
    const after = await storedOf(metrics, 'full', chunks + 1)
    return [
      told('full disk: chunks until then', [chunks], ''),
      never('  errors other than that it is full', [wrongCodes], ''),
      ...storedRows('full', [whenFull, after]),
    ]
  } finally {
    spawnSync('umount', [place])
  }
}

async function held(folder: string, program: string): Promise<readonly BenchRow[]> {
  const place = join(folder, 'held')
  mkdirSync(place)
  const writing = new WorkingProcess(program, ['write', place, 'held'])
  await writing.begin(0)
  const reader = new DatabaseSync(join(place, 'plimsoll.db'), { readOnly: true })
  reader.exec('begin')
  const countOf = (): unknown => reader.prepare('select count(*) as n from metric_chunks').get()?.n
  const before = countOf()
  let changes = 0
  let mostBytes = 0
  for (let second = 0; second < heldSeconds; second += 1) {
    await sleep(1_000)
    if (countOf() !== before) changes += 1
    mostBytes = Math.max(mostBytes, statSync(join(place, 'plimsoll.db-wal')).size)
  }
  reader.exec('commit')
  reader.close()
  await sleep(3_000)
  const afterBytes = statSync(join(place, 'plimsoll.db-wal')).size
  await writing.kill()
  await using metrics = await MetricsRepository.open(`file:${place}`)
  return [
    told(`a reader held for ${heldSeconds} s: chunks meanwhile`, [writing.acknowledged], ''),
    never('  changes of what it saw', [changes], ''),
    ...storedRows('held', [await storedOf(metrics, 'held', writing.acknowledged)]),
    told('  most of the log while it was held', [mostBytes / 2 ** 20], 'MiB'),
    promised('  the log after it had gone', [afterBytes / 2 ** 20], { unit: 'MiB', floor: 16.1 }),
  ]
}

async function onSqlite(folder: string, program: string): Promise<readonly BenchRow[]> {
  const place = (name: string): string => {
    mkdirSync(join(folder, name))
    return `file:${join(folder, name)}`
  }
  const killing = { kills, random, program }
  return [
    ...(await killWriters('SQLite', place('writers'), killing)),
    ...(await killDeleters('SQLite', place('deleters'), killing)),
  ]
}

async function onPostgres(_: string, program: string): Promise<readonly BenchRow[]> {
  await using server = await PostgresServer.start()
  const killing = { kills, random, program }
  return [
    ...(await killWriters('PostgreSQL', await server.database('writers'), killing)),
    ...(await killDeleters('PostgreSQL', await server.database('deleters'), killing)),
    ...(await killServers(server, await server.database('servers'), killing)),
  ]
}

const part = (
  name: string,
  title: string,
  rows: (folder: string, program: string) => Promise<readonly BenchRow[]>,
): BenchPart => ({
  name,
  run: async () => {
    using folder = new TemporaryFolder()
    const program = await builtPrograms('metrics-crash', ['chunks', 'kept', 'program'], folder.path)
    return {
      title: `Metrics when things go wrong: ${title}`,
      runs: 1,
      rows: await rows(folder.path, program),
      notes: ['chunks of 100 samples, each acknowledged when it is on disk'],
    }
  },
})

export const parts: readonly BenchPart[] = [
  part('sqlite', 'killed on SQLite', onSqlite),
  part('postgres', 'killed on PostgreSQL', onPostgres),
  part('disk', 'torn logs, a full disk, a reader that stays', async (folder, program) => [
    ...(await torn(folder, program)),
    ...(await full(folder)),
    ...(await held(folder, program)),
  ]),
]
